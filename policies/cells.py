"""Rectangles of the space, as bits of classes: what is possible in them, and what others leave."""

from collections.abc import Iterable, Iterator, Mapping

from policies.pair_space import ruled, tied
from policies.pairs import Pair
from policies.tree import COLUMNS, Cell, Tree
from policies.vocabulary import Column

Values = Mapping[Column, tuple[Pair, ...]]
_ROLE, _RELATION, _ACTION, _CATEGORY, _STRUCTURE, _ZONE, _AUTH, _SLOT = range(len(COLUMNS))
_MOST_PIECES = 200
"""More than that are too many to go on with: the rectangle is then taken not to be covered."""


def with_kinds(cell: Cell, depth: int, kinds: int) -> Cell:
    return (*cell[:depth], kinds, *cell[depth + 1 :])


def numbers(kinds: int) -> Iterator[int]:
    while kinds:
        lowest = kinds & -kinds
        yield lowest.bit_length() - 1
        kinds ^= lowest


def values_of(tree: Tree, cell: Cell) -> Values:
    return {
        column: tuple(value for n in numbers(kinds) for value in axis[n].values)
        for column, axis, kinds in zip(COLUMNS, tree.axes, cell, strict=True)
    }


class Possible:
    """What there can be, by classes. Relations, structures and hours limit each other."""

    def __init__(self, tree: Tree) -> None:
        self._parts: dict[tuple[int, ...], tuple[int, ...] | None] = {}
        self._asked = tuple(
            (r, t, a)
            for r, role in enumerate(tree.axes[_ROLE])
            for t, tie in enumerate(tree.axes[_RELATION])
            for a, action in enumerate(tree.axes[_ACTION])
            if ruled(role.values[0].new, tie.values[0].new, action.values[0].new)
        )
        structures = [one.values[0] for one in tree.axes[_STRUCTURE]]
        self._tied = [
            sum(1 << n for n, place in enumerate(structures) if tied(one.values[0].new, place))
            for one in tree.axes[_RELATION]
        ]
        slots = [one.values[0] for one in tree.axes[_SLOT]]
        self._slots = [
            sum(1 << n for n, slot in enumerate(slots) if slot in tree.space.slots[where])
            for where in map(tree.space.place, structures)
        ]

    def part(self, cell: Cell) -> Cell | None:
        """Without the classes that meet nothing possible in the other columns; None without any
        possible request.
        """
        key = (*cell[: _ACTION + 1], cell[_STRUCTURE], cell[_SLOT])
        if key not in self._parts:
            self._parts[key] = self._limited(cell)
        found = self._parts[key]
        if found is None:
            return None
        *who, structures, slots = found
        return (*who, cell[_CATEGORY], structures, cell[_ZONE], cell[_AUTH], slots)

    def _limited(self, cell: Cell) -> tuple[int, ...] | None:
        """Role, relation, action, structure, slot."""
        held = [n for n in numbers(cell[_STRUCTURE]) if self._slots[n] & cell[_SLOT]]
        places = sum(1 << n for n in held)
        roles = relations = actions = structures = slots = 0
        for role, relation, action in self._asked:
            fits = self._tied[relation] & places
            asked = cell[_ROLE] >> role & cell[_RELATION] >> relation & cell[_ACTION] >> action & 1
            if asked and fits:
                roles |= 1 << role
                relations |= 1 << relation
                actions |= 1 << action
                structures |= fits
        for n in numbers(structures):
            slots |= self._slots[n] & cell[_SLOT]
        return (roles, relations, actions, structures, slots) if roles else None

    def is_covered(self, cell: Cell, others: Iterable[Cell]) -> bool:
        """Whether whatever is possible in it is in one of the others."""
        pieces = [cell]
        for other in others:
            if _meet(cell, other):
                pieces = [left for one in pieces for left in self._outside(one, other)]
            if not pieces or len(pieces) > _MOST_PIECES:
                break
        return not pieces

    def _outside(self, cell: Cell, other: Cell) -> Iterator[Cell]:
        """The possible pieces of a cell that are not in the other one."""
        if not _meet(cell, other):
            yield cell
            return
        for depth, theirs in enumerate(other):
            if cell[depth] & ~theirs:
                piece = self.part(with_kinds(cell, depth, cell[depth] & ~theirs))
                if piece is not None:
                    yield piece
                cell = with_kinds(cell, depth, cell[depth] & theirs)


def _meet(one: Cell, other: Cell) -> bool:
    return all(mine & theirs for mine, theirs in zip(one, other, strict=True))
