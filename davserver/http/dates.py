"""Dates of HTTP, both ways. By hand where thousands are written in one listing."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache


def http_date(at: datetime) -> str:
    """RFC 9110 §5.6.7, for a UTC time: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    day, _ = _day(at.toordinal())
    return f"{day}{_TWO[at.hour]}:{_TWO[at.minute]}:{_TWO[at.second]} GMT"


def iso_date(at: datetime) -> str:
    """RFC 3339, as `creationdate` wants it (RFC 4918 §15.1)."""
    _, day = _day(at.toordinal())
    return f"{day}{_TWO[at.hour]}:{_TWO[at.minute]}:{_TWO[at.second]}Z"


_TWO = tuple([f"{number:02d}" for number in range(60)])


@lru_cache(4096)
def _day(number: int) -> tuple[str, str]:
    """What both begin with on one day: most files of a folder were made on a few."""
    at = datetime.fromordinal(number)
    text = at.ctime()  # "Sun Nov  6 00:00:00 1994" in any locale
    return f"{text[:3]}, {at.day:02d} {text[4:7]} {text[20:]} ", f"{at.isoformat()[:10]}T"


def parsed_http_date(text: str) -> datetime | None:
    """None when it is no date: a condition with a bad date is ignored (RFC 9110 §13.1.3)."""
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def from_unix(text: str) -> datetime | None:
    """Seconds since 1970, maybe with a fraction, as sync programs send them; None if it is not."""
    if not text:
        return None
    try:
        seconds = float(text)
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if seconds > 0 else None
