"""What changes between two sets of files: exactly, over everything that a request can be.

The answers of both sets are compared, not their lines: the same word may stand for other
addresses, hours, structures or documents in the one set than in the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from davserver.domain.people import Role
from policies.boxes import cover
from policies.cells import Possible, Values, values_of
from policies.facts import Fact, facts_of
from policies.pair_space import At, space_of
from policies.pairs import Pair
from policies.place_changes import NO_PLACES, PlaceChanges, place_changes
from policies.rules import Rule
from policies.snapshot import Snapshot
from policies.terms import Terms
from policies.tree import COLUMNS, Cell, Leaf, Tree
from policies.vocabulary import Column, Point

Rules = tuple[Rule | None, ...]


class Change(StrEnum):
    """What becomes of the requests of one box. What is seen is told apart from `list`, because no
    circumstance changes it: a block of the whole drive refuses `list` and hides nothing.
    """

    SEEN = "seen"
    HIDDEN = "hidden"
    GAIN = "gain"
    LOSS = "loss"

    @property
    def widens(self) -> bool:
        return self in {Change.SEEN, Change.GAIN}


_CHANGE = {
    Leaf.SEEN: Change.SEEN,
    Leaf.HIDDEN: Change.HIDDEN,
    Leaf.GAIN: Change.GAIN,
    Leaf.LOSS: Change.LOSS,
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of requests that change alike. Boxes may overlap.

    `values`: the words of each column in both sets. `terms`: the same for people, with `*` and
    groups where they say exactly this. `before` and `after`: the rules that decide the one or other
    of these requests in the old and in the new set, in file order; None, at the end, where no rule
    matches.
    """

    change: Change
    values: Values
    terms: Mapping[Column, tuple[str, ...]]
    before: Rules
    after: Rules

    def holds(self, old: Point, new: Point) -> bool:
        """Whether one possible request, in the words of both sets, is in this box."""
        words = zip(COLUMNS, old, new, strict=True)
        return all(Pair(was, now) in self.values[column] for column, was, now in words)


@dataclass(frozen=True, slots=True)
class Diff:
    """`old` and `new` are the generations. `boxes`: what is seen first, then what may be done.
    `facts`: what words mean now that meant something else, whether a rule cares or not. `places`:
    what directories make of people.
    """

    old: str
    new: str
    boxes: tuple[Box, ...]
    facts: tuple[Fact, ...]
    places: PlaceChanges = NO_PLACES

    @property
    def widens(self) -> bool:
        """Whether anybody may do or see anything that they could not."""
        return any(box.change.widens for box in self.boxes) or self.places.widens

    @property
    def narrows(self) -> bool:
        return any(not box.change.widens for box in self.boxes) or self.places.narrows


def differences(old: Snapshot, new: Snapshot) -> Diff:
    """Of the answers, whatever the lines say: exact, over everything that a request can be."""
    space = space_of(old, new)
    tree = Tree(old, new, space)
    possible = Possible(tree)
    terms = Terms(tree, possible, (old.vocabulary, new.vocabulary))
    found = cover(tree, possible, lambda cell, depth: len(terms.of(cell, depth)))
    boxes = [_box(tree, terms, _CHANGE[leaf], cell) for leaf, cell in found]
    return Diff(
        old=old.generation,
        new=new.generation,
        boxes=tuple(sorted(boxes, key=_order)),
        facts=facts_of(old, new, space),
        places=place_changes(old.directory_groups, new.directory_groups),
    )


def _order(box: Box) -> tuple[int, list[int]]:
    """By kind of change, then in the order of the words."""
    places = [
        tuple(word.value for word in Role).index(value.new) for value in box.values[Column.ROLE]
    ]
    return tuple(Change).index(box.change), places


def _box(tree: Tree, terms: Terms, change: Change, cell: Cell) -> Box:
    first = int(change.widens)
    return Box(
        change,
        values_of(tree, cell),
        {column: terms.of(cell, depth, first) for depth, column in enumerate(COLUMNS)},
        _deciding(tree, cell, change, which=0),
        _deciding(tree, cell, change, which=1),
    )


def _deciding(tree: Tree, cell: Cell, change: Change, which: int) -> Rules:
    """Of one side, the rules that decide something in this cell, in file order."""
    side = (tree.old, tree.new)[which]
    about_sight = change in {Change.SEEN, Change.HIDDEN}
    reached: Iterable[tuple[int, At]] = [(side.everything, At())]
    for depth, column in enumerate(COLUMNS):
        if about_sight and column is Column.ZONE:
            reached = {(side.calm(Role(at.role), bits), at) for bits, at in reached}
            break
        classes = [one for n, one in enumerate(tree.axes[depth]) if cell[depth] >> n & 1]
        entered = (
            (bits & one.masks[which], tree.space.enter(column, one.values[0], at))
            for one in classes
            for bits, at in reached
        )
        reached = {(bits, at) for bits, at in entered if at is not None}
    found = {side.table.decide_bits(bits)[1] for bits, _ in reached}
    return (
        *(rule for rule in side.table.rules if rule in found),
        *([None] if None in found else []),
    )
