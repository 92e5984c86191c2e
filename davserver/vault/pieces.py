"""An upload in pieces of whole chunks, each in memory that the caller lends: what arrives is
written to where it is hashed and sealed, and copied nowhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from davserver.domain.drive import Upload


@dataclass(frozen=True, slots=True)
class Piece:
    """The first `length` bytes of `room`. `followed`: they are not the last of the upload."""

    room: memoryview
    length: int
    followed: bool

    @property
    def plain(self) -> memoryview:
        return self.room[: self.length]


def pieces(
    upload: Upload,
    first: bytes,
    room: Callable[[], memoryview],
    measure: Callable[[memoryview], None],
) -> Iterator[Piece]:
    """`first`, which was read before, and all that follows. Each piece fills its room, but for the
    last one; it comes when the next one has begun, so that it is known whether there is one.

    `measure` gets every byte as soon as it is there.
    """
    here, filled = room(), len(first)
    here[:filled] = first
    measure(here[:filled])
    while filled:
        filled += _fill(upload, here[filled:], measure)
        if filled < len(here):
            yield Piece(here, filled, followed=False)
            return
        following = room()
        begun = _take(upload, following, measure)
        yield Piece(here, filled, followed=begun > 0)
        here, filled = following, begun


def _fill(upload: Upload, room: memoryview, measure: Callable[[memoryview], None]) -> int:
    """Until it is full, or the upload ends; how many bytes."""
    filled = 0
    while filled < len(room):
        count = _take(upload, room[filled:], measure)
        if not count:
            break
        filled += count
    return filled


def _take(upload: Upload, room: memoryview, measure: Callable[[memoryview], None]) -> int:
    count = upload.read_into(room)
    measure(room[:count])
    return count
