"""The closed vocabulary: every word that Casbin may ever see.

Names never reach Casbin: its role manager would keep each one for ever, and a name could be made to
look like a word.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from davserver.domain.actions import Action, Category, Relation, Strength, Zone
from davserver.domain.people import Role, StructureKind

ANY = "*"
NO_STRUCTURE = "none"
"""The structure word of whoever acts for no structure: owners, administrators, and others."""
CLOSED = "closed"
"""The slot word outside of every slot of calendars.csv."""

WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Column(StrEnum):
    """The attributes of a request, in the order of rules.csv."""

    ROLE = "role"
    RELATION = "relation"
    ACTION = "action"
    CATEGORY = "category"
    STRUCTURE = "structure"
    ZONE = "zone"
    AUTH = "auth"
    SLOT = "slot"


CIRCUMSTANCES = (Column.AUTH, Column.ZONE, Column.SLOT)
"""What may change within minutes, and so must not change what is seen (DESIGN §2.2)."""

FIXED: dict[Column, tuple[str, ...]] = {
    Column.ROLE: tuple(Role),
    Column.RELATION: tuple(Relation),
    Column.ACTION: tuple(Action),
    Column.CATEGORY: tuple(Category),
    Column.STRUCTURE: (*StructureKind, NO_STRUCTURE),
    Column.ZONE: tuple(Zone),
    Column.AUTH: tuple(Strength),
    Column.SLOT: (CLOSED,),
}
"""The words that exist whatever the files say. Files add structures (slugs), slots and groups."""

KNOWN_GROUPS: dict[Column, tuple[str, ...]] = {
    Column.ACTION: ("consult", "modify", "remove", "use"),
    Column.CATEGORY: ("ordinary", "sensitive"),
}
"""Groups that the guides speak of: allowed to stand unused. Any other group must be used."""


class Point(NamedTuple):
    """The attributes of one question, each a word of the vocabulary, in the order of `Column`."""

    role: str
    relation: str
    action: str
    category: str
    structure: str
    zone: str
    auth: str
    slot: str

    def with_word(self, column: Column, word: str) -> "Point":
        return self._replace(**{column.value: word})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`values`: what a request may hold, per column. `accepts`: for each word that a rule may use
    (a value, a group or `*`) the values that it stands for.
    """

    values: Mapping[Column, tuple[str, ...]]
    accepts: Mapping[Column, Mapping[str, frozenset[str]]]

    def knows(self, point: Point) -> bool:
        return all(word in self.values[column] for column, word in zip(Column, point, strict=True))

    def accepts_all(self, column: Column, word: str) -> bool:
        return len(self.accepts[column][word]) == len(self.values[column])


Edges = Mapping[str, tuple[str, ...]]
"""Member → the groups that it is directly in."""


def build_vocabulary(
    groups: Mapping[Column, Edges], slugs: tuple[str, ...], slots: tuple[str, ...]
) -> Vocabulary:
    """The words of one set of files. `groups` must be free of cycles."""
    values = dict(FIXED)
    values[Column.STRUCTURE] = (*FIXED[Column.STRUCTURE], *slugs)
    values[Column.SLOT] = (*slots, CLOSED)
    accepts = {column: _accepted(words, groups.get(column, {})) for column, words in values.items()}
    return Vocabulary(values, accepts)


def _accepted(values: tuple[str, ...], edges: Edges) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {value: {value} for value in values}
    for value in values:
        for group in ancestors(value, edges):
            found.setdefault(group, set()).add(value)
    # A group without a value is still a word: it accepts nothing.
    for groups in edges.values():
        for group in groups:
            found.setdefault(group, set())
    return {ANY: frozenset(values)} | {word: frozenset(those) for word, those in found.items()}


def ancestors(word: str, edges: Edges) -> frozenset[str]:
    """Every group that `word` is in, directly or through other groups."""
    seen: set[str] = set()
    waiting = list(edges.get(word, ()))
    while waiting:
        group = waiting.pop()
        if group not in seen:
            seen.add(group)
            waiting.extend(edges.get(group, ()))
    return frozenset(seen)
