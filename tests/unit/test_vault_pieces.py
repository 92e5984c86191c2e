"""An upload cut into pieces that fill the memory they are given."""

import io
from collections.abc import Callable

import pytest

from davserver.vault.pieces import Piece, pieces

ROOM = 8


class Trickle:
    """As an upload gives its bytes: at most so many at a time. It is not asked after its end."""

    length: int | None = None
    media_type = modified = sha256 = None

    def __init__(self, plain: bytes, at_most: int) -> None:
        self._source = io.BytesIO(plain)
        self._at_most = at_most
        self._ended = False

    def read(self, size: int) -> bytes:
        raise AssertionError(size)

    def read_into(self, room: memoryview) -> int:
        assert len(room)
        assert not self._ended
        count = self._source.readinto(room[: self._at_most])
        self._ended = not count
        return count


def cut(first: bytes, rest: bytes, at_most: int) -> tuple[list[tuple[bytes, bool]], bytes]:
    measured = bytearray()

    def measure(some: memoryview) -> None:
        measured.extend(some)

    room: Callable[[], memoryview] = lambda: memoryview(bytearray(ROOM))  # noqa: E731
    found = pieces(Trickle(rest, at_most), first, room, measure)
    return [(bytes(one.plain), one.followed) for one in found], bytes(measured)


@pytest.mark.parametrize("at_most", [1, 3, 100])
@pytest.mark.parametrize("size", [3, 4, 7, 8, 9, 15, 16, 17, 24, 31])
def test_each_fills_its_room_but_for_the_last_and_knows_whether_more_follows(
    size: int, at_most: int
) -> None:
    plain = bytes(range(size))
    got, measured = cut(plain[:3], plain[3:], at_most)
    expected = [plain[start : start + ROOM] for start in range(0, size, ROOM)]
    assert [piece for piece, _ in got] == expected
    assert [followed for _, followed in got] == [True] * (len(got) - 1) + [False]
    assert measured == plain


def test_what_was_read_before_may_fill_a_room() -> None:
    assert cut(b"12345678", b"", 5)[0] == [(b"12345678", False)]
    assert cut(b"12345678", b"9", 5)[0] == [(b"12345678", True), (b"9", False)]


def test_a_piece_is_the_beginning_of_its_room() -> None:
    assert bytes(Piece(memoryview(b"abcdef"), 2, followed=False).plain) == b"ab"
