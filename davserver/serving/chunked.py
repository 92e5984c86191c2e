"""A chunked request body, read as RFC 9112 §7.1 writes it and no other way."""

import re

from davserver.domain.errors import BadInput, TooLarge
from davserver.serving.rates import Pace
from davserver.serving.wire import Wire

SIZE_LINE_BYTES = 1024
EXTENSION_BYTES = 16 * 1024
TRAILER_BYTES = 8 * 1024

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})([ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILER_LINE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*\r\n")


class ChunkedBody:
    """Streams chunks of any size; a premature end is an error, never an end of file.

    Extensions are ignored and trailers dropped, both up to a bound for the whole body. At most
    `body_bytes` of content. Raises Gone, BadInput for a bad size or line, TooLarge.
    """

    def __init__(self, wire: Wire, body_bytes: int, pace: Pace) -> None:
        self._wire = wire
        self._pace = pace
        self._allowed = body_bytes
        self._extensions = EXTENSION_BYTES
        self._in_chunk = 0
        self._first = True
        self.complete = False

    @property
    def unread(self) -> int | None:
        return 0 if self.complete else None

    def some(self, limit: int) -> bytes:
        if not self._is_in_chunk():
            return b""
        data = self._wire.take(min(limit, self._in_chunk), self._pace)
        self._in_chunk -= len(data)
        return data

    def into(self, room: memoryview) -> int:
        if not self._is_in_chunk():
            return 0
        count = self._wire.take_into(room[: self._in_chunk], self._pace)
        self._in_chunk -= count
        return count

    def _is_in_chunk(self) -> bool:
        """Whether there are bytes to come."""
        if not self.complete and self._in_chunk == 0:
            self._open_chunk()
        return not self.complete

    def _open_chunk(self) -> None:
        if not self._first:
            self._end_chunk()
        self._first = False
        size = self._read_size()
        if size > self._allowed:
            raise TooLarge("the request body is larger than this server takes")
        self._allowed -= size
        self._in_chunk = size
        if size == 0:
            self._drop_trailers()
            self.complete = True

    def _end_chunk(self) -> None:
        if self._line(2) != b"\r\n":
            raise BadInput("a chunk is longer than its size says")

    def _read_size(self) -> int:
        found = _SIZE_LINE.fullmatch(self._line(SIZE_LINE_BYTES))
        if not found:
            raise BadInput("a chunk has no proper size")
        self._extensions -= len(found[2] or b"")
        if self._extensions < 0:
            raise BadInput("the chunks carry too many extensions")
        return int(found[1], 16)

    def _drop_trailers(self) -> None:
        left = TRAILER_BYTES
        while (line := self._line(left)) != b"\r\n":
            left -= len(line)
            if left < len(b"\r\n") or not _TRAILER_LINE.fullmatch(line):
                raise BadInput("the trailers are malformed or too large")

    def _line(self, limit: int) -> bytes:
        line = self._wire.take_line(limit, self._pace)
        if line is None:
            raise BadInput("a line of the chunked body is too long")
        return line
