"""Bytes on their way in, counted, and on their way out, in pieces that suit a socket."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from davserver.domain.drive import Piece
from davserver.domain.errors import BadInput, TooLarge, Truncated, WrongChecksum
from davserver.http.malformed import Malformed

SKIPPED = 64 * 1024
"""Unread bytes of a body that are worth skipping to keep a connection."""

PIECE = 256 * 1024

_ENOUGH = PIECE // 2
"""Bytes that go out as they are: to gather more would copy them."""


class Source(Protocol):
    """`wsgi.input`, and more than PEP 3333 asks of it: what arrives goes to where it is worked on.

    `readinto` gives at least one byte, but for the end.
    """

    def read(self, size: int, /) -> bytes: ...

    def readinto(self, room: memoryview, /) -> int: ...


class Body:
    """A request's body. `length` is what Content-Length announced, None when it is chunked.

    Reads never pass the announced end, and an early end is Truncated, never an empty read: a cut
    upload must not look like a short one.
    """

    def __init__(self, source: Source, length: int | None) -> None:
        self._source = source
        self.length = length
        self.taken = 0
        self.ended = length == 0
        self.failure: Exception | None = None
        """What the server raised while reading: it has its own answer to that (408, 503)."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end only. Raises Truncated, Malformed."""
        if self.ended:
            return b""
        most = size if self.length is None else min(size, self.length - self.taken)
        try:
            piece = self._source.read(most)
        except Exception as error:
            self._note(error)
            raise
        self._took(len(piece))
        return piece

    def read_into(self, room: memoryview) -> int:
        """As `read`, what has arrived into the beginning of `room`; how many bytes."""
        if self.ended:
            return 0
        room = room if self.length is None else room[: self.length - self.taken]
        try:
            count = self._source.readinto(room)
        except Exception as error:
            self._note(error)
            raise
        self._took(count)
        return count

    def _took(self, count: int) -> None:
        self.taken += count
        if not count and self.length is not None:
            raise Truncated
        self.ended = not count or self.taken == self.length

    def whole(self, most: int) -> bytes:
        """All of it. Raises TooLarge beyond `most` bytes, before more than that is in memory."""
        if self.length is not None and self.length > most:
            raise TooLarge
        pieces = []
        while not self.ended and (piece := self.read(most + 1 - self.taken)):
            pieces.append(piece)
            if self.taken > most:
                raise TooLarge
        return b"".join(pieces)

    def is_empty(self) -> bool:
        """Reads one byte of a chunked body to know."""
        return self.ended or (self.length is None and not self.read(1))

    @property
    def keeps_connection(self) -> bool:
        """True when so little is left unread that the server skips it (RFC 9112 §9.3)."""
        return self.ended or (self.length is not None and self.length - self.taken <= SKIPPED)

    def _note(self, error: Exception) -> None:
        """Keeps what the server has an answer to; raises what means something to us."""
        if isinstance(error, (Truncated, BadInput, TooLarge)):
            self.failure = error
        elif isinstance(error, OSError):
            raise Truncated from error
        elif isinstance(error, ValueError):  # how a server says that chunks make no sense
            raise Malformed("The chunks of the body make no sense.") from error


class Incoming:
    """The body of a PUT, as the gate wants it (`davserver.domain.drive.Upload`).

    `announced` is `X-Expected-Entity-Length`, which Finder sends with a chunked body. `digests`
    are hashlib names with what the client says they are: checked before the last byte is given.
    """

    def __init__(
        self,
        body: Body,
        *,
        announced: int | None,
        media_type: str | None,
        modified: datetime | None,
        digests: dict[str, bytes],
    ) -> None:
        self._body = body
        self.length = body.length if body.length is not None else announced
        self.media_type = media_type
        self.modified = modified
        self.sha256 = digests.get("sha256")
        self._expected = digests
        self._running = [
            hashlib.new(name, usedforsecurity=False) for name in digests if name != "sha256"
        ]
        self._watched = body.length is None or bool(self._running)
        """Otherwise the body itself knows its end, and there is nothing to compare."""
        self._checked = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the announced end only.

        Raises Truncated, Malformed, WrongChecksum.
        """
        piece = self._body.read(size)
        if self._watched:
            self._took(piece)
        return piece

    def read_into(self, room: memoryview) -> int:
        """As `read`, what has arrived into the beginning of `room`; how many bytes."""
        count = self._body.read_into(room)
        if self._watched:
            self._took(room[:count])
        return count

    def _took(self, piece: bytes | memoryview) -> None:
        for running in self._running:
            running.update(piece)
        if (
            self.length is not None
            and self._body.taken >= self.length
            and self._body.length is None
        ):
            self._end_of_chunks()
        if self._body.ended and not self._checked:
            self._check()

    def _end_of_chunks(self) -> None:
        """The announced number of bytes is here: the last chunk must come next."""
        if self._body.taken > (self.length or 0) or self._body.read(1):
            raise Malformed("More bytes arrived than X-Expected-Entity-Length announced.")

    def _check(self) -> None:
        if self.length is not None and self._body.taken < self.length:
            raise Truncated
        for running in self._running:
            if not hmac.compare_digest(running.digest(), self._expected[running.name]):
                raise WrongChecksum
        self._checked = True


class Outgoing:
    """The bytes of a download, in pieces of about `PIECE` bytes; `close` is called at the end.

    The first piece is read when this is made: what is wrong by then still gets a proper status.
    What goes wrong later breaks off in the middle, so that nobody takes a part for the whole.
    """

    def __init__(self, pieces: Iterator[Piece], close: Callable[[], None]) -> None:
        self.close = close
        self._pieces = gathered(pieces)
        self._first = next(self._pieces, b"")

    def __iter__(self) -> Iterator[Piece]:
        try:
            if self._first:
                yield self._first
                self._first = b""
            yield from self._pieces
        finally:
            self.close()


class Closing:
    """A body after which something is to be done, whole or broken off."""

    def __init__(self, body: Iterable[Piece], after: Callable[[], None]) -> None:
        self._body = body
        self._after = after

    def __iter__(self) -> Iterator[Piece]:
        return iter(self._body)

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._after()


def gathered(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Fewer, larger writes: each is a system call, and a record of TLS or several. Views of what
    was just decrypted (`FileDownload.read`) stay views, unless they are small.
    """
    waiting: list[Piece] = []
    size = 0
    for piece in pieces:
        if len(piece) >= _ENOUGH:
            if waiting:
                yield _joined(waiting)
                waiting, size = [], 0
            yield piece
            continue
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield _joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(pieces: list[Piece]) -> Piece:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
