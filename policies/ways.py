"""What two sets of rules say of one way of reaching something, whoever has it (DESIGN §2.1).

The table of bitmaps answers (docs/policy.md): tests hold it equal to what Casbin decides. Nothing
here depends on how many people there are: ways are few, and each is looked at once.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from davserver.domain.actions import GIVEN, Action, Category, Relation, Right
from davserver.domain.people import Role, Structure
from policies.invariants import CONTENT, possible
from policies.moments import Moments
from policies.pairs import Pair as Words
from policies.snapshot import Snapshot
from policies.vocabulary import Point


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody reaches documents or accounts, as far as rules are told of it. `structure` is
    the one that they act for; `right` is the grant's, None without one.
    """

    role: Role
    relation: Relation
    structure: Structure | None = None
    right: Right | None = None


class Pair(NamedTuple):
    """In which moments something is allowed, as bits, by the old rules and by the new ones."""

    before: int
    after: int

    @property
    def gained(self) -> int:
        return self.after & ~self.before

    @property
    def lost(self) -> int:
        return self.before & ~self.after


NEVER = Pair(0, 0)

_GRANTED = frozenset({Relation.GRANTEE, Relation.VIA_STRUCTURE})
_Tie = tuple[Role, Relation, Words]
"""With the structure's words."""


class Comparison:
    """Of two snapshots. Keeps what it found out: as much as there are words, not people."""

    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self.old = old
        self.new = new
        self.moments = Moments(old, new)
        self._pairs: dict[tuple[_Tie, Action, Category], Pair] = {}
        self._possible: dict[Words, int] = {}
        self._uniform: dict[Way, bool] = {}
        self._sums: dict[Way, Pair] = {}

    def of(self, way: Way, action: Action, category: Category) -> Pair:
        """When such a person may do it to a document of that category; an account has none."""
        if not possible(way.role, way.relation, action):
            return NEVER
        if way.relation in _GRANTED and (way.right is None or action not in GIVEN[way.right]):
            return NEVER
        if action is Action.REVOKE and way.relation is Relation.OWNER:
            always = self.possible(way)
            return Pair(always, always)
        known = category if action in CONTENT else Category.UNCLASSIFIED
        return self._pair((way.role, way.relation, self._words(way)), action, known)

    def possible(self, way: Way) -> int:
        """The moments that such a person can be in."""
        words = self._words(way)
        found = self._possible.get(words)
        if found is None:
            found = self._possible[words] = self.moments.of(words)
        return found

    def shows(self, way: Way, category: Category) -> tuple[bool, bool]:
        """Whether such a document is there for them, before and after: circumstances play no part
        (the loader sees to it), but for blocks of the whole drive, which are no answer to that.
        """
        found = self.of(way, Action.LIST, category)
        return found.before != 0, found.after != 0

    def changes(self, way: Way) -> bool:
        return self._sum(way) != NEVER

    def widens(self, way: Way) -> bool:
        return self._sum(way).after != 0

    def is_uniform(self, way: Way) -> bool:
        """Whether no category makes a difference, in either set."""
        known = self._uniform.get(way)
        if known is None:
            known = self._uniform[way] = all(
                len({self.of(way, action, category) for category in Category}) == 1
                for action in Action
            )
        return known

    def _sum(self, way: Way) -> Pair:
        """What is lost (`before`) and gained (`after`) by any action on any category."""
        known = self._sums.get(way)
        if known is None:
            every = [self.of(way, action, category) for action in Action for category in Category]
            lost = reduce(or_, (pair.lost for pair in every))
            known = self._sums[way] = Pair(lost, reduce(or_, (pair.gained for pair in every)))
        return known

    def _words(self, way: Way) -> Words:
        return Words(*(one.structure_word(way.structure) for one in (self.old, self.new)))

    def _pair(self, tie: _Tie, action: Action, category: Category) -> Pair:
        key = (tie, action, category)
        found = self._pairs.get(key)
        if found is None:
            found = self._pairs[key] = self._weighed(tie, action, category)
        return found

    def _weighed(self, tie: _Tie, action: Action, category: Category) -> Pair:
        role, relation, structure = tie
        before = after = 0
        for number, moment in self.moments.numbered(self.moments.of(structure)):
            old = Point(
                role, relation, action, category, structure.old,
                moment.zone_before, moment.auth, moment.slot_before,
            )  # fmt: skip
            new = old._replace(
                structure=structure.new, zone=moment.zone_after, slot=moment.slot_after
            )
            before |= self.old.table.decide(old)[0] << number
            after |= self.new.table.decide(new)[0] << number
        return Pair(before, after)
