"""Dates of HTTP, both ways. By hand where thousands are written in one listing."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def http_date(at: datetime) -> str:
    """RFC 9110 §5.6.7, for a UTC time: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year:04d} "
        f"{at.hour:02d}:{at.minute:02d}:{at.second:02d} GMT"
    )


def iso_date(at: datetime) -> str:
    """RFC 3339, as `creationdate` wants it (RFC 4918 §15.1)."""
    return (
        f"{at.year:04d}-{at.month:02d}-{at.day:02d}T{at.hour:02d}:{at.minute:02d}:{at.second:02d}Z"
    )


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
