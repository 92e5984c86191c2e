"""Range and If-Range (RFC 9110 §14): one range of bytes, or the whole.

Several ranges in one request get the whole, which §14.2 allows and every client understands. A
date in If-Range never matches: dates of files come from their owners, so they are no strong
validators (§13.1.5).
"""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*")


class Unsatisfiable(Exception):
    """The range begins after the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `offset`."""

    offset: int
    length: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.offset}-{self.offset + self.length - 1}/{size}"


def asked_span(value: str | None, if_range: str | None, *, etag: str, size: int) -> Span | None:
    """What to send of `size` bytes; None for the whole. Raises Unsatisfiable.

    A Range that is not understood is ignored (RFC 9110 §14.2).
    """
    match = _ONE.fullmatch(value) if value else None
    if match is None or not (match[1] or match[2]):
        return None
    if if_range is not None and if_range.strip() != f'"{etag}"':
        return None
    return _first_to_last(match[1], match[2], size) if match[1] else _last_bytes(match[2], size)


def _first_to_last(first: str, last: str, size: int) -> Span | None:
    start, end = int(first), int(last) if last else size - 1
    if last and end < start:
        return None  # not a range at all
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(end, size - 1) - start + 1)


def _last_bytes(count: str, size: int) -> Span:
    wanted = min(int(count), size)
    if wanted == 0:
        raise Unsatisfiable
    return Span(size - wanted, wanted)
