"""What a change of the rules does to one node for one person, from the ways in which it is reached.

The same ways, category and visibility have the same effect: each combination is looked at once,
however many documents and people there are.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

from davserver.domain.actions import Action, Category, Right
from policies.invariants import CONTENT
from policies.ways import NEVER, Comparison, Pair, Way

Change = tuple[Action, Pair]
Ways = tuple[int, ...]
"""By number: see `Effects.number`."""


class Shown(NamedTuple):
    """Whether something is there for somebody, by the old rules and by the new ones."""

    before: bool
    after: bool


# Ending what one gave needs no sight of it, and no rule takes it away.
_ABOUT = tuple(action for action in Action if action in CONTENT - {Action.REVOKE})

HIDDEN = Shown(before=False, after=False)


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """`changes` are of all ways together, in the order of `Action`; `way` is the first of them
    whose own answers change. `by_category`: whether categories make a difference to any way.
    `possible`: the moments that the person can be in.

    There is one object for each: they are compared by identity.
    """

    way: Way
    changes: tuple[Change, ...]
    by_category: bool
    possible: int


class _Asked(NamedTuple):
    ways: Ways
    category: Category
    is_folder: bool
    seen: Shown


class Effects:
    """Of one comparison. As many as there are combinations of words, not of people."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._ways: list[Way] = []
        self._numbers: dict[Way, int] = {}
        self._shown: dict[tuple[Ways, Category], Shown] = {}
        self._known: dict[_Asked, Effect | None] = {}
        self._same: dict[tuple[Way, tuple[Change, ...], bool, int], Effect] = {}

    def number(self, way: Way) -> int:
        found = self._numbers.get(way)
        if found is None:
            found = self._numbers[way] = len(self._ways)
            self._ways.append(way)
        return found

    def is_deposit(self, way: int) -> bool:
        return self._ways[way].right is Right.DEPOSIT

    def shown(self, ways: Ways, category: Category) -> Shown:
        """Any one of the ways is enough."""
        found = self._shown.get((ways, category))
        if found is None:
            each = [self.comparison.shows(self._ways[one], category) for one in ways]
            found = Shown(any(before for before, _ in each), any(after for _, after in each))
            self._shown[ways, category] = found
        return found

    def of(self, ways: Ways, category: Category, seen: Shown, *, is_folder: bool) -> Effect | None:
        """None when nothing changes. `seen`: whether the way down to it is visible."""
        asked = _Asked(ways, category, is_folder, seen)
        if asked not in self._known:
            self._known[asked] = self._found(asked)
        return self._known[asked]

    def _found(self, asked: _Asked) -> Effect | None:
        changes = tuple(
            (action, pair)
            for action in _ABOUT
            if (pair := self._together(asked, action)).before != pair.after
        )
        if not changes:
            return None
        ways = sorted((self._ways[one] for one in asked.ways), key=_in_order)
        by_category = not all(self.comparison.is_uniform(way) for way in ways)
        first = next((way for way in ways if self.comparison.changes(way)), ways[0])
        possible = reduce(or_, map(self.comparison.possible, ways))
        effect = Effect(first, changes, by_category, possible)
        return self._same.setdefault((first, changes, by_category, possible), effect)

    def _together(self, asked: _Asked, action: Action) -> Pair:
        pairs = (self._one(asked, self._ways[one], action) for one in asked.ways)
        whole = reduce(lambda a, b: Pair(a.before | b.before, a.after | b.after), pairs, NEVER)
        before = whole.before if asked.seen.before else 0
        return Pair(before, whole.after if asked.seen.after else 0)

    def _one(self, asked: _Asked, way: Way, action: Action) -> Pair:
        # Whoever only deposits locks their own files, never a folder (davserver.gate.places).
        if action is Action.LOCK and asked.is_folder and way.right is Right.DEPOSIT:
            return NEVER
        return self.comparison.of(way, action, asked.category)


def _in_order(way: Way) -> tuple[str, ...]:
    slug = way.structure.slug if way.structure else ""
    return (way.role.value, way.relation.value, slug, way.right.value if way.right else "")
