"""Files in a form (RFC 7578), each given to the gate while it arrives: nothing of it touches the
disk in the clear, and a connection that is cut leaves nothing (as PUT, DESIGN §2.4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from davserver.domain.errors import BadInput, TooLarge, Truncated
from davserver.http.media import clean_media_type
from davserver.http.streams import PIECE, Body
from davserver.web.forms import Fields

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

    def read(self, size: int) -> bytes:
        """Raises Truncated where the form ends in the middle."""
        del size  # what has arrived is at most one piece
        return self.arriving.more(self)

    def skip(self) -> None:
        while self.read(PIECE):
            pass


class Arriving:
    """One form with files, read from the front to the back. Small fields come before files."""

    def __init__(self, body: Body, boundary: bytes) -> None:
        self._body = body
        self._decoder = MultipartDecoder(boundary, max_form_memory_size=None, max_parts=_MOST_PARTS)
        self._values: dict[str, str] = {}
        self._waiting: File | None = None
        self._done = False

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
            part = Part(head.filename, clean_media_type(head.headers.get("Content-Type")), self)
            if head.filename:
                yield part
            part.skip()

    def more(self, part: Part) -> bytes:
        """The next bytes of that file, b"" at its end."""
        while not part.ended:
            event = self._next()
            if not isinstance(event, Data):
                raise BadInput("the form cannot be read")
            part.ended = not event.more_data
            if event.data:
                return bytes(event.data)
        return b""

    def _advance(self) -> None:
        """Up to the next file, or to the end."""
        while self._waiting is None and not self._done:
            match self._next():
                case Field(name=name):
                    self._values.setdefault(name, self._small())
                case File() as head:
                    self._waiting = head
                case Epilogue():
                    self._done = True
                case _:
                    pass  # what stands before the first boundary

    def _small(self) -> str:
        taken = b""
        while True:
            event = self._next()
            if not isinstance(event, Data):
                raise BadInput("the form cannot be read")
            taken += event.data
            if len(taken) > _MOST_FIELD:
                raise TooLarge
            if not event.more_data:
                return taken.decode("utf-8", "replace")

    def _next(self) -> object:
        try:
            while isinstance(event := self._decoder.next_event(), NeedData):
                piece = self._body.read(PIECE)
                self._decoder.receive_data(piece or None)
        except ValueError as wrong:
            # The decoder says so when the form ends before its last boundary.
            raise (Truncated() if self._body.ended else BadInput("no form of ours")) from wrong
        return event
