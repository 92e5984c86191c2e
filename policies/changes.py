"""Why not, and what would help: the smallest change of circumstances that turns a no into a yes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

from davserver.domain.actions import Strength, Zone
from davserver.domain.errors import Reason
from davserver.domain.remedies import Remedy
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

    Tried in this order: one circumstance (sign-in, network, hour), two, three; then the category,
    which is in nobody's hands who asks. Only stronger sign-ins count, and nobody is sent to a
    blocked network.
    """
    for columns in _column_sets():
        for words in product(*(_others(point, column, vocabulary) for column in columns)):
            changed = point
            for column, word in zip(columns, words, strict=True):
                changed = changed.with_word(column, word)
            if would_allow(changed):
                return tuple(map(Change, columns, words))
    return ()


@dataclass(frozen=True, slots=True)
class WayOut:
    """How a no would become a yes: the code that is told for it, and the words behind. `slots`:
    those in which it would be allowed, where it is the hour that has to change.
    """

    reason: Reason
    remedy: Remedy | None = None
    slots: frozenset[str] = frozenset()


def way_out(point: Point, vocabulary: Vocabulary, would_allow: Callable[[Point], bool]) -> WayOut:
    """By the nearest change; the reason is `policy` where nothing helps."""
    changes = nearest_change(point, vocabulary, would_allow)
    if not changes:
        return WayOut(Reason.POLICY)
    reason, words = REASONS[changes[0].column], {one.column: one.word for one in changes}
    for change in changes:
        point = point.with_word(change.column, change.word)
    if Column.ZONE in words:
        # The nearest one is the office; whoever is on a blocked network may do with less.
        zones = [zone for zone in _EASIEST_FIRST if would_allow(point.with_word(Column.ZONE, zone))]
        words[Column.ZONE] = zones[0]
        point = point.with_word(Column.ZONE, zones[0])
    slots = [
        slot
        for slot in vocabulary.values[Column.SLOT]
        if Column.SLOT in words and would_allow(point.with_word(Column.SLOT, slot))
    ]
    return WayOut(reason, _remedy(words), frozenset(slots))


_EASIEST_FIRST = (Zone.INTERNET, Zone.VPN, Zone.OFFICE)


def _remedy(words: dict[Column, str]) -> Remedy | None:
    """None where only the category would help: nobody makes another document of this one."""
    if not words.keys() & set(CIRCUMSTANCES):
        return None
    return Remedy(
        strength=Strength(words[Column.AUTH]) if Column.AUTH in words else None,
        zone=Zone(words[Column.ZONE]) if Column.ZONE in words else None,
        hours=Column.SLOT in words,
    )


def _column_sets() -> Iterator[tuple[Column, ...]]:
    for many in range(1, len(CIRCUMSTANCES) + 1):
        yield from combinations(CIRCUMSTANCES, many)
    yield (Column.CATEGORY,)


def _others(point: Point, column: Column, vocabulary: Vocabulary) -> tuple[str, ...]:
    values = vocabulary.values[column]
    now = point[tuple(Column).index(column)]
    if column is Column.AUTH:
        return values[values.index(now) + 1 :] if now in values else values
    return tuple(word for word in values if word not in {now, Zone.BLOCKED})
