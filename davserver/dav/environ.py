"""Requests to a drive come out of a WSGI environ, replies go into an answer."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from davserver.dav.bodies import MOST
from davserver.dav.destination import Here
from davserver.dav.fields import length as parsed_length
from davserver.dav.preconditions import FIELDS, parse_conditions
from davserver.dav.reply import Reply
from davserver.dav.urls import Mount
from davserver.domain.conditions import NONE, Conditions
from davserver.domain.drive import Piece
from davserver.domain.lean import lean
from davserver.domain.paths import DrivePath
from davserver.http.environ import Environ, header, key_of, keys_of
from davserver.http.malformed import Malformed
from davserver.http.reader import Reader, reader_of
from davserver.http.streams import Body

StartResponse = Callable[..., Any]

_CONDITIONS = keys_of(*FIELDS)
_METHOD = re.compile(r"[A-Z][A-Z-]{0,31}")


@lean(frozen=True, slots=True)
class Request:
    """One request to a drive, parsed. `folder_form`: its URL ended with a slash. `certificate`: the
    client's, in DER.
    """

    method: str
    mount: Mount
    path: DrivePath
    folder_form: bool
    body: Body
    address: str
    environ: Environ
    certificate: bytes | None = None

    def header(self, name: str) -> str | None:
        value: str | None = self.environ.get(key_of(name))
        return value

    @property
    def href(self) -> str:
        """The request's own, which every answer may show."""
        return self.mount.href(self.path, folder=self.folder_form)

    @property
    def here(self) -> Here:
        return Here(self.mount, self.header("Host") or "")

    def conditions(self) -> Conditions:
        """Raises Malformed, ConditionFailed."""
        if _CONDITIONS.isdisjoint(self.environ):
            return NONE
        values = tuple(self.header(name) for name in FIELDS)
        return parse_conditions(values, self.here.place)


def reader_for(environ: Environ, own: str | None = None) -> Reader:
    """`own`: the language of whoever has signed in."""
    return reader_of(header(environ, "Accept-Language"), header(environ, "Accept"), own)


def line_of(environ: Environ) -> tuple[str, str]:
    """The method, and the target as it was sent: in PATH_INFO `%2F` and `/` are the same."""
    method = environ["REQUEST_METHOD"]
    if method not in MOST and not _METHOD.fullmatch(method):
        raise Malformed("The method is not valid.")
    return method, environ["REQUEST_URI"]


def body_of(environ: Environ) -> Body:
    """Raises Malformed for a length that is none, or given in two ways (RFC 9112 §6.3)."""
    coding, said = environ.get("HTTP_TRANSFER_ENCODING"), environ.get("CONTENT_LENGTH")
    if coding is None and not said:
        return Body(environ["wsgi.input"], 0)
    announced = parsed_length(said or None)
    if coding is not None and (announced is not None or coding.strip().lower() != "chunked"):
        raise Malformed("The length of the body is not clear.")
    return Body(environ["wsgi.input"], None if coding else announced or 0)


def request_id(environ: Environ) -> str | None:
    """The server's own number of the request, which its log and the answer show."""
    number = environ.get("abri.request_id")
    return str(number) if number else None


def send(
    reply: Reply, environ: Environ, start_response: StartResponse, body: Body | None
) -> Iterable[Piece]:
    """Start the answer and give its bytes. `body` is the request's, None when it was not parsed.

    What is left of a body would be taken for the next request: then the connection ends here.
    """
    headers = [*reply.headers, *_ALWAYS]
    if body is None or not (body.ended or body.keeps_connection):
        headers.append(("Connection", "close"))
    phrase = reply.phrase
    status = f"{reply.status.value} {phrase}" if phrase else _STATUS_LINES[reply.status]
    start_response(status, headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        close = getattr(reply.body, "close", None)
        if close:
            close()
        return ()
    return reply.body


_STATUS_LINES = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}

_ALWAYS = (
    # Documents are never run as something else than they say, and never kept by a shared cache.
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "private, no-cache"),
)
