"""An instance where owners are asked: what an operator gives waits for whom it belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Structure
from davserver.gate.sharing.offer_views import OfferView
from davserver.gate.sharing.offers import Offers, Wish
from davserver.trail import What
from tests.support.affiliating import House
from tests.support.drive import Drive
from tests.support.instance import Instance
from tests.support.safekeeping import ALLOWANCE, safekeeping

BAIL = "/Logement/bail.txt"


class Asking(House):
    """What the operator `tests` offers, and what amina answers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.amina, self.karim = self.drives["amina"], self.drives["karim"]
        self.amina.put(BAIL, b"lease")

    @property
    def now(self) -> datetime:
        return self.world.clock()

    def wish(self, path: str, to: Drive | Structure | None = None, **more: Any) -> Wish:
        side = to or self.karim
        grantee: Grantee = (
            ToStructure(side.id) if isinstance(side, Structure) else ToPerson(side.person.id)
        )
        rest = {"right": Right.READ, "starts": None, "until": None, "purpose": ""} | more
        return Wish(grantee, DrivePath.parse(path), **rest)

    def offer(
        self, path: str = BAIL, to: Drive | Structure | None = None, **more: Any
    ) -> OfferView:
        """By the operator, in amina's name."""
        who = self.world.for_(self.amina)
        made = self.world.offers.share(who, self.wish(path, to, **more), self.now)
        assert isinstance(made, OfferView)
        return made

    def give(self, path: str = BAIL, to: Drive | Structure | None = None, **more: Any) -> GrantView:
        """By amina herself."""
        made = self.world.offers.share(self.who("amina"), self.wish(path, to, **more), self.now)
        assert isinstance(made, GrantView)
        return made

    def renew(self, grant: GrantView, until: datetime | None) -> GrantView | OfferView:
        """By the operator, on nobody's behalf, as `abri grant renew` does."""
        return self.world.offers.renew(self.world.operator, grant.id, until, self.now)

    def waiting(self, by: str = "amina") -> list[OfferView]:
        return self.world.offers.waiting(self.who(by), self.now)

    def accept(self, offer: OfferView, by: str | Principal = "amina") -> GrantView:
        who = self.who(by) if isinstance(by, str) else by
        return self.world.offers.accept(who, offer.id, offer.shown, self.now)

    def end(self, offer: OfferView, by: str | Principal = "amina") -> OfferView:
        who = self.who(by) if isinstance(by, str) else by
        return self.world.offers.end(who, offer.id, self.now)

    def listed(self) -> list[OfferView]:
        return self.world.offers.list(self.world.operator, self.now)

    def direct(self) -> Offers:
        """As after a restart with `operator.grants: direct`."""
        return asking_first(self.world.offers, asks=False)

    def told(self, what: What) -> list[tuple[bool, dict[str, str]]]:
        """Whether an operator did it, and the details, of each such entry of amina's trail."""
        shown = self.world.tools.trail.entries
        logins, vault = self.world.registered.logins, self.world.vault_of(self.amina)
        with self.world.db.read() as tx:
            found = shown(tx, vault, limit=100, names=lambda ids: logins(tx, ids))
        return [
            (bool(one.details.pop("operator", "")), one.details)
            for one in found
            if one.what == what
        ]


def asking_first(offers: Offers, *, asks: bool = True) -> Offers:
    """The same as after a restart with another `operator.grants`."""
    tools = offers._tools
    limits = replace(tools.limits, grants_need_owner=asks)
    return Offers(replace(tools, limits=limits), ALLOWANCE)


def offered_on(
    instance: Instance,
    path: str,
    owner: str = "amina",
    to: str = "karim",
    *,
    by: str = "tests",
    **more: Any,
) -> OfferView:
    """By an operator of a running instance, as if owners were asked there."""
    given = {"right": Right.READ, "starts": None, "until": None, "purpose": ""} | more
    with instance.opened() as services:
        now = services.clock()
        wish = Wish(services.sharing.grantee(to), DrivePath.parse(path), **given)
        who = services.people.operator_for(owner, by, now)
        made = asking_first(services.offers).share(who, wish, now)
    assert isinstance(made, OfferView)
    return made


@contextmanager
def asking(url: str, folder: Path) -> Iterator[Asking]:
    with safekeeping(url, folder, grants_need_owner=True) as world:
        yield Asking(world)
