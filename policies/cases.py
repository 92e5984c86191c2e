"""A case of `tests/*.toml`: a question, or several at once, and what must come out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from davserver.domain.actions import Relation, Right
from davserver.domain.errors import Reason
from policies.vocabulary import NO_STRUCTURE, Point

_IN_A_STRUCTURE = {Relation.GRANTEE, Relation.VIA_STRUCTURE, Relation.MANAGES}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary. `told` is what the case says in its place: an address, a moment."""

    text: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """`reason` and `rule` are None where the case leaves them open."""

    allowed: bool
    reason: Reason | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a case. `told` are the addresses and moments behind its words."""

    point: Point
    right: Right
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Every combination of its words must come out as expected. `line` is that of `[[case]]`.

    `own_slots`: the slots of structures with days of their own, at the moments that the case names.
    `read_only`: the question comes from a device marked so.
    """

    name: str
    file: str
    line: int
    roles: tuple[str, ...]
    relations: tuple[str, ...]
    actions: tuple[str, ...]
    categories: tuple[str, ...]
    structures: tuple[str, ...] | None
    zones: tuple[Word, ...]
    auths: tuple[str, ...]
    slots: tuple[Word, ...]
    own_slots: Mapping[str, tuple[Word, ...]]
    rights: tuple[Right, ...]
    read_only: bool
    expected: Expected

    def questions(self, structures: tuple[str, ...]) -> Iterator[Asked]:
        """`structures` are all that there are: tried where the case names none."""
        for role, relation, right in product(self.roles, self.relations, self.rights):
            for structure in self.places(relation, structures):
                slots = self.own_slots.get(structure, self.slots)
                for action, category, zone, auth, slot in product(
                    self.actions, self.categories, self.zones, self.auths, slots
                ):
                    words = (role, relation, action, category, structure, zone.text, auth)
                    told = tuple(word.told for word in (zone, slot) if word.told)
                    yield Asked(Point(*words, slot.text), right, told)

    def size(self, structures: tuple[str, ...]) -> int:
        """How many questions those are."""
        places = sum(len(self.places(one, structures)) for one in self.relations)
        others = (self.roles, self.actions, self.categories, self.zones, self.auths, self.slots)
        return prod(map(len, others)) * len(self.rights) * places

    def places(self, relation: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """The structures that it asks about under this relation; `known` are all that there are."""
        if self.structures is not None:
            return self.structures
        if relation in _IN_A_STRUCTURE:
            return tuple(word for word in known if word != NO_STRUCTURE)
        return (NO_STRUCTURE,)
