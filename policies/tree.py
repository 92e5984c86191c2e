"""Where the answers of two tables differ, over the whole space: as a decision diagram.

The bits of both sides go down the columns together, and what has the same bits below is walked
once. Bits that can no longer change the answer are dropped on the way: far fewer sets remain.
"""

from collections.abc import Iterator
from enum import IntEnum

from davserver.domain.people import Role
from policies.classes import Class, classes
from policies.pair_space import At, PairSpace, acts
from policies.pairs import Pair
from policies.side import Side
from policies.snapshot import Snapshot
from policies.vocabulary import Column

COLUMNS = tuple(Column)
END = len(COLUMNS)

Axis = tuple[Class[Pair], ...]
Bits = tuple[int, int]
Cell = tuple[int, ...]
"""A rectangle of the space: for each column, a bit for each class of values that is in it."""
Branches = tuple[tuple[int, int], ...]
"""Classes of one column, as bits, with what is below them."""


class Leaf(IntEnum):
    """What becomes of a part of the space. `SEEN` and `HIDDEN`: `list`, wherever the drive is not
    blocked as a whole. `IMPOSSIBLE`: there is no such request, so it may be counted to anything.
    """

    SAME = 0
    GAIN = 1
    LOSS = 2
    SEEN = 3
    HIDDEN = 4
    IMPOSSIBLE = 5


class Tree:
    """`root` is the whole space. Nodes are numbers, equal ones the same; the first are leaves."""

    def __init__(self, old: Snapshot, new: Snapshot, space: PairSpace) -> None:
        self.space = space
        self.axes = tuple(_axis(old, new, space, column) for column in COLUMNS)
        self.whole: Cell = tuple((1 << len(axis)) - 1 for axis in self.axes)
        self.old, self.new = (
            Side(snapshot, [[one.masks[which] for one in axis] for axis in self.axes])
            for which, snapshot in enumerate((old, new))
        )
        self._nodes: list[tuple[int, Branches]] = [(END, ())] * len(Leaf)
        self._numbers: dict[tuple[int, Branches], int] = {}
        self._walked: dict[tuple[int, Bits, At], int] = {}
        self.root = self._walk(0, (self.old.everything, self.new.everything), At())

    def cells(self) -> Iterator[tuple[Leaf, Cell]]:
        """Every part that is not the same; no two overlap."""
        return self._cells(self.root, self.whole)

    def reach(self, leaf: Leaf, cell: Cell, depth: int) -> int:
        """The classes of one column with which this cell, as it is otherwise, is all `leaf`."""
        return self._reach(self.root, (leaf, cell, depth), {})

    def _cells(self, node: int, cell: Cell) -> Iterator[tuple[Leaf, Cell]]:
        if Leaf.SAME < node < Leaf.IMPOSSIBLE:
            yield Leaf(node), cell
        depth, branches = self._nodes[node]
        for kinds, child in branches:
            yield from self._cells(child, (*cell[:depth], kinds, *cell[depth + 1 :]))

    def _reach(self, node: int, asked: tuple[Leaf, Cell, int], known: dict[int, int]) -> int:
        leaf, cell, column = asked
        if node in (leaf, Leaf.IMPOSSIBLE):
            return self.whole[column]
        if node in known or node < len(Leaf):
            return known.get(node, 0)
        depth, branches = self._nodes[node]
        wanted = self.whole[depth] if depth == column else cell[depth]
        found, left = (0 if depth == column else self.whole[column]), wanted
        for kinds, child in branches:
            if depth == column:
                found |= kinds if self._reach(child, asked, known) else 0
            elif kinds & wanted:
                found &= self._reach(child, asked, known)
                left &= ~kinds
        if depth != column and left:
            found = 0
        known[node] = found
        return found

    def _walk(self, depth: int, bits: Bits, at: At) -> int:
        if at.action and COLUMNS[depth] is Column.ZONE:
            shown = self.old.shows(Role(at.role), bits[0]), self.new.shows(Role(at.role), bits[1])
            if shown[0] != shown[1]:
                return Leaf.SEEN if shown[1] else Leaf.HIDDEN
            at = At(place=at.place)
        if depth > COLUMNS.index(Column.ACTION) and not at.action:
            bits = (self.old.cut(bits[0], depth), self.new.cut(bits[1], depth))
            old, new = self.old.sure(bits[0]), self.new.sure(bits[1])
            if old is not None and new is not None:
                return _leaf(was=old, now=new)
        key = (depth, bits, at)
        known = self._walked.get(key)
        if known is None:
            known = self._walked[key] = self._join(depth, bits, at)
        return known

    def _join(self, depth: int, bits: Bits, at: At) -> int:
        """The node of this column. Where all that there can be has one child, it is the child."""
        children: dict[int, int] = {}
        for number, one in enumerate(self.axes[depth]):
            below, child = self.space.enter(COLUMNS[depth], one.values[0], at), int(Leaf.IMPOSSIBLE)
            if below is not None:
                masks = one.masks
                down = self.old.narrow(bits[0], masks[0]), self.new.narrow(bits[1], masks[1])
                child = self._walk(depth + 1, down, below)
            children[child] = children.get(child, 0) | 1 << number
        possible = children.keys() - {Leaf.IMPOSSIBLE}
        if len(possible) <= 1:
            return next(iter(possible), Leaf.IMPOSSIBLE)
        return self._number(depth, tuple((k, c) for c, k in children.items() if c != Leaf.SAME))

    def _number(self, depth: int, branches: Branches) -> int:
        key = (depth, branches)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return number


def _leaf(*, was: bool, now: bool) -> Leaf:
    if was is now:
        return Leaf.SAME
    return Leaf.GAIN if now else Leaf.LOSS


def _axis(old: Snapshot, new: Snapshot, space: PairSpace, column: Column) -> Axis:
    def masks(pair: Pair) -> tuple[int, int]:
        return old.table.mask(column, pair.old), new.table.mask(column, pair.new)

    def apart(pair: Pair) -> object:
        match column:
            case Column.ROLE | Column.RELATION | Column.ACTION:
                return pair  # the invariants speak of them
            case Column.STRUCTURE:
                return space.slots[space.place(pair)], acts(pair)
            case Column.SLOT:
                return tuple(pair in slots for slots in space.slots.values())
            case _:
                return None

    return classes(space.values[column], masks, apart)
