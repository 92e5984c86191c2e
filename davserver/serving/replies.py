"""The answer as bytes: its body never looks complete when it is not."""

import re
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from time import time  # noqa: TID251 — what a Date tells is the clock itself

from davserver.serving.head import Head
from davserver.serving.rates import Pace
from davserver.serving.wire import Wire

SERVER_NAME = "Abri"

RETRY_SECONDS = 5
"""What a client is told to wait when there is no room, or the server is stopping."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS = re.compile(r"[2-5][0-9][0-9]( [^\x00-\x1f\x7f]*)?")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != ord("\t"))

# Ours to send (RFC 9110 §7.6.1); an application's `Connection: close` is obeyed, then sent by us.
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "trailer", "upgrade", "te"})

# Sent by us unless the application does.
_USUAL = frozenset({"date", "server", "x-request-id"})

_LOOKED_AT = _OURS | _USUAL | {"content-length"}
_BYTES = (bytes, memoryview)
_NO_CONTENT = 204
_BODYLESS = frozenset({_NO_CONTENT, 304})


class BadReply(Exception):
    """The application broke WSGI or its own Content-Length; the text never carries its values."""


class Reply:
    """One answer on its way. `status` is 0 until the application has named one.

    `can_keep`: whether the connection can carry another request, asked when the head is sent.
    """

    def __init__(
        self, wire: Wire, head: Head, request_id: str, can_keep: Callable[[], bool], pace: Pace
    ) -> None:
        self._wire = wire
        self._asked = head
        self._request_id = request_id
        self._can_keep = can_keep
        self._pace = pace
        self._head = b""
        self._theirs: set[str] = set()
        self._length: int | None = None
        self._left: int | None = None
        self._bodyless = False
        self._chunked = False
        self._tail = b""
        self._close_asked = False
        self.status = 0
        self.begun = False
        self.keeps = False

    def start(self, status: str, headers: list[tuple[str, str]]) -> None:
        """Takes status and headers, sends nothing yet. Raises BadReply."""
        code = _code(status)
        lines = ["HTTP/1.1 " + status]
        self._theirs = set()
        self._length = None
        self._close_asked = False
        for name, value in headers:
            lower = _meant(name)
            if lower is None or self._takes(lower, value):
                lines.append(name + ": " + value)
        self._head = _encoded(lines)
        self.status = code
        self._bodyless = code in _BODYLESS or self._asked.method == "HEAD"

    def _takes(self, lower: str, value: str) -> bool:
        """Whether a header that means something to us goes out as the application wrote it."""
        if lower in _USUAL:
            self._theirs.add(lower)
            return True
        if lower == "content-length":
            if self._length is not None or not _LENGTH.fullmatch(value):
                raise BadReply("bad Content-Length")
            self._length = int(value)
        elif lower == "connection":
            self._close_asked |= "close" in value.lower()
        return False

    def write(self, data: bytes | memoryview, *, whole: bool = False) -> None:
        """Sends a piece of the body, the head before it if need be. `whole`: there is no other.

        Raises Gone, and BadReply for more bytes than announced.
        """
        # More than PEP 3333 asks: a view of what was just decrypted goes out without a copy.
        if not isinstance(data, _BYTES):
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

    def _send(self, head: bytes, data: bytes | memoryview) -> None:
        if self._chunked and data:
            head = b"%s%s%x\r\n" % (head, self._tail, len(data))
            self._tail = b"\r\n"
        if head:
            self._wire.write_both(head, data, self._pace)
        elif data:
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
        framing = self._frame(whole if self._length is None else self._length)
        if self._theirs:
            return b"".join((self._head, self._own_lines(), framing, b"\r\n"))
        number = self._request_id.encode()
        return b"%b%bX-Request-ID: %b\r\n%b\r\n" % (self._head, _date.lines(), number, framing)

    def _frame(self, length: int | None) -> bytes:
        open_ended = length is None and not self._bodyless
        self._chunked = open_ended and self._asked.version == "HTTP/1.1"
        if not self._bodyless:
            self._left = length
        self.keeps = (
            not self._close_asked
            and (self._chunked or not open_ended)  # otherwise only closing ends the body
            and self._can_keep()
        )
        lines = b""
        if length is not None and self.status != _NO_CONTENT:
            lines = b"Content-Length: %d\r\n" % length
        if self._chunked:
            lines += b"Transfer-Encoding: chunked\r\n"
        if not self.keeps:
            lines += b"Connection: close\r\n"
        elif self._asked.version == "HTTP/1.0":
            lines += b"Connection: keep-alive\r\n"
        return lines

    def _own_lines(self) -> bytes:
        ours = {"Date": _date.now(), "Server": SERVER_NAME, "X-Request-ID": self._request_id}
        lines = [f"{n}: {v}\r\n" for n, v in ours.items() if n.lower() not in self._theirs]
        return "".join(lines).encode()


@lru_cache(256)
def _meant(name: str) -> str | None:
    """A header's name in lower case, None if it means nothing to us: there are few. Raises
    BadReply.
    """
    if not _NAME.fullmatch(name):
        raise BadReply("bad header")
    lower = name.lower()
    return lower if lower in _LOOKED_AT else None


@lru_cache(256)
def _code(status: str) -> int:
    if not _STATUS.fullmatch(status):
        raise BadReply("bad status")
    return int(status[:3])


def _encoded(lines: list[str]) -> bytes:
    """Lines with their ends. Raises BadReply for what is no Latin-1, and for control characters:
    a line break in a value would be another header.
    """
    try:
        raw = "\r\n".join((*lines, "")).encode("latin-1")
    except UnicodeEncodeError:
        raise BadReply("bad header") from None
    # One pass for all: the only control characters are the line ends that we have put there.
    if len(raw) - len(raw.translate(None, _CONTROLS)) != 2 * len(lines):
        raise BadReply("bad header")
    return raw


class _Date:
    """The Date header, written once a second: when the clock on the wall turns, so that it is never
    before the Last-Modified of what was written a moment ago (RFC 9110 §8.8.2.1).
    """

    def __init__(self) -> None:
        self._known = (-1, "", b"")

    def now(self) -> str:
        self.lines()
        return self._known[1]

    def lines(self) -> bytes:
        """With the name of the server."""
        second, known = int(time()), self._known
        if known[0] != second:
            date = formatdate(second, usegmt=True)
            lines = f"Date: {date}\r\nServer: {SERVER_NAME}\r\n".encode()
            known = self._known = (second, date, lines)
        return known[2]


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
