"""calendars.csv: named weekly slots, public holidays and days of closing, by local time.

work-hours, mon-fri, 08:00, 19:00              from is included, to is excluded
work-hours, sat, 09:00, 12:00                  one name may have several lines
on-call, sun+holidays, 08:00, 20:00            other slots do not hold on public holidays
holidays, france                               those of the territory that the time zone tells
holidays, alsace-moselle, ccas-strasbourg      those that one structure keeps instead
closed, 2026-12-24                             no slot holds (policies/closings.py)
time-zone, Europe/Paris                        for people who act for no structure
"""

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import available_timezones

from policies.closings import FILE as CALENDARS
from policies.closings import Closings
from policies.holidays import Territory
from policies.hours import (
    DEFAULT_TIME_ZONE,
    HOLIDAY,
    KINDS,
    WEEKDAYS,
    Calendar,
    Days,
    Opening,
    zone_named,
)
from policies.problems import Code, Report, nearest
from policies.sheet import Field, Line
from policies.vocabulary import ANY, CLOSED, WORD

FILE = CALENDARS
TIME_ZONE = "time-zone"
HOLIDAYS = KINDS[HOLIDAY]
_FRENCH = {
    "lun": "mon",
    "mar": "tue",
    "mer": "wed",
    "jeu": "thu",
    "ven": "fri",
    "sam": "sat",
    "dim": "sun",
    "fer": HOLIDAYS,
    "fér": HOLIDAYS,
}
"""French days by their first letters, for hints: “lundi” looks most like “sun”."""
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_LOOSE_CLOCK = re.compile(r"([0-9]{1,2}) ?[h:.]? ?([0-9]{2})?", re.IGNORECASE)


@dataclass
class _Reading:
    zones: list[str] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    lines: dict[Opening, int] = field(default_factory=dict)
    on_holidays: list[tuple[int, int]] = field(default_factory=list)
    by_time_zone: int | None = None
    territories: dict[str, tuple[Territory, int]] = field(default_factory=dict)
    closings: Closings = field(default_factory=Closings)

    @property
    def days(self) -> Days:
        dates = {whose: frozenset(those) for whose, those in self.closings.dates.items()}
        return Days(
            by_time_zone=self.by_time_zone is not None,
            territories=MappingProxyType({s: t for s, (t, _) in self.territories.items()}),
            closings=MappingProxyType(dates),
        )


def parse_calendars(lines: tuple[Line, ...], report: Report) -> Calendar:
    """What the file says, without the lines that are wrong. Problems go to `report`."""
    reading = _Reading()
    for line in lines:
        if report.is_full(FILE):
            break
        match line.fields[0].text:
            case "time-zone":
                _read_time_zone(line, reading.zones, report)
            case "holidays":
                _read_holidays(line, reading, report)
            case "closed":
                reading.closings.read(line, report)
            case _:
                _read_slot(line, reading, report)
    _check_holidays_are_on(reading, report)
    zone = reading.zones[0] if reading.zones else DEFAULT_TIME_ZONE
    return Calendar(tuple(reading.openings), zone, reading.days)


def _read_time_zone(line: Line, zones: list[str], report: Report) -> None:
    place = (line.number, line.fields[-1].column)
    if len(line.fields) != 2:  # noqa: PLR2004 — the key and the name
        message = f"Write “{TIME_ZONE}, Europe/Paris”: 2 fields, not {len(line.fields)}."
        report.add(FILE, place, Code.FIELD_COUNT, message)
    elif zones:
        report.add(FILE, place, Code.BAD_TIME_ZONE, "There can be only one time-zone line.")
    elif zone_named(line.fields[1].text) is None:
        message = f"“{line.fields[1].text}” is no time zone; they look like Indian/Reunion."
        report.add(FILE, place, Code.BAD_TIME_ZONE, message, _zone_meant(line.fields[1].text))
    else:
        zones.append(line.fields[1].text)


def _zone_meant(word: str) -> str | None:
    """By the place alone: which continent it is on is what people leave out, or get wrong."""
    zones = (zone for zone in sorted(available_timezones()) if "/" in zone)
    places = {_place_of(zone): zone for zone in zones if not zone.startswith("Etc/")}
    close = nearest(_place_of(word), places, cutoff=0.7)
    return places[close] if close else None


def _place_of(zone: str) -> str:
    return zone.rpartition("/")[2].lower().replace(" ", "_")


def _read_holidays(line: Line, reading: _Reading, report: Report) -> None:
    """`holidays, france`, or `holidays, TERRITORY, SLUG`."""
    if len(line.fields) not in {2, 3}:
        message = f"Write “{HOLIDAYS}, {Territory.FRANCE}”, or a territory and a structure's slug."
        report.add(FILE, (line.number, line.fields[0].column), Code.FIELD_COUNT, message)
        return
    name = line.fields[1]
    if name.text not in tuple(Territory):
        message = f"“{name.text}” is no territory; they are {', '.join(Territory)}."
        hint = nearest(name.text, Territory)
        report.add(FILE, (line.number, name.column), Code.BAD_TERRITORY, message, hint)
    elif len(line.fields) == 2:  # noqa: PLR2004 — for everybody
        _switch_on(name, line.number, reading, report)
    else:
        _give_territory(Territory(name.text), line.fields[2], line.number, reading, report)


def _switch_on(name: Field, line: int, reading: _Reading, report: Report) -> None:
    if name.text != Territory.FRANCE:
        message = (
            f"Say whose holidays these are: “{HOLIDAYS}, {name.text}, ccas-lyon”. For everybody"
            f" write “{HOLIDAYS}, {Territory.FRANCE}”: overseas, the territory follows from the"
            " structure's time zone."
        )
        report.add(FILE, (line, name.column), Code.BAD_TERRITORY, message)
    elif reading.by_time_zone is not None:
        message = f"Line {reading.by_time_zone} says so already; keep one of the two."
        report.add(FILE, (line, name.column), Code.SAME_HOLIDAYS, message)
    else:
        reading.by_time_zone = line


def _give_territory(
    territory: Territory, slug: Field, line: int, reading: _Reading, report: Report
) -> None:
    place = (line, slug.column)
    if not WORD.fullmatch(slug.text):
        message = f"“{slug.text}” is no structure; write its slug, as `abri structure list` shows."
        report.add(FILE, place, Code.BAD_SLUG, message)
    elif slug.text in reading.territories:
        before = reading.territories[slug.text][1]
        message = f"“{slug.text}” has its territory in line {before}; keep one of the two."
        report.add(FILE, place, Code.SAME_HOLIDAYS, message)
    else:
        reading.territories[slug.text] = (territory, line)


def _check_holidays_are_on(reading: _Reading, report: Report) -> None:
    """A slot for holidays that nobody keeps would never hold then: the line says it in vain."""
    if reading.by_time_zone is not None or reading.territories:
        return
    for place in reading.on_holidays:
        message = (
            f"This can never hold on “{HOLIDAYS}”: the file has none. Add the line"
            f" “{HOLIDAYS}, {Territory.FRANCE}”, or remove the word."
        )
        report.add(FILE, place, Code.NEVER_HOLDS, message)


def _read_slot(line: Line, reading: _Reading, report: Report) -> None:
    if len(line.fields) != 4:  # noqa: PLR2004 — name, days, from, to
        message = f"A slot line has 4 fields (name, days, from, to), this one {len(line.fields)}."
        keys = (TIME_ZONE, HOLIDAYS, CLOSED)
        hint = nearest(line.fields[0].text, keys, cutoff=0.6)
        report.add(FILE, (line.number, line.fields[0].column), Code.FIELD_COUNT, message, hint)
        return
    name, days, start, end = line.fields
    named = _is_slot_name(name, line.number, report)
    on = _days(days, line.number, report)
    first = _minutes(start, line.number, report)
    last = _minutes(end, line.number, report)
    if first is None or last is None or not named or not on:
        return
    if first >= last:
        message = _over_midnight(line, on)
        report.add(FILE, (line.number, start.column), Code.IMPOSSIBLE_SLOT, message)
        return
    if HOLIDAY in on:
        reading.on_holidays.append((line.number, days.column))
    _keep([Opening(name.text, day, first, last) for day in on], line, reading, report)


def _over_midnight(line: Line, on: tuple[int, ...]) -> str:
    """What is wrong, with the two lines to write instead where they can be told."""
    name, days, start, end = (one.text for one in line.fields)
    if start == end:
        return f"From {start} to {end} is no time at all; a whole day is 00:00, 24:00."
    told = f"From {start} to {end} goes over midnight: write it as two lines"
    if HOLIDAY in on:
        return f"{told}, one to 24:00 and one from 00:00 for the days after."
    after = _written({(day + 1) % len(WEEKDAYS) for day in on})
    second = f" and “{name}, {after}, 00:00, {end}”" if end != "00:00" else ""
    if not second:
        return f"The end of a day is 24:00: write “{name}, {days}, {start}, 24:00”."
    return f"{told}, “{name}, {days}, {start}, 24:00”{second}."


def _written(days: set[int]) -> str:
    """Weekdays as the file writes them: {0, 1, 2, 6} is mon-wed+sun."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    ends = ({run[0], run[-1]} for run in runs)
    return "+".join("-".join(WEEKDAYS[day] for day in sorted(run)) for run in ends)


def _is_slot_name(name: Field, line: int, report: Report) -> bool:
    if WORD.fullmatch(name.text):
        return True
    message = f"“{name.text}” is no name for a slot: small letters, digits and “-”."
    if name.text == ANY:
        message = f"“{ANY}” has a meaning of its own; choose another name for the slot."
    report.add(FILE, (line, name.column), Code.BAD_SLOT_NAME, message)
    return False


def _days(words: Field, line: int, report: Report) -> tuple[int, ...]:
    """`mon`, `mon-fri`, `mon+wed+fri` or `sun+holidays`. Empty when it is none of these."""
    found: list[int] = []
    for part in words.text.split("+"):
        first, dash, last = part.partition("-")
        names = (first, last) if dash else (first,)
        known = WEEKDAYS if dash else KINDS
        wrong = [word for word in names if word not in known]
        if wrong:
            message = f"“{wrong[0]}” is no day; the days are {', '.join(KINDS)}."
            report.add(FILE, (line, words.column), Code.BAD_DAYS, message, _day_meant(wrong[0]))
            return ()
        start, end = KINDS.index(first), KINDS.index(last if dash else first)
        if start > end:
            message = f"“{part}” runs backwards; write both parts with “+”, as in sat+sun+mon."
            report.add(FILE, (line, words.column), Code.BAD_DAYS, message)
            return ()
        found.extend(range(start, end + 1))
    return tuple(found)


def _day_meant(word: str) -> str | None:
    short = word.lower()[:3]
    return _FRENCH.get(short) or nearest(short, WEEKDAYS) or nearest(word, KINDS)


def _minutes(words: Field, line: int, report: Report) -> int | None:
    text = words.text
    if _CLOCK.fullmatch(text):
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)
    message = f"“{text}” is no time of day; write it as 08:00, midnight at the end as 24:00."
    report.add(FILE, (line, words.column), Code.BAD_TIME, message, _time_meant(text))
    return None


def _time_meant(text: str) -> str | None:
    """8h, 8:00 and 18.30 as they have to be written here."""
    parts = _LOOSE_CLOCK.fullmatch(text)
    if parts is None:
        return None
    meant = f"{int(parts[1]):02}:{parts[2] or '00'}"
    return meant if _CLOCK.fullmatch(meant) else None


def _keep(openings: list[Opening], line: Line, reading: _Reading, report: Report) -> None:
    """One moment has one slot: what a rule for two slots at once means is anybody's guess."""
    for opening in openings:
        other = next((o for o in reading.openings if _overlap(opening, o)), None)
        if other is not None:
            before = reading.lines[other]
            whose = f"“{other.slot}” of line {before}" if before != line.number else "itself"
            message = f"This overlaps with {whose} on {KINDS[opening.day]}: one moment, one slot."
            place = (line.number, line.fields[0].column)
            report.add(FILE, place, Code.OVERLAPPING_SLOTS, message)
            return
        reading.openings.append(opening)
        reading.lines[opening] = line.number


def _overlap(one: Opening, other: Opening) -> bool:
    return one.day == other.day and one.start < other.end and other.start < one.end
