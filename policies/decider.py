"""The decision: invariants first, then the rules. The only place where a `Permit` is made."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.ids import VaultId
from davserver.domain.people import Principal, Role, Structure
from davserver.domain.remedies import Remedy
from davserver.domain.tallies import Answered
from policies.changes import WayOut
from policies.hours import Span
from policies.invariants import OWN_REVOKE, Refusal, refusal
from policies.logged import said
from policies.snapshot import UNKNOWN, Answer, Snapshot
from policies.ties import OWNS, Tie, acting_membership, earliest, tie_of
from policies.vocabulary import CLOSED, NO_STRUCTURE, Point

Question = tuple[Point, Structure | None]
"""The words that the rules are asked about, and the structure that the person acts for."""

_LIST, _REVOKE, _OWNER = Action.LIST, Action.REVOKE, Relation.OWNER
_MOST_ANSWERS = 10_000
"""Kept for the decision log; words times structures bound them, but not tightly."""


class Judge:
    """Answers by one snapshot. A request takes one judge and keeps it to its end. `number`: of the
    generation, if it is one.
    """

    def __init__(self, snapshot: Snapshot, number: int | None = None) -> None:
        self.snapshot = snapshot
        self._number = number
        self._sights: dict[tuple[Role, Relation, str], frozenset[Category]] = {}
        self._pens: dict[tuple[Role, Relation, str], frozenset[Category]] = {}
        self._allowed: dict[tuple[tuple[Action, ...], Point], frozenset[Action]] = {}
        self._answers: dict[tuple[object, ...], Answered] = {}
        self._listed: dict[tuple[object, ...], Answered] = {}

    def decide(
        self, who: Principal, action: Action, target: Target, now: datetime
    ) -> Permit | Denial:
        """A permit for exactly this target, or why not. `target.category` is the effective one.

        The denial's reason may be told only if `may_see` says yes to the same target.
        """
        return self.asked(who, action, target, now)[0]

    def asked(
        self, who: Principal, action: Action, target: Target, now: datetime
    ) -> tuple[Permit | Denial, Question]:
        """As `decide`, with the words that it asked about."""
        tie = self._tie(who, target, now)
        point = self._point(who, action, target.category, tie, now)
        question = point, tie.structure
        never = self._never(who, action, tie)
        if never is not None:
            return Denial(action, never.reason, never.rule), question
        if action is _REVOKE and tie.relation is _OWNER:
            return Permit(who, action, target, OWN_REVOKE, None), question
        answer = self.snapshot.answer(point)
        if answer.allowed is not True or answer.rule is None:
            return self._refused(action, answer, tie, now), question
        return Permit(who, action, target, answer.rule.id, self._until(tie, now)), question

    def _refused(self, action: Action, answer: Answer, tie: Tie, now: datetime) -> Denial:
        named = answer.rule.id if answer.rule else None
        remedy = self._remedy(answer.way, tie.structure, now)
        return Denial(action, answer.reason or Reason.POLICY, named, remedy)

    def _tie(self, who: Principal, target: Target, now: datetime) -> Tie:
        return tie_of(who, target, now)

    def _never(self, who: Principal, action: Action, tie: Tie) -> Refusal | None:
        return refusal(who, action, tie.relation, tie.grant)

    def answered(
        self, point: Point, structure: Structure | None, decision: Permit | Denial
    ) -> Answered:
        """What the decision log says of it; the same object for the same answer."""
        reason = None if isinstance(decision, Permit) else decision.reason.value
        said_of = None if structure is None else _said_of(structure)
        key = (point, said_of, reason, decision.rule)
        known = self._answers.get(key)
        if known is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
                self._listed.clear()
            text = said(point, decision, structure, (self.snapshot.generation, self._number))
            made = Answered(point, reason is None, reason, decision.rule, text)
            known = self._answers.setdefault(key, made)
        return known

    def listed_of_ones_own(
        self, who: Principal, vault: VaultId, category: Category, now: datetime
    ) -> Answered:
        """What the decision log says of LIST of something in the vault that is theirs by the facts:
        nearly each change meets a name that is free.
        """
        point = self._point(who, _LIST, category, OWNS, now)
        key = (point, who.person.state, who.read_only)
        known = self._listed.get(key)
        if known is None:
            decision, asked = self.asked(who, _LIST, Target(vault, _OWNER, category), now)
            known = self._listed[key] = self.answered(*asked, decision)
        return known

    def listed(self, who: Principal, target: Target, now: datetime) -> Answered:
        """The same of what somebody else let them see: remembered by the words, and by what else
        the invariants ask of LIST.
        """
        tie = self._tie(who, target, now)
        structure, grant = tie.structure, tie.grant
        point = self._point(who, _LIST, target.category, tie, now)
        right = None if grant is None else grant.right
        said_of = None if structure is None else _said_of(structure)
        key = (point, said_of, who.person.state, right)
        known = self._listed.get(key)
        if known is None:
            decision, asked = self.asked(who, _LIST, target, now)
            known = self._listed[key] = self.answered(*asked, decision)
        return known

    def may_see(self, who: Principal, target: Target, now: datetime) -> bool:
        """Whether the thing exists for this person: by who, grant, category and structure only."""
        tie = self._tie(who, target, now)
        return self._never(who, Action.LIST, tie) is None and self._shows(who, tie, target.category)

    def visible_categories(
        self, who: Principal, target: Target, now: datetime
    ) -> frozenset[Category]:
        """The categories that this person may see under the target's grant or ownership.

        `target.category` plays no part, so one call serves a whole listing: a child is shown when
        its effective category is in the set.
        """
        tie = self._tie(who, target, now)
        if self._never(who, Action.LIST, tie) is not None:
            return frozenset()
        return self.shown_to(who.person.role, tie.relation, tie.structure)

    def shown_of_ones_own(self, who: Principal) -> frozenset[Category]:
        """As `visible_categories`, of the vault that is theirs by the facts."""
        if refusal(who, _LIST, _OWNER, None) is not None:
            return frozenset()
        return self.shown_to(who.person.role, _OWNER, None)

    def shown_to(
        self, role: Role, relation: Relation, structure: Structure | None
    ) -> frozenset[Category]:
        """The categories that the rules show to such a person, who need not be the one who asks."""
        word = self.snapshot.structure_word(structure)
        key = (role, relation, word)
        seen = self._sights.get(key)
        if seen is None:
            shows = self.snapshot.shows
            seen = frozenset(c for c in Category if shows(role, relation, c, word))
            self._sights[key] = seen
        return seen

    def written_by(
        self, role: Role, relation: Relation, structure: Structure | None
    ) -> frozenset[Category]:
        """The categories that the rules let such a person write, in some circumstances at least:
        what somebody locks does not come and go with hours and networks.
        """
        word = self.snapshot.structure_word(structure)
        key = (role, relation, word)
        written = self._pens.get(key)
        if written is None:
            ever = self.snapshot.ever
            written = frozenset(c for c in Category if ever(role, relation, Action.PUT, c, word))
            self._pens[key] = written
        return written

    def _shows(self, who: Principal, tie: Tie, category: Category) -> bool:
        structure = self.snapshot.structure_word(tie.structure)
        return self.snapshot.shows(who.person.role, tie.relation, category, structure)

    def allowed(
        self, who: Principal, actions: Iterable[Action], target: Target, now: datetime
    ) -> frozenset[Action]:
        """Those of `actions` that `decide` would permit, without making the permits: what a front
        shows as permissions of each of a thousand things.
        """
        tie = self._tie(who, target, now)
        possible = tuple(a for a in actions if not self._never(who, a, tie))
        allowed = self._by_rules(possible, self.point(who, Action.LIST, target, tie, now))
        if tie.relation is Relation.OWNER and Action.REVOKE in possible:
            return allowed | {Action.REVOKE}
        return allowed

    def _by_rules(self, actions: tuple[Action, ...], point: Point) -> frozenset[Action]:
        """Those that the rules allow with these other words; bounded as the rules' answers are."""
        key = (actions, point)
        known = self._allowed.get(key)
        if known is None:
            allows, asked = self.snapshot.allows, ((a, point._replace(action=a)) for a in actions)
            known = self._allowed[key] = frozenset(a for a, one in asked if allows(one))
        return known

    def drive_blocked(self, who: Principal, now: datetime) -> Denial | None:
        """The refusal of the whole drive, if a rule blocks it in these circumstances: to be asked
        before anything is looked up, because it is the only one that `may_see` does not know.
        """
        if not self.snapshot.table.can_block:
            return None
        # What the structure is for is its clock, and what to say of a refusal.
        structure = self._structure(who, now) if self.snapshot.has_slots else None
        found = self.snapshot.block(self._drive_point(who, structure, now))
        if found is None:
            return None
        rule, way = found
        structure = self._structure(who, now)
        return Denial(Action.LIST, way.reason, rule.id, self._remedy(way, structure, now))

    def drive_question(self, who: Principal, now: datetime) -> Question:
        """The words of the question about the whole drive, and whose clock told the slot."""
        structure = self._structure(who, now)
        return self._drive_point(who, structure, now), structure

    def _structure(self, who: Principal, now: datetime) -> Structure | None:
        membership = acting_membership(who, None, now)
        return membership.structure if membership else None

    def _drive_point(self, who: Principal, structure: Structure | None, now: datetime) -> Point:
        return Point(
            role=who.person.role,
            relation=Relation.NONE,
            action=_LIST,
            category=Category.UNCLASSIFIED,
            structure=NO_STRUCTURE,
            zone=self.snapshot.networks.zone_of(who.address),
            auth=who.strength,
            slot=self._slot(structure, now),
        )

    def question(self, who: Principal, action: Action, target: Target, now: datetime) -> Question:
        """The words that `decide` asks about, and the structure that the person acts for."""
        tie = self._tie(who, target, now)
        return self.point(who, action, target, tie, now), tie.structure

    def point(
        self, who: Principal, action: Action, target: Target, tie: Tie, now: datetime
    ) -> Point:
        """The words that the rules are asked about."""
        return self._point(who, action, target.category, tie, now)

    def _point(
        self, who: Principal, action: Action, category: Category, tie: Tie, now: datetime
    ) -> Point:
        structure, snapshot = tie.structure, self.snapshot
        return Point(
            who.person.role,
            tie.relation,
            action,
            category,
            NO_STRUCTURE if structure is None else snapshot.structure_word(structure),
            snapshot.networks.zone_of(who.address),
            who.strength,
            self._slot(structure, now) if snapshot.has_slots else CLOSED,
        )

    def _slot(self, structure: Structure | None, now: datetime) -> str:
        if not self.snapshot.has_slots:
            return CLOSED
        span = self._span(structure, now)
        return span.slot if span else UNKNOWN

    def _remedy(
        self, way: WayOut | None, structure: Structure | None, now: datetime
    ) -> Remedy | None:
        if way is None or way.remedy is None or not way.slots:
            return way.remedy if way else None
        calendar = self.snapshot.calendar
        zone, slug = (structure.time_zone, structure.slug) if structure else (None, None)
        return replace(way.remedy, opens=calendar.opens(way.slots, now, zone, slug))

    def _span(self, structure: Structure | None, now: datetime) -> Span | None:
        calendar = self.snapshot.calendar
        if structure is None:
            return calendar.span(now, None)
        return calendar.span(now, structure.time_zone, structure.slug)

    def _until(self, tie: Tie, now: datetime) -> datetime | None:
        if not self.snapshot.has_slots:
            return tie.until
        span = self._span(tie.structure, now)
        return earliest(tie.until, span.ends if span else now)


def _said_of(structure: Structure) -> tuple[object, ...]:
    """All that the decision log says of it: the hash of a structure is that of five fields."""
    return structure.id, structure.time_zone
