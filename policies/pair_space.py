"""Everything that a request can be, in the words of two sets of files.

As policies/space.py is for one set: without what the invariants decide, and what no tie is like.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from davserver.domain.actions import Action, Category, Relation, Strength
from davserver.domain.people import Role, StructureKind
from policies.pairs import Pair, Part, same, structure_pairs, zone_parts
from policies.pairs_of_hours import parts_alone, parts_for
from policies.snapshot import Snapshot
from policies.space import WHERE, reaches_rules
from policies.vocabulary import NO_STRUCTURE, Column

ALONE, TOGETHER, UNNAMED = "(alone)", "(together)", "(unnamed)"
"""Whose hours: of people who act for no structure; of those who act for one that groups.csv names,
without days of its own; for one that it does not name. A structure with days of its own is a place
by its slug, and no slug has brackets.
"""


class At(NamedTuple):
    """Of the words of the columns so far, those that matter for the columns to come. `action` is
    kept for `list` alone.
    """

    role: str = ""
    relation: str = ""
    action: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class PairSpace:
    """`values`: the pairs of words of each column. `places`: whose hours count for those who act
    for a structure. `slots`: those that there are at each place. `zones` and `hours`: the facts
    behind such pairs.
    """

    values: Mapping[Column, tuple[Pair, ...]]
    places: Mapping[Pair, str]
    slots: Mapping[str, frozenset[Pair]]
    zones: tuple[Part, ...]
    hours: Mapping[str, tuple[Part, ...]]

    def place(self, structure: Pair) -> str:
        """Whose hours count for those who act for it; it may be of another kind than files say."""
        return self.places.get(structure) or _place(structure, self.slots)

    def enter(self, column: Column, value: Pair, at: At) -> At | None:
        """What matters after this word; None where there can be no such request."""
        if not self._can_be(column, value, at):
            return None
        match column:
            case Column.ROLE:
                return At(role=value.new)
            case Column.RELATION:
                return at._replace(relation=value.new)
            case Column.ACTION if value.new == Action.LIST:
                return at._replace(action=value.new)
            case Column.ACTION:
                return At(relation=at.relation)
            case Column.STRUCTURE:
                return at._replace(relation="", place=self.place(value))
            case _:
                return at

    def _can_be(self, column: Column, value: Pair, at: At) -> bool:
        match column:
            case Column.ACTION:
                return ruled(at.role, at.relation, value.new)
            case Column.STRUCTURE:
                return tied(at.relation, value)
            case Column.SLOT:
                return value in self.slots[at.place]
            case _:
                return True


def acts(structure: Pair) -> bool:
    return structure.old != NO_STRUCTURE


def ruled(role: str, relation: str, action: str) -> bool:
    """Whether rules decide this."""
    return reaches_rules(Role(role), Relation(relation), Action(action))


def tied(relation: str, structure: Pair) -> bool:
    return WHERE[Relation(relation)].admits(structure.old)


def space_of(old: Snapshot, new: Snapshot) -> PairSpace:
    """All questions of both sets, each value as the pair of words that both have for one fact."""
    zones = zone_parts(old.networks, new.networks)
    hours = _hours(old, new)
    values = {
        Column.ROLE: _same(Role),
        Column.RELATION: _same(Relation),
        Column.ACTION: _same(Action),
        Column.CATEGORY: _same(Category),
        Column.STRUCTURE: structure_pairs(old.slugs, new.slugs),
        Column.ZONE: _pairs(zones),
        Column.AUTH: _same(Strength),
        Column.SLOT: _pairs(part for parts in hours.values() for part in parts),
    }
    slots = {place: frozenset(_pairs(parts)) for place, parts in hours.items()}
    places = {pair: _place(pair, hours) for pair in values[Column.STRUCTURE]}
    return PairSpace(values, places, slots, zones, hours)


def _place(structure: Pair, hours: Mapping[str, object]) -> str:
    if not acts(structure):
        return ALONE
    if set(structure) <= set(StructureKind):
        return UNNAMED
    return next((word for word in structure if word in hours), TOGETHER)


def _same(words: type[Role | Relation | Action | Category | Strength]) -> tuple[Pair, ...]:
    return tuple(same(word.value) for word in words)


def _hours(old: Snapshot, new: Snapshot) -> dict[str, tuple[Part, ...]]:
    calendars = (old.calendar, new.calendar)
    own = {
        slug: parts_for(*calendars, slug)
        for slug in sorted(old.calendar.days.slugs | new.calendar.days.slugs)
    }
    together = parts_for(*calendars, None)
    named = old.slugs.keys() | new.slugs.keys()
    unnamed = (part for slug, parts in own.items() if slug not in named for part in parts)
    return {
        ALONE: parts_alone(*calendars),
        TOGETHER: together,
        UNNAMED: tuple(dict.fromkeys((*together, *unnamed))),
        **{slug: parts for slug, parts in own.items() if slug in named},
    }


def _pairs(parts: Iterable[Part]) -> tuple[Pair, ...]:
    return tuple(dict.fromkeys(part.pair for part in parts))
