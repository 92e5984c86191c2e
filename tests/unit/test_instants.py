"""Moments as machines write them, whatever was written before."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from davserver.domain.instants import to_microsecond, to_millisecond

NOON = datetime(2026, 11, 26, 12, 0, 0, 250_000, UTC)


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON + timedelta(milliseconds=749, microseconds=999),
        NOON + timedelta(milliseconds=750),
        NOON - timedelta(milliseconds=250),
        NOON - timedelta(milliseconds=250, microseconds=1),
        NOON + timedelta(days=1),
        NOON.replace(year=1),
        datetime.max.replace(tzinfo=UTC),
        NOON.astimezone(timezone(timedelta(hours=-4, minutes=-30))),
    ],
)
def test_a_moment_is_written_as_the_standard_library_does(at: datetime) -> None:
    utc = at.astimezone(UTC)
    for before in (NOON, at):
        to_microsecond(before)
        assert to_microsecond(at) == utc.isoformat(timespec="microseconds")[:-6] + "Z"
        assert to_millisecond(at) == utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_millisecond(NOON.replace(tzinfo=None))
