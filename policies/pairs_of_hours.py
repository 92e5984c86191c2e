"""Which slots two calendars have for one and the same moment.

A moment of a structure is a minute of a day of some kind (policies/hours.py), and only the kind of
a date can be another one in the other calendar. People who act for no structure have the time zone
that each calendar says, so for them whole moments are compared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from policies.hours import DAY_MINUTES, HOLIDAY, KINDS, Calendar, zone_named
from policies.kinds_of_days import kind_pairs, odd_dates
from policies.pairs import Pair, Part

_SAMPLED = (date(2024, 1, 1), 8 * 366)
"""Two time zones are compared over these days: clocks change by the same rule every year."""
ARROW = " → "
_NAMES = (*KINDS, "days of closing")


@dataclass(frozen=True, slots=True)
class Clock:
    """What one calendar says where its own time zone counts."""

    calendar: Calendar
    zone: ZoneInfo

    def slot(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return self.calendar.slot_on(self.kind(local.date()), local.hour * 60 + local.minute)

    def kind(self, day: date) -> int:
        return self.calendar.days.kind(day, self.zone.key, None)

    def moments(self, day: date) -> Iterator[datetime]:
        """Of that day, where a slot may begin or end."""
        for minute in self.calendar.edges():
            local = datetime.combine(day, time(0)) + timedelta(minutes=minute)
            yield local.replace(tzinfo=self.zone).astimezone(UTC)


def parts_for(old: Calendar, new: Calendar, slug: str | None) -> tuple[Part, ...]:
    """For whoever acts for that structure, in whatever time zone; None: for one without days of its
    own.
    """
    return _parts(old, new, kind_pairs(old.days, new.days, slug))


def parts_alone(old: Calendar, new: Calendar) -> tuple[Part, ...]:
    """For whoever acts for no structure."""
    if old.time_zone == new.time_zone:
        return _parts(old, new, kind_pairs(old.days, new.days, None, old.time_zone))
    here, there = zone_named(old.time_zone), zone_named(new.time_zone)
    if here is None or there is None:  # the loader lets no such calendar through
        return ()
    return _in_two_zones(Clock(old, here), Clock(new, there))


def _parts(old: Calendar, new: Calendar, kinds: Iterable[tuple[int, int]]) -> tuple[Part, ...]:
    """Equal parts of several days are told once."""
    days: dict[tuple[int, int, Pair, bool], list[tuple[int, int]]] = {}
    for was, now in sorted(kinds):
        for start, stop, pair in _runs(old, new, (was, now)):
            days.setdefault((start, stop, pair, was == now), []).append((was, now))
    return tuple(
        Part(pair, f"{_days(those)} {_clock(start)}–{_clock(stop)}")
        for (start, stop, pair, _), those in days.items()
    )


def _runs(old: Calendar, new: Calendar, kinds: tuple[int, int]) -> Iterator[tuple[int, int, Pair]]:
    edges = sorted({*old.edges(), *new.edges(), DAY_MINUTES})
    was, now = kinds
    parts = (
        (start, stop, Pair(old.slot_on(was, start), new.slot_on(now, start)))
        for start, stop in pairwise(edges)
    )
    for pair, those in groupby(parts, key=lambda part: part[2]):
        kept = list(those)
        yield kept[0][0], kept[-1][1], pair


def _in_two_zones(old: Clock, new: Clock) -> tuple[Part, ...]:
    """One part for each pair, with the first moment at which it is met."""
    found: dict[Pair, str] = {}
    for day in _unlike_days(old, new):
        for moment in (moment for clock in (old, new) for moment in clock.moments(day)):
            pair = Pair(old.slot(moment), new.slot(moment))
            if pair not in found:
                walls = (clock.calendar.local_time(moment, None) for clock in (old, new))
                found[pair] = ", that is ".join(walls)
    return tuple(Part(pair, says) for pair, says in found.items())


def _unlike_days(old: Clock, new: Clock) -> Iterator[date]:
    """The days of some years, without those on which both calendars go as on one before."""
    first, count = _SAMPLED
    usual = {first + timedelta(days=offset) for offset in range(count)}
    odd = odd_dates(old.calendar.days, None) | odd_dates(new.calendar.days, None)
    seen: set[tuple[object, ...]] = set()
    for day in sorted(usual | {one + timedelta(days=n) for one in odd for n in (-1, 0, 1)}):
        around = [day + timedelta(days=n) for n in (-1, 0, 1)]
        midnights = [datetime.combine(one, time(0)) for one in around[1:]]
        key = (
            *(clock.zone.utcoffset(at) for clock in (old, new) for at in midnights),
            *(clock.kind(one) for clock in (old, new) for one in around),
        )
        if key not in seen:
            seen.add(key)
            yield day


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _days(kinds: list[tuple[int, int]]) -> str:
    """`mon–fri, holidays`; `mon → days of closing` for a date of which the kind changes."""
    told = []
    steady = [was for was, now in kinds if was == now]
    for _, run in groupby(enumerate(steady), key=lambda one: (one[1] - one[0], one[1] < HOLIDAY)):
        names = [_NAMES[kind] for _, kind in run]
        long = len(names) > 2  # noqa: PLR2004 — a range is shorter from three days on
        told.append(f"{names[0]}–{names[-1]}" if long else ", ".join(names))
    told += [f"{_NAMES[was]}{ARROW}{_NAMES[now]}" for was, now in kinds if was != now]
    return ", ".join(told)
