"""What is in a folder, as a front is given it: names at once, each entry when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, overload

from davserver.domain.drive import Entry
from davserver.domain.several import OfEntries, Several

_AT_ONCE = 256


class Below(Sequence[Entry]):
    """In the order of names; side files come last. Everything was read and decided before, in one
    transaction: making an entry asks nobody anything.
    """

    def __init__(
        self,
        members: Sequence[Any],
        entries_of: Callable[[Sequence[Any]], list[Entry]],
        beside: Sequence[Entry] = (),
        columns_of: Callable[[Sequence[Any]], Several] | None = None,
    ) -> None:
        """`members`: pairs, or longer, that begin with a name and whether it is a folder's.
        `entries_of` some of them, in one loop; `columns_of` them, where that is less work.
        """
        self._members = members
        self._entries_of = entries_of
        self._beside = beside
        self._columns_of = columns_of or (lambda some: OfEntries(entries_of(some)))

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Below":
        """Of entries that are there."""
        named = [(one.path.name, one.is_folder, one) for one in entries]
        return cls(named, lambda some: [one for *_, one in some])

    def with_beside(self, entries: Sequence[Entry]) -> "Below":
        if not entries:
            return self
        return Below(self._members, self._entries_of, entries, self._columns_of)

    def names(self) -> list[tuple[str, bool]]:
        """And whether it is a folder's, for each entry in turn."""
        beside = [(one.path.name, one.is_folder) for one in self._beside]
        return [*map(itemgetter(0, 1), self._members), *beside]

    def __len__(self) -> int:
        return len(self._members) + len(self._beside)

    def __iter__(self) -> Iterator[Entry]:
        return chain(
            chain.from_iterable(map(self._entries_of, self._parts(_AT_ONCE))), self._beside
        )

    def several(self, size: int) -> Iterator[Several]:
        """All of them, so many at a time: those before need not stay in memory."""
        yield from map(self._columns_of, self._parts(size))
        if self._beside:
            yield OfEntries(self._beside)

    def _parts(self, size: int) -> Iterator[Sequence[Any]]:
        for start in range(0, len(self._members), size):
            yield self._members[start : start + size]

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...

    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        count = len(self._members)
        if at < count:
            return self._entries_of(self._members[at : at + 1])[0]
        return self._beside[at - count]
