"""The questions of a case, those that have one answer taken together: a case that names few words
asks hundreds of thousands, where a set has many structures, and few of them differ.

A rule speaks of a question where it accepts each of its words. So of the rules that speak of role,
relation, action and structure, two categories (networks, hours) that the same of them accept have
the same answer, with the same rule and the same way out. Of sign-ins the word counts as well: a
stronger one helps, a weaker one does not.
"""

from collections.abc import Hashable, Iterable, Iterator
from itertools import product
from typing import NamedTuple

from davserver.domain.actions import Right
from policies.cases import Asked, Case, Word
from policies.snapshot import Snapshot
from policies.vocabulary import NO_STRUCTURE, Column, Point

Key = tuple[Hashable, ...]
"""Questions of the same key have the same answer, in every case."""


class Alike(NamedTuple):
    """`first` stands for `many` questions of the case."""

    key: Key
    first: Asked
    many: int


class _Class(NamedTuple):
    """Words that the same rules accept, of those that many: the first of them, and how many."""

    rules: int
    first: Word
    many: int


class _Tie(NamedTuple):
    """What stands before the words that are taken together. `rules`: those that speak of it."""

    role: str
    relation: str
    right: Right
    structure: str
    action: str
    rules: int


class Together:
    """Of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._mask = snapshot.table.mask
        self._structures = snapshot.vocabulary.values[Column.STRUCTURE]

    def size(self, case: Case) -> int:
        """How many questions it asks."""
        return case.size(self._structures)

    def of(self, case: Case) -> Iterator[Alike]:
        """In the order of the first of each: that of `Case.questions`."""
        for role, relation, right in product(case.roles, case.relations, case.rights):
            rules = self._mask(Column.ROLE, role) & self._mask(Column.RELATION, relation)
            for structure, many in self._places(case, relation, rules):
                here = rules & self._mask(Column.STRUCTURE, structure)
                for action in case.actions:
                    speaking = here & self._mask(Column.ACTION, action)
                    tie = _Tie(role, relation, right, structure, action, speaking)
                    yield from self._below(case, tie, many)

    def _places(self, case: Case, relation: str, rules: int) -> Iterable[tuple[str, int]]:
        """Structures with the same rules and the same hours: the first of them, and how many."""
        found: dict[Hashable, list[str]] = {}
        for word in case.places(relation, self._structures):
            hours = case.own_slots.get(word, case.slots)
            key = (rules & self._mask(Column.STRUCTURE, word), word == NO_STRUCTURE, hours)
            found.setdefault(key, []).append(word)
        return [(those[0], len(those)) for those in found.values()]

    def _below(self, case: Case, tie: _Tie, places: int) -> Iterator[Alike]:
        slots = case.own_slots.get(tie.structure, case.slots)
        those = product(
            self._classes(Column.CATEGORY, map(Word, case.categories), tie.rules),
            self._classes(Column.ZONE, case.zones, tie.rules),
            case.auths,
            self._classes(Column.SLOT, slots, tie.rules),
        )
        nowhere = tie.structure == NO_STRUCTURE
        same = (tie.role, tie.relation, tie.action, tie.rules, nowhere, tie.right, case.read_only)
        for category, zone, auth, slot in those:
            point = Point(
                tie.role, tie.relation, tie.action, category.first.text, tie.structure,
                zone.first.text, auth, slot.first.text,
            )  # fmt: skip
            told = tuple(word.told for word in (zone.first, slot.first) if word.told)
            key = (*same, category.rules, zone.rules, auth, slot.rules)
            many = places * category.many * zone.many * slot.many
            yield Alike(key, Asked(point, tie.right, told), many)

    def _classes(self, column: Column, words: Iterable[Word], rules: int) -> list[_Class]:
        found: dict[int, list[Word]] = {}
        for word in words:
            found.setdefault(rules & self._mask(column, word.text), []).append(word)
        return [_Class(bits, those[0], len(those)) for bits, those in found.items()]
