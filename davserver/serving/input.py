"""`wsgi.input`: the body as the application reads it."""

import sys
from collections.abc import Callable, Iterator

from davserver.domain.errors import BadInput, TooLarge, Truncated
from davserver.serving.bodies import Body
from davserver.serving.wire import BLOCK, Cut, Gone

_TEXTS = {
    Cut.EOF: "the connection closed before the whole body had arrived",
    Cut.RESET: "the connection broke before the whole body had arrived",
    Cut.SLOW: "the body arrived too slowly",
    Cut.STOPPING: "the server is stopping",
}


class Input:
    """Raises Truncated when the body ends early, on that read and on every later one.

    BadInput and TooLarge come from a chunked body that breaks its own rules. An empty result means
    that the whole body has been read, and nothing else.
    """

    def __init__(self, body: Body, before_first: Callable[[], None] | None) -> None:
        self._body = body
        self._before_first = before_first
        self._rest = b""
        self.failure: BadInput | TooLarge | None = None
        self.cut: Cut | None = None

    @property
    def asked(self) -> bool:
        """Whether the client was told to go on, or did not ask (RFC 9110 §10.1.1)."""
        return self._before_first is None

    def read(self, size: int | None = -1) -> bytes:
        left = sys.maxsize if size is None or size < 0 else size
        pieces = []
        while left and (piece := self._some(left)):
            pieces.append(piece)
            left -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readinto(self, room: memoryview) -> int:
        """What has arrived, into the beginning of `room`: at least one byte, but for the end."""
        if self._rest:
            piece = self._some(len(room))
            room[: len(piece)] = piece
            return len(piece)
        try:
            self._go_on()
            return self._body.into(room)
        except (Gone, BadInput, TooLarge) as error:
            failure = self._failed(error)
        raise failure

    def readline(self, size: int | None = -1) -> bytes:
        left = sys.maxsize if size is None or size < 0 else size
        pieces = []
        while left and (piece := self._some(min(left, BLOCK))):
            end = piece.find(b"\n") + 1
            if end:
                self._rest = piece[end:] + self._rest
                piece = piece[:end]
            pieces.append(piece)
            left -= len(piece)
            if end:
                break
        return b"".join(pieces)

    def readlines(self, hint: int | None = None) -> list[bytes]:
        lines = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint and total >= hint:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _some(self, limit: int) -> bytes:
        if self._rest:
            data, self._rest = self._rest[:limit], self._rest[limit:]
            return data
        try:
            self._go_on()
            return self._body.some(min(limit, BLOCK))
        except (Gone, BadInput, TooLarge) as error:
            failure = self._failed(error)
        raise failure

    def _go_on(self) -> None:
        """Before the body is asked. Raises `failure`, once there is one."""
        if self.failure is not None:
            raise self.failure
        if self._before_first is not None:
            announce, self._before_first = self._before_first, None
            announce()

    def _failed(self, error: Gone | BadInput | TooLarge) -> BadInput | TooLarge:
        if isinstance(error, Gone):
            self.cut = error.cut
            self.failure = Truncated(_TEXTS[error.cut])
        else:
            self.failure = error
        return self.failure
