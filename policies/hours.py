"""Hours: from a moment and a place to the slot that holds there, and until when.

A day is of one *kind*: one of the seven weekdays, a public holiday, or a day of closing. A public
holiday counts as a day of its own, not as its weekday; on a day of closing no slot holds at all.
Between two moments of one day of one kind, only the minute matters. So two calendars are compared
exactly by asking both `slot_on` for the eight kinds of `KINDS` at the minutes of both `edges`, and
by comparing their `days`, which say what kind each date is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from policies.holidays import BY_TIME_ZONE, Territory, is_holiday
from policies.vocabulary import CLOSED

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = (*WEEKDAYS, "holidays")
"""The kinds of day on which slots can hold, by number, as calendars.csv writes them."""
HOLIDAY = KINDS.index("holidays")
SHUT = len(KINDS)
"""The kind of a day of closing."""
DAY_MINUTES = 24 * 60

DEFAULT_TIME_ZONE = "Europe/Paris"
LOOK_AHEAD_DAYS = 400
"""Nothing is looked for beyond this: an hour that never changes is asked again a year later."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A part of one kind of day (an index of `KINDS`), in minutes from midnight, `end` excluded."""

    slot: str
    day: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """The slot that holds from `starts` (included) to `ends` (excluded), both UTC."""

    slot: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Found at `asked`: one of the wanted slots holds next at `opens` (UTC), or at no time that was
    looked at. Until `ends` the answer is the same.
    """

    asked: datetime
    opens: datetime | None
    ends: datetime


def _nothing() -> Mapping[str, Territory]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Days:
    """Which dates are not like their weekday. `by_time_zone`: French structures keep the holidays
    of the territory that their time zone tells. `territories`: what single structures, by slug,
    keep instead. `closings`: the dates of closing of one structure, or under None of all.
    """

    by_time_zone: bool = False
    territories: Mapping[str, Territory] = field(default_factory=_nothing)
    closings: Mapping[str | None, frozenset[date]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def kind(self, day: date, time_zone: str, slug: str | None) -> int:
        """The number of the kind of this date for a structure (or for people of none)."""
        if any(day in self.closings.get(whose, ()) for whose in {None, slug}):
            return SHUT
        territory = self.territory(time_zone, slug)
        if territory is not None and is_holiday(day, territory):
            return HOLIDAY
        return day.weekday()

    def territory(self, time_zone: str, slug: str | None) -> Territory | None:
        """Whose public holidays are kept; None where none are."""
        own = self.territories.get(slug) if slug is not None else None
        return own or (BY_TIME_ZONE.get(time_zone) if self.by_time_zone else None)

    @property
    def slugs(self) -> frozenset[str]:
        """The structures that have days of their own."""
        return frozenset(self.territories) | {slug for slug in self.closings if slug is not None}


class Calendar:
    """From a moment and a place to the slot. Never changes, may be asked by many threads."""

    def __init__(
        self, openings: tuple[Opening, ...], time_zone: str, days: Days | None = None
    ) -> None:
        self.openings = openings
        self.time_zone = time_zone
        self.days = days or Days()
        self.slots = tuple(dict.fromkeys(opening.slot for opening in openings))
        self._slugs = self.days.slugs
        self._spans: dict[tuple[str, str | None], Span] = {}
        self._waits: dict[tuple[str, str | None, frozenset[str]], Wait] = {}

    def span(self, now: datetime, time_zone: str | None, slug: str | None = None) -> Span | None:
        """The slot at `now` and when it ends; None when there is no such time zone. `slug` is the
        structure's; time zone and slug are None for people who act for no structure.
        """
        place = (time_zone or self.time_zone, slug if slug in self._slugs else None)
        kept = self._spans.get(place)
        if kept is not None and kept.starts <= now < kept.ends:
            return kept
        zone = zone_named(place[0])
        if zone is None:
            return None
        # Bounded: only real time zones and the few structures that the file names are kept, and
        # replacing a value is atomic.
        span = self._spans[place] = self._compute(now, zone, place[1])
        return span

    def opens(
        self, slots: frozenset[str], now: datetime, time_zone: str | None, slug: str | None = None
    ) -> datetime | None:
        """The first moment from `now` on, on the clock of the place, at which one of `slots` holds.
        None where there is none soon, or no such time zone.
        """
        place = (time_zone or self.time_zone, slug if slug in self._slugs else None)
        zone = zone_named(place[0])
        if zone is None:
            return None
        if self._slot_at(now, zone, place[1]) in slots:
            return now.astimezone(zone)
        key = (*place, slots)
        wait = self._waits.get(key)
        if wait is None or not wait.asked <= now < wait.ends:
            # Bounded as `_spans`, times the sets of slots that rules tell apart.
            wait = self._waits[key] = self._wait(slots, now, zone, place[1])
        return wait.opens.astimezone(zone) if wait.opens else None

    def _wait(self, slots: frozenset[str], now: datetime, zone: ZoneInfo, slug: str | None) -> Wait:
        for instant in _instants(now, zone, self.edges()):
            if instant > now and self._slot_at(instant, zone, slug) in slots:
                return Wait(now, instant, instant)
        return Wait(now, None, now + timedelta(days=1))

    def slot_on(self, kind: int, minute: int) -> str:
        """The slot at a minute (0 to 1439) of a kind of day: `closed` outside of all of them."""
        for opening in self.openings:
            if opening.day == kind and opening.start <= minute < opening.end:
                return opening.slot
        return CLOSED

    def edges(self) -> tuple[int, ...]:
        """The minutes of a day at which a slot can begin or end, midnight included, in order.
        From one to the next, `slot_on` gives the same answer for each kind of day.
        """
        found = {edge for opening in self.openings for edge in (opening.start, opening.end)}
        return tuple(sorted((found | {0}) - {DAY_MINUTES}))

    def local_time(self, now: datetime, time_zone: str | None, slug: str | None = None) -> str:
        """`now` as the clock on the wall shows it there; empty without such a time zone."""
        zone = zone_named(time_zone or self.time_zone)
        if zone is None:
            return ""
        local = now.astimezone(zone)
        kind = self.days.kind(local.date(), zone.key, slug)
        special = {HOLIDAY: ", a public holiday", SHUT: ", a day of closing"}.get(kind, "")
        return f"{WEEKDAYS[local.weekday()]} {local:%H:%M} {zone.key}{special}"

    def _compute(self, now: datetime, zone: ZoneInfo, slug: str | None) -> Span:
        slot = self._slot_at(now, zone, slug)
        for instant in _instants(now, zone, self.edges()):
            if instant > now and self._slot_at(instant, zone, slug) != slot:
                return Span(slot, now, instant)
        return Span(slot, now, now + timedelta(days=LOOK_AHEAD_DAYS - 2))

    def _slot_at(self, now: datetime, zone: ZoneInfo, slug: str | None) -> str:
        local = now.astimezone(zone)
        kind = self.days.kind(local.date(), zone.key, slug)
        return self.slot_on(kind, local.hour * 60 + local.minute)


def zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return None


def _instants(now: datetime, zone: ZoneInfo, edges: tuple[int, ...]) -> Iterator[datetime]:
    """Every moment of the coming days at which the slot can change, in order.

    Where the clock is put forward or back, each quarter of an hour of that day is one of them:
    an edge may fall into the hour that is missing, or happen twice.
    """
    today = now.astimezone(zone).date()
    for offset in range(-1, LOOK_AHEAD_DAYS):
        day = today + timedelta(days=offset)
        minutes = set(edges)
        if _clock_changes(day, zone):
            minutes |= set(range(0, DAY_MINUTES, 15))
        yield from sorted({_utc(day, m, zone, fold) for m in minutes for fold in (0, 1)})


def _clock_changes(day: date, zone: ZoneInfo) -> bool:
    offsets = {
        datetime.combine(day + timedelta(days=step), time(0), zone).utcoffset() for step in (0, 1)
    }
    return len(offsets) > 1


def _utc(day: date, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    midnight = datetime.combine(day, time(0))
    return (midnight + timedelta(minutes=minute)).replace(tzinfo=zone, fold=fold).astimezone(UTC)
