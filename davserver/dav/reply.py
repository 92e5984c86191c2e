"""What a handler gives back, before it becomes a WSGI answer."""

from collections.abc import Iterable
from http import HTTPStatus

from davserver.domain.lean import lean

Headers = tuple[tuple[str, str], ...]

XML = ("Content-Type", "application/xml; charset=utf-8")
TEXT = ("Content-Type", "text/plain; charset=utf-8")


@lean(frozen=True, slots=True)
class Reply:
    """`body` is read once; if it has a `close`, that is called whatever happens.

    Without a Content-Length among `headers` the server sends the body in chunks.
    """

    status: HTTPStatus
    headers: Headers = ()
    body: Iterable[bytes] = ()


def whole(status: HTTPStatus, body: bytes, *headers: tuple[str, str]) -> Reply:
    """A reply whose body is known."""
    return Reply(status, (*headers, ("Content-Length", str(len(body)))), (body,) if body else ())


def empty(status: HTTPStatus, *headers: tuple[str, str]) -> Reply:
    """A reply without a body. 204 and 304 must not carry a length (RFC 9110 §8.6)."""
    if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return Reply(status, headers)
    return whole(status, b"", *headers)
