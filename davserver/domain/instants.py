"""Moments as machines write them (RFC 3339, UTC), for what is written with every request."""

from datetime import UTC, datetime, timedelta

_NONE, _SECOND = timedelta(0), timedelta(seconds=1)


class _Second:
    """The one that was written last: to write a moment out takes ten times as long as to see that
    it lies in there.
    """

    def __init__(self) -> None:
        self._known = (datetime.min.replace(tzinfo=UTC), "")

    def of(self, at: datetime) -> str:
        begin, text = self._known
        if not _NONE <= at - begin < _SECOND:
            begin = at.astimezone(UTC).replace(microsecond=0)
            text = begin.isoformat()[:-6]
            self._known = (begin, text)
        return text


to_second = _Second().of
"""`2026-11-26T08:30:01` of any moment that has a zone; what comes after that is for the caller."""
