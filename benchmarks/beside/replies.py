"""Answers of HTTP/1.1 as they come in, piece by piece."""

from dataclasses import dataclass, field

_END_OF_HEAD = b"\r\n\r\n"


class Wrong(Exception):
    """A server did something else than the work asks for."""


@dataclass(slots=True)
class Reply:
    """One answer. `take` each piece until it says that all of it is there."""

    bodiless: bool = False
    status: int = 0
    closes: bool = False
    _head: dict[str, str] = field(default_factory=dict)
    _raw: bytearray = field(default_factory=bytearray)
    _length: int | None = None
    _chunked: bool = False
    _scanned: int = 0

    def take(self, piece: memoryview) -> bool:
        self._raw += piece
        return (bool(self.status) or self._begins()) and self._whole()

    def ended(self) -> bool:
        """The connection is over; whether that is an end of the answer too."""
        self.closes = True
        return bool(self.status) and self._length is None and not self._chunked

    def header(self, name: str) -> str:
        return self._head.get(name.lower(), "")

    @property
    def length(self) -> int | None:
        """As it was announced."""
        return self._length

    @property
    def received(self) -> memoryview:
        """What there is of the body so far."""
        return memoryview(self._raw)

    @property
    def body(self) -> bytes:
        return b"".join(self._chunks()) if self._chunked else bytes(self._raw)

    def _begins(self) -> bool:
        while (end := self._raw.find(_END_OF_HEAD)) >= 0:
            first, *lines = bytes(self._raw[:end]).decode("latin-1").split("\r\n")
            del self._raw[: end + len(_END_OF_HEAD)]
            status = int(first.split(" ", 2)[1])
            if status >= 200:  # else an interim answer (RFC 9110 §15.2)
                self._read_head(status, lines)
                return True
        return False

    def _read_head(self, status: int, lines: list[str]) -> None:
        pairs = (line.partition(":") for line in lines)
        self._head = {name.lower(): value.strip() for name, _, value in pairs}
        self.status = status
        self.closes = self.header("connection").lower() == "close"
        self._chunked = self.header("transfer-encoding").lower() == "chunked"
        length = self.header("content-length")
        self._length = int(length) if length else None
        if self.bodiless or status in {204, 304}:
            self._length, self._chunked = 0, False

    def _whole(self) -> bool:
        if self._chunked:
            return self._last_chunk()
        return self._length is not None and len(self._raw) >= self._length

    def _last_chunk(self) -> bool:
        while (line := self._raw.find(b"\r\n", self._scanned)) >= 0:
            size = int(self._raw[self._scanned : line].split(b";")[0], 16)
            end = line + 2 + size + 2
            if len(self._raw) < end:
                return False
            self._scanned = end
            if size == 0:
                return True
        return False

    def _chunks(self) -> list[bytes]:
        pieces: list[bytes] = []
        at = 0
        while True:
            line = self._raw.find(b"\r\n", at)
            size = int(self._raw[at:line].split(b";")[0], 16)
            if size == 0:
                return pieces
            pieces.append(bytes(self._raw[line + 2 : line + 2 + size]))
            at = line + 2 + size + 2
