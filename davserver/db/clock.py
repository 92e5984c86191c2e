"""Instants as the database keeps them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EXACT = 1 << 52
"""Until the year 2112 a fraction of seconds rounds to the very microsecond: half of the time."""
_from_seconds = datetime.fromtimestamp


def to_us(instant: datetime) -> int:
    return (instant - _START) // _MICROSECOND


def from_us(value: int) -> datetime:
    """Raises OverflowError for what no calendar has."""
    if 0 <= value < _EXACT:
        return _from_seconds(value / 1_000_000, UTC)
    return _START + timedelta(microseconds=value)


def to_us_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def from_us_or_none(value: int | None) -> datetime | None:
    return None if value is None else from_us(value)
