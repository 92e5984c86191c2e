"""What other rules would have said to what the decision log holds: line by line, counted.

The slot is worked out again from the other calendar, and the structure's word from its slug. The
zone stays the word of its day: addresses are not kept.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.ids import StructureId
from davserver.domain.people import Role, Structure
from policies.changes import REASONS
from policies.invariants import CONTENT, possible
from policies.logged import Logged
from policies.snapshot import UNKNOWN, Snapshot
from policies.vocabulary import CLOSED, NO_STRUCTURE, Column, Point

HIDDEN = "hidden"
"""In place of a reason: the answer would be “not found”, as for a name that nothing has."""

_BY_RULES = frozenset({*(reason.value for reason in REASONS.values()), "policy"})


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `rule` is what decided, `reason` why not."""

    allowed: bool
    reason: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """The question as the other rules are asked it, and both answers."""

    question: Point
    was: Said
    now: Said


@dataclass(slots=True)
class Times:
    """How many decisions, the first and the last of them."""

    count: int
    first: datetime
    last: datetime

    def add(self, at: datetime, count: int) -> None:
        self.count += count
        self.first, self.last = min(self.first, at), max(self.last, at)


Unknown = tuple[Column, str]


@dataclass
class Replay:
    """`structures`: all that there are, by id. Its size is bounded by the words, not by the log."""

    snapshot: Snapshot
    structures: Mapping[StructureId, Structure]
    seen: Times | None = None
    differences: dict[Difference, Times] = field(default_factory=dict)
    unknown: Counter[Unknown] = field(default_factory=Counter)
    unasked: int = 0
    """Decisions with a word that the other rules do not know."""
    _answers: dict[tuple[Point, Said], Said] = field(default_factory=dict, repr=False)

    def add(self, line: Logged) -> None:
        """Asks the other rules what that line was asked, and counts where they differ."""
        if self.seen is None:
            self.seen = Times(0, line.at, line.at)
        self.seen.add(line.at, line.count)
        point = self._point(line)
        strange = self._strange(point)
        if strange:
            self.unasked += line.count
            for one in strange:
                self.unknown[one] += line.count
            return
        was = Said(line.allowed, line.reason, line.rule)
        now = self._again(point, was)
        if now.allowed != was.allowed:
            times = self.differences.setdefault(
                Difference(point, was, now), Times(0, line.at, line.at)
            )
            times.add(line.at, line.count)

    def _again(self, point: Point, was: Said) -> Said:
        key = (point, was)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._answer(point, was)
        return known

    def _answer(self, point: Point, was: Said) -> Said:
        if _is_fixed(was):
            return was
        asks_drive = point == _drive(point)
        blocked = self.snapshot.block(_drive(point)) if point.action in CONTENT else None
        if blocked is not None:
            rule, way = blocked
            return Said(allowed=False, reason=way.reason.value, rule=rule.id)
        if asks_drive:
            return Said(allowed=True, reason=None, rule=None)
        if not possible(Role(point.role), Relation(point.relation), Action(point.action)):
            return was
        return self._by_rules(point)

    def _by_rules(self, point: Point) -> Said:
        shows = self.snapshot.shows(point.role, point.relation, point.category, point.structure)
        if point.action in CONTENT and not shows:
            return Said(allowed=False, reason=HIDDEN, rule=None)
        answer = self.snapshot.answer(point)
        rule = answer.rule.id if answer.rule else None
        return Said(answer.allowed, answer.reason.value if answer.reason else None, rule)

    def _point(self, line: Logged) -> Point:
        structure = self.structures.get(line.structure) if line.structure else None
        point = line.question
        if structure is not None and point.structure != NO_STRUCTURE:
            point = point.with_word(Column.STRUCTURE, self.snapshot.structure_word(structure))
        slug = structure.slug if structure else None
        return point.with_word(Column.SLOT, self._slot(line.at, line.time_zone, slug))

    def _slot(self, at: datetime, time_zone: str | None, slug: str | None) -> str:
        if not self.snapshot.has_slots:
            return CLOSED
        span = self.snapshot.calendar.span(at, time_zone, slug)
        return span.slot if span else UNKNOWN

    def _strange(self, point: Point) -> list[Unknown]:
        """Words that are not in the other rules' vocabulary; one that cannot be told is no word."""
        values = self.snapshot.vocabulary.values
        return [
            (column, word)
            for column, word in zip(Column, point, strict=True)
            if word != UNKNOWN and word not in values[column]
        ]


def _is_fixed(was: Said) -> bool:
    """Whether no rule was asked, so that none changes it."""
    by = was.rule or ""
    if by.startswith(("invariant/", "drive/")):
        return True
    return not was.allowed and was.reason not in _BY_RULES


def _drive(point: Point) -> Point:
    """The question about the whole drive in the same circumstances."""
    return point._replace(
        relation=Relation.NONE,
        action=Action.LIST,
        category=Category.UNCLASSIFIED,
        structure=NO_STRUCTURE,
    )
