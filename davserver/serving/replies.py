"""The answer as bytes: its body never looks complete when it is not."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic

from davserver.serving.rates import Pace
from davserver.serving.wire import Wire

SERVER_NAME = "Abri"

RETRY_SECONDS = 5
"""What a client is told to wait when there is no room, or the server is stopping."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\u0100-\U0010ffff]*")
_STATUS = re.compile(r"[2-5]\d\d( [^\x00-\x1f\x7f]*)?")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)

# Ours to send (RFC 9110 §7.6.1); an application's `Connection: close` is obeyed, then sent by us.
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "trailer", "upgrade", "te"})


class BadReply(Exception):
    """The application broke WSGI or its own Content-Length; the text never carries its values."""


@dataclass(frozen=True)
class Asked:
    """What the request says about its answer."""

    method: str
    version: str
    request_id: str
    keep: Callable[[], bool]
    """Whether the connection can carry another request, asked when the head is sent."""


class Reply:
    """One answer on its way. `status` is 0 until the application has named one."""

    def __init__(self, wire: Wire, asked: Asked, pace: Pace) -> None:
        self._wire = wire
        self._asked = asked
        self._pace = pace
        self._headers: list[tuple[str, str]] = []
        self._line = ""
        self._length: int | None = None
        self._left: int | None = None
        self._chunked = False
        self._tail = b""
        self._close_asked = False
        self.status = 0
        self.begun = False
        self.keeps = False

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        """Takes status and headers, sends nothing yet. Raises BadReply."""
        if not _STATUS.fullmatch(status):
            raise BadReply("bad status")
        self._headers = []
        self._length = None
        self._close_asked = False
        for name, value in headers:
            self._take_header(name, value)
        self._line = status
        self.status = int(status[:3])

    def _take_header(self, name: str, value: str) -> None:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise BadReply("bad header")
        lower = name.lower()
        if lower in _OURS:
            self._close_asked |= lower == "connection" and "close" in value.lower()
        elif lower != "content-length":
            self._headers.append((name, value))
        elif self._length is not None or not _LENGTH.fullmatch(value):
            raise BadReply("bad Content-Length")
        else:
            self._length = int(value)

    @property
    def _bodyless(self) -> bool:
        return self._asked.method == "HEAD" or self.status in {204, 304}

    def write(self, data: bytes, *, whole: bool = False) -> None:
        """Sends a piece of the body, the head before it if need be. `whole`: there is no other.

        Raises Gone, and BadReply for more bytes than announced.
        """
        if not isinstance(data, bytes):
            raise BadReply("a part that is not bytes")
        head = b"" if self.begun else self._begin(len(data) if whole else None)
        if self._bodyless:
            data = b""
        elif self._left is not None:
            if len(data) > self._left:
                raise BadReply("more bytes than announced")
            self._left -= len(data)
        self.begun = True
        self._send(head, data)

    def _send(self, head: bytes, data: bytes) -> None:
        if self._chunked and data:
            head = b"%s%s%x\r\n" % (head, self._tail, len(data))
            self._tail = b"\r\n"
        if head:
            data = head + data
        if data:
            self._wire.write(data, self._pace)

    def finish(self) -> None:
        """Ends the answer. Raises Gone, and BadReply for fewer bytes than announced."""
        if not self.begun:
            if not self.status:
                raise BadReply("no status")
            self.write(b"", whole=not self._bodyless)
        if self._left:
            raise BadReply("fewer bytes than announced")
        if self._chunked:
            self._wire.write(self._tail + b"0\r\n\r\n", self._pace)

    def _begin(self, whole: int | None) -> bytes:
        if not self.status:
            raise BadReply("no status")
        framing = self._frame(whole)
        lines = [f"HTTP/1.1 {self._line}"]
        lines += [f"{name}: {value}" for name, value in self._headers]
        present = {name.lower() for name, _ in self._headers}
        lines += [f"{n}: {v}" for n, v in self._own_headers() if n.lower() not in present]
        lines += [f"{name}: {value}" for name, value in framing]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _frame(self, whole: int | None) -> Iterable[tuple[str, str]]:
        length = whole if self._length is None else self._length
        sized = length is not None and self.status != HTTPStatus.NO_CONTENT
        open_ended = length is None and not self._bodyless
        self._chunked = open_ended and self._asked.version == "HTTP/1.1"
        if not self._bodyless:
            self._left = length
        self.keeps = (
            not self._close_asked
            and (self._chunked or not open_ended)  # otherwise only closing ends the body
            and self._asked.keep()
        )
        if sized:
            yield "Content-Length", str(length)
        if self._chunked:
            yield "Transfer-Encoding", "chunked"
        if not self.keeps:
            yield "Connection", "close"
        elif self._asked.version == "HTTP/1.0":
            yield "Connection", "keep-alive"

    def _own_headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Date", _date.now()),
            ("Server", SERVER_NAME),
            ("X-Request-ID", self._asked.request_id),
        )


class _Date:
    """The Date header, written once a second."""

    def __init__(self) -> None:
        self._known = (-1, "")

    def now(self) -> str:
        second = int(monotonic())
        known = self._known
        if known[0] != second:
            known = self._known = (second, formatdate(usegmt=True))
        return known[1]


_date = _Date()


def refusal(status: HTTPStatus, text: str, *, request_id: str = "", retry: int = 0) -> bytes:
    """A whole short answer that ends the connection; `retry` in seconds."""
    body = f"{text}\n".encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Date: {_date.now()}",
        f"Server: {SERVER_NAME}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if request_id:
        lines.append(f"X-Request-ID: {request_id}")
    if retry:
        lines.append(f"Retry-After: {retry}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
