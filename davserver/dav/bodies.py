"""How much of a body each method takes."""

from http import HTTPStatus

from davserver.dav.errors import Declined
from davserver.domain.errors import TooLarge
from davserver.http.streams import Body

_USUAL = 64 * 1024

MOST: dict[str, int | None] = {
    "COPY": _USUAL,
    "DELETE": 0,
    "GET": 0,
    "HEAD": 0,
    "LOCK": _USUAL,
    "MKCOL": 0,
    "MOVE": _USUAL,
    "OPTIONS": _USUAL,
    "PROPFIND": _USUAL,
    "PROPPATCH": 4 * _USUAL,
    "PUT": None,
    "UNLOCK": 0,
}
"""Bytes; 0: a body is refused, None: the vault's quota decides. The keys are all our methods."""

METHODS = tuple(sorted(MOST))


def check_length(method: str, body: Body) -> None:
    """Raises TooLarge, before anything is read. What is chunked is judged when it is read, and a
    body without a meaning once it is known who sent it.
    """
    most = MOST.get(method, _USUAL)
    if most is not None and (body.length or 0) > max(most, _USUAL):
        raise TooLarge


def xml_of(method: str, body: Body) -> bytes:
    """The whole body. Raises TooLarge, Truncated, Malformed."""
    return body.whole(MOST[method] or 0)


def no_body(body: Body) -> None:
    """Raises Declined when there is one (RFC 4918 §8.4)."""
    if not body.is_empty():
        raise Declined(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This method takes no body.")
