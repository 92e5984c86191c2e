"""Bodies are counted: a cut one never looks like a short one."""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from davserver.domain.errors import Damaged, TooLarge, Truncated, WrongChecksum
from davserver.http.malformed import Malformed
from davserver.http.streams import PIECE, Body, Closing, Incoming, Outgoing


class Sluggish:
    """Gives one byte at a time, as a slow network may."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, 1))

    def readinto(self, room: memoryview, /) -> int:
        return self._data.readinto(room[:1])


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _: int, /) -> bytes:
        raise self._error

    def readinto(self, _: memoryview, /) -> int:
        raise self._error


Take = Callable[[Body | Incoming, int], bytes]


def _given(body: Body | Incoming, size: int) -> bytes:
    return body.read(size)


def _into_a_room(body: Body | Incoming, size: int) -> bytes:
    room = bytearray(b"?" * size)
    count = body.read_into(memoryview(room))
    assert set(room[count:]) <= {ord("?")}
    return bytes(room[:count])


@pytest.fixture(params=[_given, _into_a_room])
def take(request: pytest.FixtureRequest) -> Take:
    """Both ways to read."""
    found: Take = request.param
    return found


def _read_all(body: Body | Incoming, size: int = 4, take: Take = _given) -> bytes:
    return b"".join(iter(lambda: take(body, size), b""))


def _incoming(data: bytes, length: int | None, announced: int | None = None, **digests: bytes):
    return Incoming(
        Body(Sluggish(data), length),
        announced=announced,
        media_type=None,
        modified=None,
        digests=digests,
    )


@pytest.mark.parametrize("length", [7, None])
def test_a_body_is_read_to_its_end(length: int | None, take: Take) -> None:
    body = Body(Sluggish(b"bonjour"), length)
    assert _read_all(body, 4, take) == b"bonjour"
    assert take(body, 4) == b""
    assert body.ended
    assert body.keeps_connection


def test_what_comes_after_the_announced_end_is_left_alone(take: Take) -> None:
    source = io.BytesIO(b"bonjourGET /next")
    assert _read_all(Body(source, 7), 4, take) == b"bonjour"
    assert source.read() == b"GET /next"


def test_an_early_end_is_an_error(take: Take) -> None:
    with pytest.raises(Truncated):
        _read_all(Body(io.BytesIO(b"bon"), 7), 4, take)


def test_a_broken_connection_is_an_early_end(take: Take) -> None:
    with pytest.raises(Truncated):
        take(Body(Broken(ConnectionResetError()), 7), 1)


def test_chunks_that_make_no_sense_are_malformed(take: Take) -> None:
    with pytest.raises(Malformed):
        take(Body(Broken(ValueError("bad chunk size")), None), 1)


def test_what_the_server_raised_is_remembered(take: Take) -> None:
    cut = Truncated("too slow")
    body = Body(Broken(cut), 7)
    with pytest.raises(Truncated):
        take(body, 1)
    assert body.failure is cut


def test_a_whole_body_has_a_limit_whether_it_says_its_length_or_not() -> None:
    assert Body(Sluggish(b"1234"), None).whole(4) == b"1234"
    for length in (5, None):
        with pytest.raises(TooLarge):
            Body(Sluggish(b"12345"), length).whole(4)


def test_a_refusal_of_a_long_body_reads_nothing() -> None:
    source = io.BytesIO(b"x" * 10)
    with pytest.raises(TooLarge):
        Body(source, 10).whole(4)
    assert source.tell() == 0


def test_a_connection_is_kept_only_when_little_is_left_to_skip() -> None:
    assert Body(io.BytesIO(), 64 * 1024).keeps_connection
    assert not Body(io.BytesIO(), 64 * 1024 + 1).keeps_connection
    assert not Body(io.BytesIO(), None).keeps_connection


def test_no_body_is_empty_and_so_is_a_chunked_one_without_chunks() -> None:
    assert Body(io.BytesIO(), 0).is_empty()
    assert Body(io.BytesIO(), None).is_empty()
    assert not Body(io.BytesIO(b"x"), 1).is_empty()
    assert not Body(io.BytesIO(b"x"), None).is_empty()


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_chunked_upload_may_announce_its_length(size: int, take: Take) -> None:
    upload = _incoming(b"bonjour", None, 7)
    assert upload.length == 7
    assert _read_all(upload, size, take) == b"bonjour"


@pytest.mark.parametrize(("announced", "error"), [(8, Truncated), (6, Malformed), (0, Malformed)])
def test_a_chunked_upload_of_another_length_is_refused(
    announced: int, error: type[Exception], take: Take
) -> None:
    with pytest.raises(error):
        _read_all(_incoming(b"bonjour", None, announced), 4, take)


def test_content_length_wins_over_an_announcement() -> None:
    upload = _incoming(b"bonjour", 7, 99)
    assert upload.length == 7
    assert _read_all(upload) == b"bonjour"


@pytest.mark.parametrize("length", [7, None])
@pytest.mark.parametrize("name", ["sha1", "md5"])
def test_a_wrong_checksum_is_found_before_the_end_is_told(
    name: str, length: int | None, take: Take
) -> None:
    right = hashlib.new(name, b"bonjour", usedforsecurity=False).digest()
    assert _read_all(_incoming(b"bonjour", length, **{name: right}), 4, take) == b"bonjour"
    with pytest.raises(WrongChecksum):
        _read_all(_incoming(b"bonsoir", length, **{name: right}), 4, take)


def test_the_checksum_of_an_empty_upload_is_checked_too() -> None:
    with pytest.raises(WrongChecksum):
        _incoming(b"", 0, sha1=bytes(20)).read(1)


def test_sha_256_is_left_to_the_vault() -> None:
    assert _incoming(b"bonjour", 7, sha256=bytes(32)).sha256 == bytes(32)


def _pieces(count: int, size: int, error: Exception | None = None) -> Iterator[bytes]:
    """Equal pieces of a download that may break in the middle."""
    for number in range(count):
        yield bytes([number]) * size
    if error:
        raise error


def test_a_download_comes_in_large_pieces_and_is_closed() -> None:
    closed: list[bool] = []
    pieces = list(Outgoing(_pieces(10, PIECE // 4), lambda: closed.append(True)))
    assert [len(piece) for piece in pieces] == [PIECE, PIECE, PIECE // 2]
    assert b"".join(pieces) == b"".join(_pieces(10, PIECE // 4))
    assert closed


def test_large_pieces_are_not_copied_and_stay_in_their_order() -> None:
    large = [memoryview(bytes([number]) * (PIECE - 7)) for number in range(2)]
    given = [b"a", b"b", large[0], b"c", large[1], memoryview(b"end")]
    got = list(Outgoing(iter(given), lambda: None))  # type: ignore[arg-type]
    assert [bytes(one[:3]) for one in got] == [b"ab", b"\0" * 3, b"c", b"\1" * 3, b"end"]
    assert got[1] is large[0]
    assert got[3] is large[1]


def test_damage_at_the_beginning_is_known_before_the_answer_begins() -> None:
    with pytest.raises(Damaged):
        Outgoing(_pieces(0, 0, Damaged()), lambda: None)


def test_damage_later_breaks_the_download_off() -> None:
    closed: list[bool] = []
    pieces = iter(Outgoing(_pieces(2, PIECE, Damaged()), lambda: closed.append(True)))
    assert [len(next(pieces)), len(next(pieces))] == [PIECE, PIECE]
    with pytest.raises(Damaged):
        next(pieces)
    assert closed


def test_an_abandoned_download_is_closed() -> None:
    closed: list[bool] = []
    pieces = iter(Outgoing(_pieces(3, PIECE), lambda: closed.append(True)))
    next(pieces)
    del pieces
    assert closed


@pytest.mark.parametrize("failing", [False, True])
def test_what_is_to_be_done_after_a_body_is_done_even_if_that_fails(*, failing: bool) -> None:
    done: list[str] = []

    class Parts(list[bytes]):
        def close(self) -> None:
            done.append("closed")
            if failing:
                raise Damaged

    body = Closing(Parts([b"a", b"b"]), lambda: done.append("after"))
    assert b"".join(body) == b"ab"
    assert done == []
    with pytest.raises(Damaged) if failing else nullcontext():
        body.close()
    assert done == ["closed", "after"]
