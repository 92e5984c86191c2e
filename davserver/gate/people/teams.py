"""A manager's team: the people of a structure where they work, who comes, who goes; and how many it
accompanies, as sums that point at nobody. No document, and no name of one.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from authn.register import Register
from authn.registered import Registered
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.ids import PersonId
from davserver.domain.people import AccountState, Person, Principal, Role, Structure
from davserver.gate.people import memberships
from davserver.gate.people.desk import Barred, Desk, Front, workplace
from davserver.gate.people.memberships import Span
from davserver.gate.people.team_members import LATELY, Kept, Member, Presence, members
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import affiliations

__all__ = ["Hindrance", "Kept", "Leaving", "Member", "Presence", "Sums", "Team", "Teams", "Unknown"]

FEWEST = 5
"""A smaller sum is not told, not even that it is zero: it could point at somebody."""


class Unknown(BadInput):
    """Nobody whom a manager could add has that login. The same for whoever has it besides."""


class Hindrance(BadInput):
    """Not for a manager to end."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.value)
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Sums:
    """How many the structure accompanies, and how many of them since this month began there. None:
    fewer than FEWEST, perhaps nobody.
    """

    live: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Team:
    """`sums`: or why this manager is told none."""

    structure: Structure
    members: tuple[Member, ...]
    sums: Sums | Denial


@dataclass(frozen=True, slots=True)
class Leaving:
    """`personal`: how many things are shared with them by name by people whom the structure
    accompanies; they stay with them. None: fewer than FEWEST, perhaps nothing.
    """

    structure: Structure
    member: Member
    personal: int | None


class Teams:
    """`who` is a manager. For a structure where they do not work now, as for one that does not
    exist, all raise NotFound; and Refused, once that is recorded, where no rule allows it.
    """

    def __init__(self, tools: Tools) -> None:
        registered = Registered(tools.keys)
        self._front = Front(tools, registered, Register(tools.keys, tools.entropy))

    def mine(self, who: Principal, now: datetime) -> list[Structure]:
        """Where they work now, and may see to people; by slug."""
        return self._front.look(who, now, _mine)

    def place(self, who: Principal, slug: str, now: datetime) -> Structure:
        return self._front.look(who, now, lambda desk: _place(desk, slug)[0])

    def show(self, who: Principal, slug: str, now: datetime) -> Team:
        return self._front.look(who, now, lambda desk: _team(desk, slug))

    def find(
        self,
        who: Principal,
        slug: str,
        login: str,
        now: datetime,
        *,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> Person:
        """Whom `add` would add. Raises as it."""
        span = _span(starts, ends, now)

        def work(desk: Desk) -> Person | None:
            structure, _ = _place(desk, slug)
            person = _professional(desk, login)
            if person is not None:
                memberships.require_room(desk, person, structure, span)
            return person

        return self._known(who, slug, now, self._front.look(who, now, work))

    def add(
        self,
        who: Principal,
        slug: str,
        login: str,
        now: datetime,
        *,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> Person:
        """A professional works there from `starts` (included, else now) to `ends` (excluded), UTC.

        Raises Unknown once that is recorded, AlreadyThere, BadInput for a time that is over.
        """
        span = _span(starts, ends, now)

        def work(desk: Desk) -> Person | None:
            structure, rule = _place(desk, slug)
            person = _professional(desk, login)
            if person is not None:
                memberships.join(desk, rule, person, structure, span)
            return person

        return self._known(who, slug, now, self._front.change(who, now, work))

    def leaving(self, who: Principal, slug: str, person: PersonId, now: datetime) -> Leaving:
        """What `end` would be about. Raises NotFound for whoever does not work there, nor will."""
        return self._front.look(who, now, lambda desk: _leaving(desk, slug, person)[0])

    def end(
        self,
        who: Principal,
        slug: str,
        person: PersonId,
        now: datetime,
        *,
        on: datetime | None = None,
    ) -> Leaving:
        """From `on` (else now) what the structure was granted is out of their reach: at their next
        request, and in the middle of a transfer. What was granted to them by name stays.

        Raises Hindrance; BadInput for a moment that is over, or later than they leave anyway.
        """

        def work(desk: Desk) -> Leaving:
            leaving, found, rule = _leaving(desk, slug, person)
            if leaving.member.kept is not None:
                raise Hindrance(leaving.member.kept)
            memberships.leave(desk, rule, found, leaving.structure, on or now)
            return leaving

        return self._front.change(who, now, work)

    def _known(self, who: Principal, slug: str, now: datetime, found: Person | None) -> Person:
        """Whoever guesses logins is seen doing it. Raises Unknown."""
        if found is None:
            self._front.change(who, now, lambda desk: _note_guess(desk, slug))
            raise Unknown("there is no such professional")
        return found


# ── who may ─────────────────────────────────────────────────────────────────────────────────────


def _place(desk: Desk, slug: str) -> tuple[Structure, str]:
    """With the rule by which they see to its people. Raises Barred, NotFound."""
    structure = workplace(desk, slug, {Role.MANAGER})
    decision = _judged(desk, Action.ACCOUNT, structure)
    if isinstance(decision, Denial):
        raise Barred(desk.who, decision)
    return structure, decision.rule


def _mine(desk: Desk) -> list[Structure]:
    if desk.who.person.role is not Role.MANAGER:
        raise NotFound("there is no team")
    every = {one.structure.slug: one.structure for one in desk.who.memberships}
    decisions = {slug: _judged(desk, Action.ACCOUNT, one) for slug, one in sorted(every.items())}
    denials = [one for one in decisions.values() if isinstance(one, Denial)]
    if denials and len(denials) == len(decisions):
        raise Barred(desk.who, denials[0])
    return [every[slug] for slug, one in decisions.items() if isinstance(one, Permit)]


def _judged(desk: Desk, action: Action, structure: Structure) -> Permit | Denial:
    target = Target(None, Relation.MANAGES, Category.UNCLASSIFIED, structure=structure)
    return desk.judged(action, target)


# ── looking ─────────────────────────────────────────────────────────────────────────────────────


def _team(desk: Desk, slug: str) -> Team:
    structure, _ = _place(desk, slug)
    found = desk.registered.members(desk.tx, structure, desk.now - LATELY)
    return Team(structure, members(found, desk.now), _sums(desk, structure))


def _sums(desk: Desk, structure: Structure) -> Sums | Denial:
    decision = _judged(desk, Action.AUDIT, structure)
    if isinstance(decision, Denial):
        return decision
    there = desk.now.astimezone(ZoneInfo(structure.time_zone))
    month = there.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    live, new = affiliations.counted(desk.tx, structure.id, month, desk.now)
    return Sums(_told(live), _told(new))


def _told(count: int) -> int | None:
    return count if count >= FEWEST else None


def _leaving(desk: Desk, slug: str, person: PersonId) -> tuple[Leaving, Person, str]:
    structure, rule = _place(desk, slug)
    found = desk.registered.members(desk.tx, structure, desk.now)
    theirs = [(one, membership) for one, membership in found if one.id == person]
    for member in members(theirs, desk.now):
        whole = theirs[0][0]
        gone = memberships.departure(desk, whole, structure, desk.now)
        return Leaving(structure, member, _told(gone.personal)), whole, rule
    raise NotFound("nobody who works there")


# ── adding ──────────────────────────────────────────────────────────────────────────────────────


def _span(starts: datetime | None, ends: datetime | None, now: datetime) -> Span:
    """Nobody has worked there yesterday because of what is written today."""
    if starts is not None and starts < now:
        raise BadInput(f"from {starts.isoformat()}: that is over; choose a moment to come")
    return Span(starts or now, ends)


def _professional(desk: Desk, login: str) -> Person | None:
    """None for nobody, for whoever cannot sign in, and for all others: in as many statements."""
    try:
        found = desk.registered.find_person(desk.tx, login)
    except NotFound:
        return None
    fits = found.role is Role.PROFESSIONAL and found.state is AccountState.ACTIVE
    return found if fits else None


def _note_guess(desk: Desk, slug: str) -> None:
    """Not what was typed: people type their password into the wrong field."""
    structure, rule = _place(desk, slug)
    details = {"action": "membership-add", "structure": structure.slug}
    event = Event(vault=None, what=What.REFUSED, who=desk.who, rule=rule, details=details)
    desk.tools.trail.record(desk.tx, event, desk.now)
