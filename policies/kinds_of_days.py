"""Of which kinds one date is in two calendars: a weekday, a public holiday, a day of closing."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from policies.holidays import (
    AFTER_EASTER,
    BY_TIME_ZONE,
    EVERYWHERE,
    GOOD_FRIDAY,
    MORE,
    easter,
)
from policies.hours import HOLIDAY, SHUT, WEEKDAYS, Days

_YEARS = range(2020, 2048)
"""In 28 years every date falls on every weekday."""
_ELSEWHERE = ""
"""A time zone of no French territory."""

Kinds = tuple[int, int]


def kind_pairs(old: Days, new: Days, slug: str | None, time_zone: str | None = None) -> set[Kinds]:
    """For a structure (None: one without days of its own) in any time zone, or in that one."""
    zones = [time_zone] if time_zone is not None else [*BY_TIME_ZONE, _ELSEWHERE]
    found = {(day, day) for day in range(len(WEEKDAYS))}
    if old == new:
        closed = any(old.closings.get(whose) for whose in (None, slug))
        kept = any(old.territory(zone, slug) for zone in zones)
        return (
            found
            | ({(SHUT, SHUT)} if closed else set())
            | ({(HOLIDAY, HOLIDAY)} if kept else set())
        )
    for day in odd_dates(old, slug) | odd_dates(new, slug):
        found |= {(old.kind(day, zone, slug), new.kind(day, zone, slug)) for zone in zones}
    return found


def odd_dates(days: Days, slug: str | None) -> frozenset[date]:
    """The dates that may not be like their weekday."""
    closed = frozenset().union(*(days.closings.get(whose, ()) for whose in (None, slug)))
    keeps = days.by_time_zone or (slug is not None and slug in days.territories)
    return closed | (_holidays() if keeps else frozenset())


@cache
def _holidays() -> frozenset[date]:
    """The public holidays of all territories, in years enough for each to fall on each weekday."""
    return frozenset(day for year in _YEARS for day in _in_year(year))


def _in_year(year: int) -> Iterator[date]:
    for month, day in EVERYWHERE.union(*MORE.values()):
        yield date(year, month, day)
    for offset in {GOOD_FRIDAY, *AFTER_EASTER}:
        yield easter(year) + timedelta(days=offset)
