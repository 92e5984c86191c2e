"""The head of a request, read so that no two readers can disagree about it (RFC 9112 §2 to §5)."""

import re
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from davserver.serving.settings import Listener


class Flaw(StrEnum):
    """What is wrong with a head; the code that is logged and told to the client."""

    REQUEST_LINE = "request-line"
    TARGET = "target"
    TARGET_LONG = "target-too-long"
    VERSION = "version"
    LINE_END = "line-end"
    FOLDED = "folded-header"
    HEADER = "header"
    TOO_LARGE = "headers-too-large"
    REPEATED = "repeated-header"
    HOST = "host"
    LENGTH = "content-length"
    CODING = "transfer-encoding"
    LENGTH_AND_CODING = "content-length-and-transfer-encoding"
    BODY_LARGE = "body-too-large"
    EXPECTATION = "expectation"


FLAW_STATUS = {
    Flaw.REQUEST_LINE: HTTPStatus.BAD_REQUEST,
    Flaw.TARGET: HTTPStatus.BAD_REQUEST,
    Flaw.TARGET_LONG: HTTPStatus.REQUEST_URI_TOO_LONG,
    Flaw.VERSION: HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    Flaw.LINE_END: HTTPStatus.BAD_REQUEST,
    Flaw.FOLDED: HTTPStatus.BAD_REQUEST,
    Flaw.HEADER: HTTPStatus.BAD_REQUEST,
    Flaw.TOO_LARGE: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Flaw.REPEATED: HTTPStatus.BAD_REQUEST,
    Flaw.HOST: HTTPStatus.BAD_REQUEST,
    Flaw.LENGTH: HTTPStatus.BAD_REQUEST,
    Flaw.CODING: HTTPStatus.BAD_REQUEST,
    Flaw.LENGTH_AND_CODING: HTTPStatus.BAD_REQUEST,
    Flaw.BODY_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Flaw.EXPECTATION: HTTPStatus.EXPECTATION_FAILED,
}


class BadHead(Exception):
    """The request is answered with `FLAW_STATUS[flaw]` and the connection closed."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


class Head(NamedTuple):
    """Header names are in lower case; `target` is the request target as sent, undecoded."""

    method: str
    target: str
    path: str
    query: str
    version: str
    headers: dict[str, str]

    @property
    def persistent(self) -> bool:
        """Whether the client means to keep the connection (RFC 9112 §9.3)."""
        said = self.headers.get("connection")
        if said is None:
            return self.version == "HTTP/1.1"
        options = {word.strip().lower() for word in said.split(",")}
        if self.version == "HTTP/1.1":
            return "close" not in options
        return "keep-alive" in options and "close" not in options


ONCE = frozenset(
    {
        "host", "content-length", "transfer-encoding", "authorization", "content-type",
        "content-range", "content-encoding", "range", "if", "if-range", "if-modified-since",
        "if-unmodified-since", "destination", "depth", "overwrite", "lock-token", "timeout",
        "expect", "x-expected-entity-length", "oc-checksum", "oc-total-length", "x-oc-mtime",
    }
)  # fmt: skip
"""Sent twice, these would mean two things; joining them with a comma would invent a third."""

# No "_": with it, "Content_Length" and "Content-Length" become one name in a WSGI environ.
# Nothing is ever tried twice (`++`): the time is that of one pass over the bytes.
_TOKEN = r"[!#$%&'*+\-.^`|~0-9A-Za-z]++"  # noqa: S105 — of RFC 9110 §5.6.2
_REQUEST_LINE = rf"({_TOKEN}) ([^\x00-\x20\x7f]++) HTTP/([0-9]\.[0-9])"
_HEADER = rf"{_TOKEN}:[^\x00-\x08\x0a-\x1f\x7f]*+"
_HEAD = re.compile(rf"{_REQUEST_LINE}((?:\r\n{_HEADER})*+)")
_FIELD = re.compile(r"\r\n([^:]++):([^\r]*+)")
"""In lines that `_HEAD` has found good."""
_LONE_LF = re.compile(rb"(?:^|[^\r])\n")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{1,5})?")
_VERSIONS = {"1.1": "HTTP/1.1", "1.0": "HTTP/1.0"}


class HeadCutter:
    """Cuts one head after the other out of a connection's buffer."""

    def __init__(self, limits: Listener) -> None:
        self._limits = limits
        self._searched = 0
        self._forgiven = False

    def cut(self, buffer: bytearray) -> bytes | None:
        """The next complete head without its empty line; None while it is incomplete.

        Raises BadHead as soon as what is there can no longer become a good head.
        """
        if not self._forgiven and buffer.startswith(b"\r\n"):
            del buffer[:2]  # RFC 9112 §2.2: one empty line before a request is forgiven
            self._forgiven = True
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3), self._limits.head_bytes)
        if end < 0:
            self._refuse_hopeless(buffer)
            self._searched = len(buffer)
            return None
        head = bytes(buffer[:end])
        del buffer[: end + 4]
        self._searched = 0
        self._forgiven = False
        return head

    def _refuse_hopeless(self, buffer: bytearray) -> None:
        limits = self._limits
        if len(buffer) >= limits.target_bytes and buffer.find(b"\r\n", 0, limits.target_bytes) < 0:
            raise BadHead(Flaw.TARGET_LONG)
        if len(buffer) >= limits.head_bytes:
            raise BadHead(Flaw.TOO_LARGE)
        if _LONE_LF.search(buffer, max(0, self._searched - 1)):
            raise BadHead(Flaw.LINE_END)


def parse_head(raw: bytes, limits: Listener) -> Head:
    """The head in `raw`, as `HeadCutter` gave it. Raises BadHead."""
    text = raw.decode("latin-1")
    found = _HEAD.fullmatch(text)
    if found is None or found.end(3) > limits.target_bytes:
        raise BadHead(_flaw_of(text, limits))
    fields = _FIELD.findall(found[4])
    if len(fields) > limits.head_lines:
        raise BadHead(Flaw.TOO_LARGE)
    version = _VERSIONS.get(found[3])
    if version is None:
        raise BadHead(Flaw.VERSION)
    headers = _headers(fields)
    method, target = found[1], found[2]
    if target.startswith("/") and "#" not in target:
        path, _, query = target.partition("?")
    else:
        authority, path, query = _split_target(method, target)
        if authority:
            headers["host"] = authority  # RFC 9112 §3.2.2: it wins over Host
    _check_host(headers, version)
    return Head(method, target, path, query, version, headers)


def _headers(fields: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for written, text in fields:
        name, value = written.lower(), text.strip(" \t")
        headers[name] = _join(name, headers[name], value) if name in headers else value
    return headers


def _flaw_of(text: str, limits: Listener) -> Flaw:
    """What keeps this from being a head: the first thing that is wrong with it."""
    first, *lines = text.split("\r\n")
    if len(first) > limits.target_bytes:
        return Flaw.TARGET_LONG
    if len(lines) > limits.head_lines:
        return Flaw.TOO_LARGE
    line = re.fullmatch(_REQUEST_LINE, first)
    if line is None:
        return Flaw.LINE_END if "\n" in first else Flaw.REQUEST_LINE
    if line[3] not in _VERSIONS:
        return Flaw.VERSION
    return _flaw_of_line(next((one for one in lines if not re.fullmatch(_HEADER, one)), ""))


def _flaw_of_line(line: str) -> Flaw:
    if "\r" in line or "\n" in line:
        return Flaw.LINE_END
    if line[:1] in {" ", "\t"}:
        return Flaw.FOLDED
    return Flaw.HEADER


def _join(name: str, before: str, value: str) -> str:
    if name in ONCE:
        raise BadHead(Flaw.REPEATED)
    return f"{before}; {value}" if name == "cookie" else f"{before}, {value}"


def _split_target(method: str, target: str) -> tuple[str, str, str]:
    """Authority (or nothing), raw path and raw query of the four forms of RFC 9112 §3.2."""
    authority = ""
    rest = target
    if target == "*" and method == "OPTIONS":
        return "", "*", ""
    if not target.startswith("/"):
        found = _ABSOLUTE.fullmatch(target)
        if not found or not _AUTHORITY.fullmatch(found[1]):
            raise BadHead(Flaw.TARGET)
        authority, rest = found[1], found[2]
    if "#" in rest:
        raise BadHead(Flaw.TARGET)
    path, _, query = rest.partition("?")
    return authority, path or "/", query


def _check_host(headers: dict[str, str], version: str) -> None:
    host = headers.get("host")
    if host is None:
        if version == "HTTP/1.1":
            raise BadHead(Flaw.HOST)
    elif not _AUTHORITY.fullmatch(host):
        raise BadHead(Flaw.HOST)
