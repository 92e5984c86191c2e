"""How long a request's body is: one answer, or a refusal (RFC 9112 §6)."""

import re

from davserver.domain.lean import lean
from davserver.serving.head import BadHead, Flaw, Head

_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


@lean(frozen=True, slots=True)
class Framing:
    """`length` in bytes, None for a chunked body. `asks_first`: `Expect: 100-continue`."""

    length: int | None
    asks_first: bool


_TELLING = frozenset({"content-length", "transfer-encoding", "expect"})
_NO_BODY = Framing(0, asks_first=False)


def frame(head: Head, body_bytes: int) -> Framing:
    """Raises BadHead for every way of giving two lengths, none that counts, or too large a one."""
    if _TELLING.isdisjoint(head.headers):
        return _NO_BODY
    length = _length(head)
    if length is not None and length > body_bytes:
        raise BadHead(Flaw.BODY_LARGE)
    return Framing(length, asks_first=_asks_first(head) and length != 0)


def _length(head: Head) -> int | None:
    announced = head.headers.get("content-length")
    coding = head.headers.get("transfer-encoding")
    if coding is not None:
        if announced is not None:
            raise BadHead(Flaw.LENGTH_AND_CODING)
        # RFC 9112 §6.1: HTTP/1.0 knows no Transfer-Encoding, whoever sends it is confused or worse
        if coding.lower() != "chunked" or head.version != "HTTP/1.1":
            raise BadHead(Flaw.CODING)
        return None
    if announced is None:
        return 0
    if not _LENGTH.fullmatch(announced):
        raise BadHead(Flaw.LENGTH)
    return int(announced)


def _asks_first(head: Head) -> bool:
    expectation = head.headers.get("expect")
    if expectation is None or head.version != "HTTP/1.1":
        return False
    if expectation.lower() != "100-continue":
        raise BadHead(Flaw.EXPECTATION)
    return True
