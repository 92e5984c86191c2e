"""Why not, and what would help: the smallest change of circumstances that turns a no into a yes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

from davserver.domain.actions import Zone
from davserver.domain.errors import Reason
from policies.table import Table
from policies.vocabulary import CIRCUMSTANCES, Column, Point, Vocabulary

REASONS: dict[Column, Reason] = {
    Column.AUTH: Reason.AUTH_TOO_WEAK,
    Column.ZONE: Reason.NETWORK,
    Column.SLOT: Reason.OUTSIDE_HOURS,
    Column.CATEGORY: Reason.CATEGORY,
}
"""What is told for the column that would have to change. Nothing else is anybody's to change."""


@dataclass(frozen=True, slots=True)
class Change:
    """Another word in one column."""

    column: Column
    word: str


def nearest_change(
    point: Point, vocabulary: Vocabulary, would_allow: Callable[[Point], bool]
) -> tuple[Change, ...]:
    """The fewest changes after which `would_allow` holds; empty when nothing helps.

    Tried in this order: one circumstance (sign-in, network, hour), the category, two circumstances,
    three. Only stronger sign-ins count, and nobody is sent to a blocked network.
    """
    for columns in _column_sets():
        for words in product(*(_others(point, column, vocabulary) for column in columns)):
            changed = point
            for column, word in zip(columns, words, strict=True):
                changed = changed.with_word(column, word)
            if would_allow(changed):
                return tuple(map(Change, columns, words))
    return ()


def reason_for(point: Point, vocabulary: Vocabulary, table: Table) -> Reason:
    """The code of a refusal by rules: what would have to change first, else `policy`."""
    change = nearest_change(point, vocabulary, lambda other: table.decide(other)[0])
    return REASONS[change[0].column] if change else Reason.POLICY


def _column_sets() -> Iterator[tuple[Column, ...]]:
    yield from combinations(CIRCUMSTANCES, 1)
    yield (Column.CATEGORY,)
    yield from combinations(CIRCUMSTANCES, 2)
    yield CIRCUMSTANCES


def _others(point: Point, column: Column, vocabulary: Vocabulary) -> tuple[str, ...]:
    values = vocabulary.values[column]
    now = point[tuple(Column).index(column)]
    if column is Column.AUTH:
        return values[values.index(now) + 1 :] if now in values else values
    return tuple(word for word in values if word not in {now, Zone.BLOCKED})
