"""Files in a form (RFC 7578), each given to the gate while it arrives: nothing of it touches the
disk in the clear, and a connection that is cut leaves nothing (as PUT, DESIGN §2.4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from davserver.domain.errors import BadInput, TooLarge, Truncated
from davserver.http.media import clean_media_type
from davserver.http.streams import PIECE, Body
from davserver.web.forms import Fields

FILES = frozenset({"files", "photo"})
"""The fields of our forms that hold them, whether the browser has a name for one or not."""

_MOST_PARTS = 1000
_MOST_FIELD = 64 * 1024


@dataclass(slots=True)
class Part:
    """A file on its way in: an `Upload` of the gate. Its length is known when it has arrived."""

    name: str
    media_type: str | None
    arriving: "Arriving"
    length: int | None = None
    modified: datetime | None = None
    sha256: bytes | None = None
    ended: bool = False
    _ahead: bytes = b""

    def read(self, size: int) -> bytes:
        """Raises Truncated where the form ends in the middle."""
        del size  # what has arrived is at most one piece
        ahead, self._ahead = self._ahead, b""
        return ahead or self.arriving.more(self)

    def read_into(self, room: memoryview) -> int:
        piece = self.read(len(room))
        taken, self._ahead = piece[: len(room)], piece[len(room) :]
        room[: len(taken)] = taken
        return len(taken)

    def is_empty(self) -> bool:
        self._ahead = self._ahead or self.arriving.more(self)
        return not self._ahead

    def skip(self) -> None:
        while self.read(PIECE):
            pass


class Arriving:
    """One form with files, read from the front to the back. Small fields come before files."""

    def __init__(self, body: Body, boundary: str) -> None:
        self._body = body
        self._parser = PushMultipartParser(
            boundary, max_segment_count=_MOST_PARTS, header_charset="utf-8"
        )
        self._events = self._parsed()
        self._values: dict[str, str] = {}
        self._waiting: MultipartSegment | None = None

    def fields(self) -> Fields:
        """Those before the first file."""
        self._advance()
        return Fields(self._values)

    def parts(self) -> Iterator[Part]:
        """Each file in turn. One that was not read to its end is skipped."""
        while True:
            self._advance()
            if self._waiting is None:
                return
            head, self._waiting = self._waiting, None
            part = Part(head.filename or "", clean_media_type(head.content_type), self)
            if part.name or not part.is_empty():  # else none was chosen
                yield part
            part.skip()

    def more(self, part: Part) -> bytes:
        """The next bytes of that file, b"" at its end."""
        while not part.ended:
            event = next(self._events, None)
            if event is None:
                part.ended = True
            elif event:
                return bytes(cast("bytes", event))
        return b""

    def _advance(self) -> None:
        """Up to the next file, or to the end."""
        for event in self._events if self._waiting is None else ():
            head = cast("MultipartSegment", event)
            if head.filename is not None or head.name in FILES:
                self._waiting = head
                return
            self._values.setdefault(head.name or "", self._small())

    def _small(self) -> str:
        taken = b""
        while (event := next(self._events, None)) is not None:
            taken += cast("bytes", event)
            if len(taken) > _MOST_FIELD:
                raise TooLarge
        return taken.decode("utf-8", "replace")

    def _parsed(self) -> Iterator[MultipartSegment | bytes | bytearray | None]:
        """A head, then its bytes in pieces, then None; and so on."""
        try:
            while piece := self._body.read(PIECE):
                yield from self._parser.parse(piece)
        except MultipartError as wrong:
            raise BadInput("no form of ours") from wrong
        try:
            self._parser.close()  # type: ignore[no-untyped-call]  # the library has no types
        except MultipartError as wrong:
            # Complete as a request, but the form's last boundary has not come.
            raise Truncated from wrong
