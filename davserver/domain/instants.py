"""Moments as machines write them (RFC 3339, UTC), for what is written with every request."""

from datetime import UTC, datetime, timedelta

_FIRST, _SECOND = datetime.min.replace(tzinfo=UTC), timedelta(seconds=1)
_LAST = datetime.max.replace(tzinfo=UTC) - _SECOND
_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))


class _Second:
    """The one that was written last: to write a moment out takes ten times as long as to see that
    it lies in there.
    """

    def __init__(self) -> None:
        self._known = (_FIRST, _FIRST, "")

    def of(self, at: datetime) -> str:
        begin, end, text = self._known
        if not begin <= at < end:
            begin = at.astimezone(UTC).replace(microsecond=0)
            end, text = min(begin, _LAST) + _SECOND, begin.isoformat()[:-6]
            self._known = (begin, end, text)
        return text


_text_of = _Second().of


def to_millisecond(at: datetime) -> str:
    """`2026-11-26T08:30:01.250Z`; of any moment that has a zone."""
    return _text_of(at) + _MILLISECONDS[at.microsecond // 1000]


def to_microsecond(at: datetime) -> str:
    """As `to_millisecond`, with three digits more."""
    return f"{_text_of(at)}.{str(1_000_000 + at.microsecond)[1:]}Z"
