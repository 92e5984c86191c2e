"""One loaded set of policy files: immutable, asked by many threads, swapped as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.errors import Reason
from davserver.domain.people import Structure, StructureKind
from policies.changes import WayOut, way_out
from policies.directory_groups import DirectoryGroups
from policies.engine import Engine
from policies.hours import Calendar
from policies.networks import Networks
from policies.problems import Problem
from policies.rules import Rule
from policies.table import Table
from policies.vocabulary import NO_STRUCTURE, Column, Point, Vocabulary

UNKNOWN = ""
"""In place of a word that cannot be told. It is in no vocabulary, so the answer is no."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules say of one point. `rule` decided; `way` out is set with every no."""

    allowed: bool
    rule: Rule | None
    way: WayOut | None = None

    @property
    def reason(self) -> Reason | None:
        return self.way.reason if self.way else None


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`generation` is the SHA-256 of the files, in hexadecimal; `files` are their bytes.

    `has_slots` says whether any rule depends on the hour. Casbin answers each distinct question
    once; the memo cannot outgrow the vocabulary.
    """

    generation: str
    files: Mapping[str, bytes]
    rules: tuple[Rule, ...]
    vocabulary: Vocabulary
    slugs: Mapping[str, StructureKind]
    networks: Networks
    calendar: Calendar
    engine: Engine
    table: Table
    has_slots: bool
    directory_groups: DirectoryGroups | None = None
    """None where the set has no such file: then it says nothing about anybody."""
    warnings: tuple[Problem, ...] = ()
    _said: dict[Point, tuple[bool, Rule | None]] = field(default_factory=dict, repr=False)
    _memo: dict[Point, Answer] = field(default_factory=dict, repr=False)
    _calm: dict[str, Point | None] = field(default_factory=dict, repr=False)
    _free: set[Point] = field(default_factory=set, repr=False)
    """Of the vocabulary, and blocked by no rule: every request asks."""

    def answer(self, point: Point) -> Answer:
        """Casbin's answer, and with a no what would help."""
        known = self._memo.get(point)
        if known is None:
            known = self._explained(point)
            if self.vocabulary.knows(point):
                self._memo[point] = known
        return known

    def allows(self, point: Point) -> bool:
        """Casbin's answer alone: for all that shows what somebody might do."""
        return self._casbin(point)[0]

    @property
    def remembered(self) -> int:
        """How many distinct questions Casbin has answered so far."""
        return len(self._said)

    def _casbin(self, point: Point) -> tuple[bool, Rule | None]:
        """A word outside the vocabulary is a no that is not remembered."""
        said = self._said.get(point)
        if said is not None:
            return said
        # Two threads may ask the same new question: the engine takes one at a time, and both
        # answers are equal.
        allowed, rule = self.engine.ask(point)
        if rule is None and not self.vocabulary.knows(point):
            return False, None
        return self._said.setdefault(point, (allowed is True and rule is not None, rule))

    def _explained(self, point: Point) -> Answer:
        allowed, rule = self._casbin(point)
        if allowed:
            return Answer(allowed=True, rule=rule)
        if not self.vocabulary.knows(point):
            return Answer(allowed=False, rule=None, way=WayOut(Reason.POLICY))
        way = way_out(point, self.vocabulary, lambda other: self.table.decide(other)[0])
        return Answer(allowed=False, rule=rule, way=way)

    def shows(self, role: str, relation: str, category: str, structure: str) -> bool:
        """Whether `list` is allowed, whatever the circumstances.

        Asked at one moment at which no rule blocks this role's whole drive. The loader lets no
        other rule for `list` name a circumstance, so any such moment gives the same answer.
        """
        calm = self.calm_moment(role)
        if calm is None:
            return False
        point = calm._replace(relation=relation, category=category, structure=structure)
        return self.allows(point)

    def ever(self, role: str, relation: str, action: str, category: str, structure: str) -> bool:
        """Whether `action` is allowed at some moment, which the table finds and Casbin judges."""
        for moment in self._moments(role):
            point = moment._replace(
                relation=relation, action=action, category=category, structure=structure
            )
            if self.table.decide(point)[0] and self.allows(point):
                return True
        return False

    def calm_moment(self, role: str) -> Point | None:
        """A question of theirs, of which the circumstances count, while no rule blocks their whole
        drive; None where one always does.
        """
        if role not in self._calm:
            # Bounded by the four roles; two threads compute the same value.
            self._calm[role] = next(
                (point for point in self._moments(role) if self.table.block(point) is None), None
            )
        return self._calm[role]

    def _moments(self, role: str) -> list[Point]:
        values = self.vocabulary.values
        circumstances = product(values[Column.ZONE], values[Column.AUTH], values[Column.SLOT])
        return [
            Point(role, Relation.NONE, Action.LIST, Category.UNCLASSIFIED, NO_STRUCTURE, *those)
            for those in circumstances
        ]

    def block(self, point: Point) -> tuple[Rule, WayOut] | None:
        """The rule that blocks this person's whole drive now, and what would lift it."""
        if point in self._free:
            return None
        rule = self.table.block(point)
        if rule is None:
            if self.vocabulary.knows(point):
                self._free.add(point)
            return None
        return rule, way_out(point, self.vocabulary, lambda other: self.table.block(other) is None)

    def structure_word(self, structure: Structure | None) -> str:
        """The slug where the files name it, else the kind. `UNKNOWN`, which no rule accepts, when
        the files take this structure for one of another kind.
        """
        if structure is None:
            return NO_STRUCTURE
        declared = self.slugs.get(structure.slug)
        if declared is None:
            return structure.kind._value_
        return structure.slug if declared is structure.kind else UNKNOWN
