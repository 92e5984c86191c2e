"""What is in a folder, as a front is given it: names at once, each entry when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, overload

from davserver.domain.drive import Entry

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
    ) -> None:
        """`members`: pairs, or longer, that begin with a name and whether it is a folder's.
        `entries_of` some of them, in one loop.
        """
        self._members = members
        self._entries_of = entries_of
        self._beside = beside

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Below":
        """Of entries that are there."""
        named = [(one.path.name, one.is_folder, one) for one in entries]
        return cls(named, lambda some: [one for *_, one in some])

    def with_beside(self, entries: Sequence[Entry]) -> "Below":
        return Below(self._members, self._entries_of, entries) if entries else self

    def names(self) -> list[tuple[str, bool]]:
        """And whether it is a folder's, for each entry in turn."""
        beside = [(one.path.name, one.is_folder) for one in self._beside]
        return [*map(itemgetter(0, 1), self._members), *beside]

    def __len__(self) -> int:
        return len(self._members) + len(self._beside)

    def __iter__(self) -> Iterator[Entry]:
        return chain.from_iterable(self.batches(_AT_ONCE))

    def batches(self, size: int) -> Iterator[Sequence[Entry]]:
        """All of them, so many at a time: those before need not stay in memory."""
        for start in range(0, len(self._members), size):
            yield self._entries_of(self._members[start : start + size])
        if self._beside:
            yield self._beside

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
