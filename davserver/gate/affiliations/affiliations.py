"""Who is accompanied by which structure: asked for, agreed to, refused, ended, listed."""

from dataclasses import dataclass
from datetime import datetime

from authn.register import Register
from authn.registered import Registered
from authn.texts import quoted
from davserver.domain.actions import Action
from davserver.domain.affiliations import Affiliation, AffiliationState, Ending
from davserver.domain.errors import NotFound
from davserver.domain.ids import ID_BYTES, RequestId, StructureId, VaultId
from davserver.domain.people import Principal
from davserver.gate.affiliations import requesting
from davserver.gate.affiliations.affiliating import Finished, finish, left_side, slug_of
from davserver.gate.affiliations.views import AffiliationView, RequestView, Seen, seen_by, shown
from davserver.gate.people.desk import Desk, Front, workplace
from davserver.gate.people.memberships import STAFF
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.tools import Tools
from davserver.vault import affiliations

WRONG_CODE = "this code opens no request: check it, or ask the person to confirm themselves"

_NO_VAULT = VaultId(bytes(ID_BYTES))


@dataclass(frozen=True, slots=True)
class Wish:
    """A professional's: their structure `slug` shall accompany whoever has the login `typed`,
    until then (excluded, UTC) if an end is named.
    """

    slug: str
    typed: str
    until: datetime | None = None


class Affiliations:
    """`who` is the person who asks or answers, or somebody at the machine on their behalf.

    All raise Refused once that is recorded, NotFound for what `who` may not know of.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        registered = Registered(tools.keys)
        self._front = Front(tools, registered, Register(tools.keys, tools.entropy))

    def request(self, who: Principal, wish: Wish, now: datetime) -> RequestView:
        """The answer is the same whether anybody has that login. A code goes to the beneficiary,
        if there is one; it is never shown to whoever asks. Raises AlreadyThere, BadInput.
        """

        def work(desk: Desk) -> RequestView:
            made = requesting.ask(desk, wish.slug, wish.typed, wish.until)
            return shown(desk, made)

        return self._front.change(who, now, work)

    def confirm(self, who: Principal, request: RequestId, now: datetime) -> Affiliation:
        """By the beneficiary whom it was for."""
        return self._front.change(who, now, lambda desk: requesting.confirm(desk, request))

    def confirm_with_code(
        self, who: Principal, request: RequestId, code: str, now: datetime
    ) -> Affiliation:
        """By a professional of the structure, with the code that the beneficiary gave them.

        Raises NotFound, always the same, for a code that is wrong or used up and for a request that
        has expired or does not exist; BadInput for what cannot be a code.
        """
        digits = requesting.clean_code(code)
        made = self._front.change(
            who, now, lambda desk: requesting.confirm_with_code(desk, request, digits)
        )
        # Only here: an error inside would undo the count of tries.
        if made is None:
            raise NotFound(WRONG_CODE)
        return made

    def refuse(self, who: Principal, request: RequestId, now: datetime) -> None:
        """By the beneficiary whom it was for."""
        self._front.change(who, now, lambda desk: requesting.refuse(desk, request))

    def codes(self, who: Principal, now: datetime) -> dict[RequestId, str]:
        """The codes of a beneficiary's requests, for themselves alone; until they are sent them
        otherwise. Empty for everybody else.
        """
        return self._front.look(who, now, requesting.codes)

    def leave(self, who: Principal, slug: str, now: datetime) -> Finished:
        """The beneficiary ends it, with all that they granted to the structure."""
        return self._front.change(who, now, lambda desk: _leave(desk, slug))

    def release(self, who: Principal, slug: str, login: str, now: datetime) -> Finished:
        """The structure ends it: somebody who works there now, or somebody at the machine."""
        return self._front.change(who, now, lambda desk: _release(desk, slug, login))

    def list(
        self, who: Principal, now: datetime
    ) -> tuple[list[AffiliationView], list[RequestView]]:
        """A beneficiary's own, with what waits for their answer; for staff those of their
        structures that are live, and what they asked for; everything for somebody at the machine.
        """

        def work(desk: Desk) -> Seen:
            return seen_by(desk)

        return self._front.look(who, now, work)


def _leave(desk: Desk, slug: str) -> Finished:
    nothing = NotFound(f"there is no affiliation with {quoted(slug)} that could be ended")
    if desk.who.vault is None:
        raise nothing
    structure = _structure(desk, slug)
    found = None if structure is None else _lasting(desk, desk.who.vault, structure)
    if found is None:
        raise nothing
    requesting.require_own(desk, Action.REVOKE)
    done = finish(desk.tx, desk.tools, found, Ending.LEFT, desk.who, desk.now)
    side = left_side(desk.tx, desk.tools, found, desk.now)
    says = {"vault": found.vault.hex(), "structure": slug}
    tell(desk.tx, desk.tools, NoticeKind.AFFILIATION_LEFT, side, says, desk.now)
    requesting.tell_if_for_them(desk, found.structure, "leave")
    return done


def _release(desk: Desk, slug: str, login: str) -> Finished:
    structure = _workplace(desk, slug)
    vault, owner = requesting.whose(desk, login)
    # Asked even where there is no vault: the answer takes as many statements.
    found = _lasting(desk, vault or _NO_VAULT, structure)
    if found is None:
        raise NotFound(f"{quoted(login)} has no affiliation with {quoted(slug)}")
    done = finish(desk.tx, desk.tools, found, Ending.RELEASED, desk.who, desk.now)
    says = {"structure": slug_of(desk.tx, desk.tools, structure)}
    tell(desk.tx, desk.tools, NoticeKind.AFFILIATION_RELEASED, [owner], says, desk.now)
    return done


def _workplace(desk: Desk, slug: str) -> StructureId:
    """Raises Barred, NotFound."""
    if requesting.acts_for_all(desk.who):
        desk.allow()
        return desk.registered.find_structure(desk.tx, slug).id
    structure = workplace(desk, slug, set(STAFF))
    desk.allow(desk.who.person)
    return structure.id


def _structure(desk: Desk, slug: str) -> StructureId | None:
    try:
        return desk.registered.find_structure(desk.tx, slug).id
    except NotFound:
        return None


def _lasting(desk: Desk, vault: VaultId, structure: StructureId) -> Affiliation | None:
    """One that nobody ended; it may be over by its date, and not yet told so."""
    found = affiliations.between(desk.tx, desk.tools.keys, vault, structure)
    return found if found and found.state is AffiliationState.CONFIRMED else None
