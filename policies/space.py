"""Every question that can reach the rules, searched without asking each: there may be millions.

Left out are questions that invariants answer, relations that contradict the structure, and zones
that no address is in. Words that no rule tells apart are walked as one (policies/classes.py).
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import accumulate, product

from davserver.domain.actions import Action, Relation, Zone
from davserver.domain.people import Role
from policies.classes import Class, classes
from policies.invariants import possible
from policies.snapshot import Snapshot
from policies.vocabulary import NO_STRUCTURE, Column, Point

Tie = tuple[Role, Relation, Action]
Level = tuple[Class[tuple[str, ...]], ...]
"""The classes of one column; of the first three columns together on the first level."""


class Where(Enum):
    """Whether somebody acts for a structure."""

    NOWHERE = "none"
    SOMEWHERE = "one"
    EITHER = "perhaps"

    def admits(self, structure: str) -> bool:
        return self is Where.EITHER or (structure == NO_STRUCTURE) is (self is Where.NOWHERE)


WHERE: dict[Relation, Where] = {
    Relation.OWNER: Where.NOWHERE,
    Relation.GRANTEE: Where.EITHER,
    Relation.VIA_STRUCTURE: Where.SOMEWHERE,
    Relation.MANAGES: Where.SOMEWHERE,
    Relation.NONE: Where.NOWHERE,
}
ALWAYS_THERE = frozenset({Zone.OFFICE, Zone.INTERNET, Zone.BLOCKED})
"""Zones that need no network: the machine itself, addresses of no network, what is no address."""

EVERY_TIE: tuple[Tie, ...] = tuple(product(Role, Relation, Action))


def reaches_rules(role: Role, relation: Relation, action: Action) -> bool:
    """Whether the rules are asked at all."""
    own_revoke = relation is Relation.OWNER and action is Action.REVOKE
    return possible(role, relation, action) and not own_revoke


TIES_ASKED = tuple(tie for tie in EVERY_TIE if reaches_rules(*tie))


class Space:
    """The questions with these ties that one set of files can be asked. Never changes."""

    def __init__(self, snapshot: Snapshot, ties: Iterable[Tie] = TIES_ASKED) -> None:
        self._snapshot = snapshot
        zones = ALWAYS_THERE | set(snapshot.networks.zones.values())
        categories = self._level(Column.CATEGORY)
        circumstances = (
            self._level(Column.ZONE, zones),
            self._level(Column.AUTH),
            self._level(Column.SLOT),
        )
        structures = snapshot.vocabulary.values[Column.STRUCTURE]
        by_place: dict[Where, list[tuple[str, ...]]] = {}
        for tie in ties:
            by_place.setdefault(WHERE[tie[1]], []).append(tie)
        self._parts = [
            (
                classes(those, self._tie_masks),
                categories,
                self._level(Column.STRUCTURE, filter(where.admits, structures)),
                *circumstances,
            )
            for where, those in by_place.items()
        ]

    def _level(self, column: Column, only: Iterable[str] | None = None) -> Level:
        table, values = self._snapshot.table, self._snapshot.vocabulary.values[column]
        words = values if only is None else set(only)
        return classes(
            ((value,) for value in values if value in words),
            lambda those: (table.mask(column, those[0]),),
        )

    def _tie_masks(self, tie: tuple[str, ...]) -> tuple[int, ...]:
        table, (role, relation, action) = self._snapshot.table, tie
        mask = table.mask(Column.ROLE, role) & table.mask(Column.RELATION, relation)
        return (mask & table.mask(Column.ACTION, action),)

    def find(self, spoken: int, silent: int = 0) -> Point | None:
        """A question of which every rule of `spoken` speaks and none of `silent`, if there is one.
        Rules are bits, as in the table.
        """
        for levels in self._parts:
            found = _Search(levels, spoken, silent).found
            if found:
                return Point(*found)
        return None


class _Search:
    """One look for a question. A part of the space is given up as soon as some silent rule speaks
    of all of it, and never entered twice with the same rules still to be got rid of.
    """

    def __init__(self, levels: Sequence[Level], spoken: int, silent: int) -> None:
        self._levels = [
            [
                (one.masks[0] & silent, one.values[0])
                for one in level
                if one.masks[0] & spoken == spoken
            ]
            for level in levels
        ]
        everywhere = [_all_of(level) for level in self._levels]
        # For each level the rules that speak of everything from there on.
        self._rest = [*accumulate(reversed(everywhere), lambda a, b: a & b)][::-1]
        self._hopeless: set[tuple[int, int]] = set()
        self.found = self._from(0, silent) if all(self._levels) else None

    def _from(self, level: int, speaking: int) -> tuple[str, ...] | None:
        """Words for this level and those after it. `speaking`: silent rules that speak so far."""
        if not speaking:
            return tuple(word for rest in self._levels[level:] for word in rest[0][1])
        if level == len(self._levels) or speaking & self._rest[level]:
            return None
        if (level, speaking) in self._hopeless:
            return None
        choices = {mask & speaking: words for mask, words in self._levels[level]}
        for left in sorted(choices, key=int.bit_count):
            rest = self._from(level + 1, left)
            if rest is not None:
                return choices[left] + rest
        self._hopeless.add((level, speaking))
        return None


def _all_of(level: Sequence[tuple[int, tuple[str, ...]]]) -> int:
    found = -1
    for mask, _ in level:
        found &= mask
    return found
