"""Sharing: who gives what to whom, until when, and takes it back."""

from dataclasses import dataclass
from datetime import datetime

from authn.facts import Genuine, facts_of_person
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Role
from davserver.gate.acting import change, look
from davserver.gate.denied import refusals_recorded
from davserver.gate.shares import STRUCTURE
from davserver.gate.sharing.codes import named_by
from davserver.gate.sharing.giving import give
from davserver.gate.sharing.ledger import MOST_PURPOSE_CHARACTERS, Wish, ledger_of
from davserver.gate.sharing.renewing import renew
from davserver.gate.sharing.resharing import share_on
from davserver.gate.sharing.shared_items import Sharer, shared_items
from davserver.gate.sharing.taking_back import Which, end_many, end_one
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools

__all__ = ["MOST_PURPOSE_CHARACTERS", "Called", "Sharing"]


@dataclass(frozen=True, slots=True)
class Called:
    """How people call somebody, and where they work now; of a structure the name alone."""

    name: str
    works_at: tuple[str, ...] = ()


class Sharing:
    """What is given here is judged again at every request that uses it (DESIGN §2.1)."""

    def __init__(self, tools: Tools, allowance: int) -> None:
        """`allowance`: how many bytes the other side may add through one grant (DESIGN §4)."""
        self._tools = tools
        self._ledger = ledger_of(tools, allowance)
        self._registered, self._shares = self._ledger.registered, self._ledger.shares
        self._genuine = Genuine(tools.keys)

    def grantee(self, text: str) -> Grantee:
        """`structure:SLUG`, a professional's login, or a code that somebody shows. Raises NotFound,
        the same for an unknown login, for somebody who is no professional, and for any code that
        names nobody now.
        """
        with self._tools.db.read() as tx:
            if text.startswith(STRUCTURE):
                slug = text.removeprefix(STRUCTURE)
                return ToStructure(self._registered.find_structure(tx, slug).id)
            try:
                person = self._registered.find_person(tx, text)
            except NotFound:
                person = None
            by_code = named_by(tx, self._tools, self._genuine, text, self._tools.clock())
        if person is not None and person.role is Role.PROFESSIONAL:
            return ToPerson(person.id)
        if by_code is None:
            raise NotFound(f"there is no professional with the login “{text[:64]}”")
        return by_code

    def called(self, grantee: Grantee, now: datetime) -> Called:
        """Whom somebody is about to share with. Raises NotFound."""
        with self._tools.db.read() as tx:
            if isinstance(grantee, ToStructure):
                structure = self._registered.structures(tx, {grantee.id}).get(grantee.id)
                found = Called(structure.name) if structure else None
            else:
                facts = facts_of_person(tx, self._genuine, grantee.id, None, now)
                places = tuple(dict.fromkeys(one.structure.name for one in facts.memberships))
                found = Called(facts.person.name, places) if facts.person else None
        if found is None:
            raise NotFound("nobody is there any more")
        return found

    def add(  # noqa: PLR0913 — what a grant is
        self,
        who: Principal,
        *,
        to: Grantee,
        path: DrivePath,
        right: Right,
        until: datetime | None,
        now: datetime,
        purpose: str = "",
        starts: datetime | None = None,
    ) -> GrantView:
        """Shares what lies at `path` on the drive of `who`, from `starts` (now if None; included)
        to `until` (excluded), UTC. Somebody who does not own it shares on what they were given.

        Raises NotFound (path or grantee), AlreadyThere when they have it then, BadInput for
        moments that are past and for deposits into a file, Refused: for a whole drive, for what
        the policy does not let them share, for a category that the policy shows to no team, and
        for an operator where the owner is to be asked (`Offers.share`).
        """
        del now  # judged and made in one transaction, by its own clock
        wish = Wish(to, path, right, starts, until, purpose.strip())
        return change(self._tools, who, lambda sight: self._add(sight, wish))

    def renew(
        self, who: Principal, grant: GrantId, until: datetime | None, now: datetime
    ) -> GrantView:
        """Moves the end of a grant that is not over; None: nothing ends it.

        Raises NotFound as `end`, BadInput for what is over, Refused; also for an operator where the
        owner is to be asked, if it would last longer (`Offers.renew`).
        """
        del now
        with refusals_recorded(self._tools):
            return self._tools.db.write(lambda tx: renew(self._ledger, tx, who, grant, until))

    def end(self, who: Principal, grant: GrantId, now: datetime) -> GrantView:
        """Ends it at once: the next request is refused, running transfers stop, locks are gone.
        What was shared on from it ends too.

        Nothing happens, and nothing is recorded, when it was ended before. Raises NotFound for a
        grant in another's vault, unless somebody at the machine asks.
        """
        del now
        return self._tools.db.write(lambda tx: end_one(self._ledger, tx, who, grant))

    def end_all(
        self,
        who: Principal,
        now: datetime,
        *,
        purpose: str | None = None,
        to: Grantee | None = None,
    ) -> list[GrantView]:
        """As `end`, for all that `who` gave under this purpose, or to this side, in one
        transaction; what others shared on counts as given by the vault's owner. Gives what ended.
        """
        del now
        which = Which(purpose, to)
        return self._tools.db.write(lambda tx: end_many(self._ledger, tx, who, which))

    def received(self, who: Principal, now: datetime) -> list[Sharer]:
        """What others share with `who` and the rules show to them, by beneficiary: the folders of
        their drive's root. Raises Refused where the whole drive is.
        """
        return look(self._tools, who, now, shared_items)

    def list(self, who: Principal, now: datetime) -> list[GrantView]:
        """All that was ever given of what `who` owns, oldest first; of everybody's for somebody at
        the machine.
        """
        grants = self._tools.grants
        with self._tools.db.read() as tx:
            fresh = self._tools.login.refreshed(tx, who, now)
            if fresh.vault is not None:
                rows = grants.of_vault(tx, fresh.vault, ended=True)
            elif fresh.operator is not None:
                rows = grants.of_everybody(tx)
            else:
                rows = []
            return self._shares.views(tx, rows, fresh.epoch.keys, now)

    def _add(self, sight: Sight, wish: Wish) -> GrantView:
        place = sight.place(wish.path)
        if not place.exists or place.vault is None:
            raise NotFound(f"nothing is at {wish.path}")
        work = give if place.owned else share_on
        return work(self._ledger, sight, place, wish)
