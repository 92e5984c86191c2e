"""How much of a body each method takes."""

from http import HTTPStatus

from davserver.dav.errors import Declined
from davserver.dav.streams import Body
from davserver.domain.errors import TooLarge

_KIB = 1024

MOST: dict[str, int | None] = {
    "COPY": 64 * _KIB,
    "DELETE": 0,
    "GET": 0,
    "HEAD": 0,
    "LOCK": 64 * _KIB,
    "MKCOL": 0,
    "MOVE": 64 * _KIB,
    "OPTIONS": 64 * _KIB,
    "PROPFIND": 64 * _KIB,
    "PROPPATCH": 256 * _KIB,
    "PUT": None,
    "UNLOCK": 0,
}
"""Bytes; 0: a body is refused, None: the vault's quota decides. The keys are all our methods."""

METHODS = tuple(sorted(MOST))


def check_length(method: str, body: Body) -> None:
    """Before anything is read. Raises TooLarge, and Declined with 415 for a body that has no
    meaning (RFC 4918 §8.4). What is chunked is judged when it is read.
    """
    most = MOST[method]
    if most is None or not body.length:
        return
    if most == 0:
        raise unwanted()
    if body.length > most:
        raise TooLarge


def xml_of(method: str, body: Body) -> bytes:
    """The whole body. Raises TooLarge, Truncated, Malformed."""
    return body.whole(MOST[method] or 0)


def no_body(body: Body) -> None:
    """Raises Declined when there is one."""
    if not body.is_empty():
        raise unwanted()


def unwanted() -> Declined:
    return Declined(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This method takes no body.")
