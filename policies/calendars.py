"""calendars.csv: named weekly slots, in the time zone of the structure that somebody acts for.

work-hours, mon-fri, 08:00, 19:00      from is included, to is excluded
work-hours, sat,     09:00, 12:00      one name may have several lines
time-zone, Europe/Paris                for people who act for no structure
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.problems import Code, Report, nearest
from policies.sheet import Field, Line
from policies.vocabulary import ANY, CLOSED, WORD

FILE = "calendars.csv"
TIME_ZONE = "time-zone"
DEFAULT_TIME_ZONE = "Europe/Paris"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_LOOK_AHEAD_DAYS = 8


@dataclass(frozen=True, slots=True)
class Opening:
    """A part of one weekday (0 is Monday), in minutes from midnight, `end` excluded."""

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


class Calendar:
    """From a moment and a time zone to the slot. Never changes, may be asked by many threads."""

    def __init__(self, openings: tuple[Opening, ...], time_zone: str) -> None:
        self.openings = openings
        self.time_zone = time_zone
        self.slots = tuple(dict.fromkeys(opening.slot for opening in openings))
        self._spans: dict[str, Span] = {}

    def span(self, now: datetime, time_zone: str | None) -> Span | None:
        """The slot at `now` and when it ends; None when there is no such time zone."""
        name = time_zone or self.time_zone
        kept = self._spans.get(name)
        if kept is not None and kept.starts <= now < kept.ends:
            return kept
        zone = zone_named(name)
        if zone is None:
            return None
        # Bounded: only names of real time zones are kept, and replacing a value is atomic.
        span = self._spans[name] = self._compute(now, zone)
        return span

    def local_time(self, now: datetime, time_zone: str | None) -> str:
        """`now` as the clock on the wall shows it there; empty without such a time zone."""
        zone = zone_named(time_zone or self.time_zone)
        if zone is None:
            return ""
        local = now.astimezone(zone)
        return f"{DAYS[local.weekday()]} {local:%H:%M} {zone.key}"

    def _compute(self, now: datetime, zone: ZoneInfo) -> Span:
        slot = self._slot_at(now, zone)
        for instant in _instants(now, zone, self.openings):
            if instant > now and self._slot_at(instant, zone) != slot:
                return Span(slot, now, instant)
        return Span(slot, now, now + timedelta(days=_LOOK_AHEAD_DAYS - 1))

    def _slot_at(self, now: datetime, zone: ZoneInfo) -> str:
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        for opening in self.openings:
            if opening.day == local.weekday() and opening.start <= minute < opening.end:
                return opening.slot
        return CLOSED


def zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return None


def _instants(now: datetime, zone: ZoneInfo, openings: tuple[Opening, ...]) -> list[datetime]:
    """Every moment of the coming days at which the slot can change, in order.

    Where the clock is put forward or back, each quarter of an hour of that day is one of them:
    an edge may fall into the hour that is missing, or happen twice.
    """
    minutes = {edge for opening in openings for edge in (opening.start, opening.end)}
    today = now.astimezone(zone).date()
    found: set[datetime] = set()
    for offset in range(-1, _LOOK_AHEAD_DAYS):
        day = today + timedelta(days=offset)
        quarters = set(range(0, 24 * 60, 15)) if _clock_changes(day, zone) else set()
        found |= {_utc(day, m, zone, fold) for m in minutes | quarters for fold in (0, 1)}
    return sorted(found)


def _clock_changes(day: date, zone: ZoneInfo) -> bool:
    offsets = {
        datetime.combine(day + timedelta(days=step), time(0), zone).utcoffset() for step in (0, 1)
    }
    return len(offsets) > 1


def _utc(day: date, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    midnight = datetime.combine(day, time(0))
    return (midnight + timedelta(minutes=minute)).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def parse_calendars(lines: tuple[Line, ...], report: Report) -> Calendar:
    """What the file says, without the lines that are wrong. Problems go to `report`."""
    zones: list[str] = []
    openings: list[Opening] = []
    for line in lines:
        if line.fields[0].text == TIME_ZONE:
            _read_time_zone(line, zones, report)
        else:
            _read_slot(line, openings, report)
    return Calendar(tuple(openings), zones[0] if zones else DEFAULT_TIME_ZONE)


def _read_time_zone(line: Line, zones: list[str], report: Report) -> None:
    place = (line.number, line.fields[-1].column)
    if len(line.fields) != 2:  # noqa: PLR2004 — the key and the name
        message = f"Write “{TIME_ZONE}, Europe/Paris”: 2 fields, not {len(line.fields)}."
        report.add(FILE, place, Code.FIELD_COUNT, message)
    elif zones:
        report.add(FILE, place, Code.BAD_TIME_ZONE, "There can be only one time-zone line.")
    elif zone_named(line.fields[1].text) is None:
        message = f"“{line.fields[1].text}” is no time zone; they look like Indian/Reunion."
        report.add(FILE, place, Code.BAD_TIME_ZONE, message)
    else:
        zones.append(line.fields[1].text)


def _read_slot(line: Line, openings: list[Opening], report: Report) -> None:
    if len(line.fields) != 4:  # noqa: PLR2004 — name, days, from, to
        message = f"A slot line has 4 fields (name, days, from, to), this one {len(line.fields)}."
        report.add(FILE, (line.number, line.fields[0].column), Code.FIELD_COUNT, message)
        return
    name, days, start, end = line.fields
    named = _is_slot_name(name, line.number, report)
    on = _days(days, line.number, report)
    first = _minutes(start, line.number, report)
    last = _minutes(end, line.number, report)
    if first is None or last is None or not named or not on:
        return
    if first >= last:
        message = (
            f"From {start.text} to {end.text} is no time on one day. A slot over midnight needs"
            " two lines: one to 24:00, one from 00:00 on the next day."
        )
        report.add(FILE, (line.number, start.column), Code.IMPOSSIBLE_SLOT, message)
        return
    for day in on:
        opening = Opening(name.text, day, first, last)
        if _is_free(opening, openings, line, report):
            openings.append(opening)


def _is_slot_name(name: Field, line: int, report: Report) -> bool:
    if WORD.fullmatch(name.text) and name.text != CLOSED:
        return True
    message = f"“{name.text}” is no name for a slot: small letters, digits and “-”."
    if name.text in {CLOSED, ANY}:
        message = f"“{name.text}” has a meaning of its own; choose another name for the slot."
    report.add(FILE, (line, name.column), Code.BAD_SLOT_NAME, message)
    return False


def _days(field: Field, line: int, report: Report) -> tuple[int, ...]:
    """`mon`, `mon-fri` or `mon+wed+fri`. Empty when it is none of these."""
    found: list[int] = []
    for part in field.text.split("+"):
        first, dash, last = part.partition("-")
        wrong = [word for word in ((first, last) if dash else (first,)) if word not in DAYS]
        if wrong:
            message = f"“{wrong[0]}” is no day; the days are {', '.join(DAYS)}."
            place = (line, field.column)
            report.add(FILE, place, Code.BAD_DAYS, message, nearest(wrong[0][:3], DAYS))
            return ()
        start, end = DAYS.index(first), DAYS.index(last if dash else first)
        if start > end:
            message = f"“{part}” runs backwards; write both parts with “+”, as in sat+sun+mon."
            report.add(FILE, (line, field.column), Code.BAD_DAYS, message)
            return ()
        found.extend(range(start, end + 1))
    return tuple(found)


def _minutes(field: Field, line: int, report: Report) -> int | None:
    if _CLOCK.fullmatch(field.text):
        hours, minutes = field.text.split(":")
        return int(hours) * 60 + int(minutes)
    message = f"“{field.text}” is no time of day; write it as 08:00, midnight at the end as 24:00."
    report.add(FILE, (line, field.column), Code.BAD_TIME, message)
    return None


def _is_free(opening: Opening, others: list[Opening], line: Line, report: Report) -> bool:
    """One moment has one slot: what a rule for two slots at once means is anybody's guess."""
    for other in others:
        if other.day == opening.day and opening.start < other.end and other.start < opening.end:
            message = f"This overlaps with “{other.slot}” on {DAYS[opening.day]}."
            place = (line.number, line.fields[0].column)
            report.add(FILE, place, Code.OVERLAPPING_SLOTS, message)
            return False
    return True
