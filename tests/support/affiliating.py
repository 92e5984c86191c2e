"""People around one affiliation, for its tests: who asks, who answers, who is told."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from authn.credentials import Password, password_bytes
from davserver.domain.ids import RequestId
from davserver.domain.people import Principal
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.affiliations.views import AffiliationViewState, RequestView
from davserver.gate.people.notices import NoticeKind
from tests.support.accounts import HOME
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping

DAY = timedelta(days=1)
PASSWORD = "cinq chevaux sous la pluie"


@dataclass
class House:
    """amina has a vault; karim, paul and their manager mireille work for ccas, zoe elsewhere."""

    world: Safekeeping
    drives: dict[str, Drive] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        self.ccas, self.other = world.structure("ccas"), world.structure("other")
        self.drives = {
            "amina": world.beneficiary("amina", "fr"),
            "bilal": world.beneficiary("bilal", "fr"),
            "karim": world.professional("karim", self.ccas),
            "paul": world.professional("paul", self.ccas),
            "zoe": world.professional("zoe", self.other),
            "mireille": world.manager("mireille", self.ccas),
        }
        self.use = world.affiliations
        self._signed_in: dict[str, Any] = {}

    def who(self, login: str) -> Principal:
        """Signed in with their password."""
        world = self.world
        if login not in self._signed_in:
            world.people.set_password(world.operator, login, PASSWORD, world.clock())
            credential = Password(login, password_bytes(PASSWORD))
            self._signed_in[login] = world.accounts.login.sign_in(credential, HOME, world.clock())
        return self._signed_in[login]

    def ask(self, login: str = "amina", by: str = "karim", **more: Any) -> RequestView:
        wish = Wish(more.pop("slug", "ccas"), login, more.pop("until", None))
        return self.use.request(self.who(by), wish, self.world.clock())

    def code(self, request: RequestView) -> str:
        """As it was sent to the beneficiary."""
        told = (one.says for one in self.world.notices() if "code" in one.says)
        return next(one["code"] for one in told if one["request"] == request.id.hex())

    def kinds(self, login: str) -> list[NoticeKind]:
        return [one.kind for one in self.world.notices(self.drives[login])]

    def confirm(self, request: RequestView, by: str = "amina") -> Any:
        return self.use.confirm(self.who(by), request.id, self.world.clock())

    def with_code(self, request: RequestId, code: str, by: str = "karim") -> Any:
        return self.use.confirm_with_code(self.who(by), request, code, self.world.clock())

    def refuse(self, request: RequestView, by: str = "amina") -> None:
        self.use.refuse(self.who(by), request.id, self.world.clock())

    def leave(self, by: str = "amina", slug: str = "ccas") -> Any:
        return self.use.leave(self.who(by), slug, self.world.clock())

    def release(self, by: str = "mireille", login: str = "amina", slug: str = "ccas") -> Any:
        return self.use.release(self.who(by), slug, login, self.world.clock())

    def seen(self, login: str) -> tuple[list[Any], list[Any]]:
        return self.use.list(self.who(login), self.world.clock())

    def state(self, login: str = "amina") -> list[AffiliationViewState]:
        return [one.state for one in self.seen(login)[0]]

    def trail(self, login: str = "amina") -> list[str]:
        vault = self.world.vault_of(self.drives[login])
        with self.world.db.read() as tx:
            logins = self.world.registered.logins
            entries = self.world.tools.trail.entries(
                tx, vault, limit=100, names=lambda ids: logins(tx, ids)
            )
        return [one.what for one in entries]
