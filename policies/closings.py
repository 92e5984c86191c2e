"""The lines `closed, DATE` of calendars.csv: days on which no slot holds.

closed, 2026-12-24                          one day
closed, 2026-12-24, 2027-01-02              from, to: both are closed
closed, 2026-08-01, 2026-08-15, ccas-lyon   one structure only, here and with one day
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from policies.problems import Code, Report
from policies.sheet import Field, Line
from policies.vocabulary import CLOSED, WORD

FILE = "calendars.csv"
EXAMPLE = f"{CLOSED}, 2026-12-24"
FIRST_YEAR, LAST_YEAR = 2000, 2099
LONGEST_DAYS = 366
"""Nobody closes for longer by a line of a calendar: most likely a slip in a year."""

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_LIKE_A_DATE = re.compile(r"[0-9]{4}[-/. ].*|[0-9][0-9/. -]*")
_MOST_FIELDS = 4


@dataclass
class Closings:
    """The dates found so far, per structure; under None those of everybody."""

    dates: dict[str | None, set[date]] = field(default_factory=dict)

    def read(self, line: Line, report: Report) -> None:
        """Adds what the line says, or reports why it says nothing."""
        fields = list(line.fields[1:])
        if not 1 < len(line.fields) <= _MOST_FIELDS:
            message = f"Write “{EXAMPLE}”, then if you want a last day and a structure's slug."
            report.add(FILE, (line.number, line.fields[0].column), Code.FIELD_COUNT, message)
            return
        first = _date(fields.pop(0), line.number, report)
        last = first
        if len(fields) > 1 or (fields and _LIKE_A_DATE.fullmatch(fields[0].text)):
            last = _date(fields.pop(0), line.number, report)
        whose = _slug(fields, line.number, report)
        if first and last and whose != "" and _is_span(first, last, line, report):
            self._close(first, last, whose, line, report)

    def _close(
        self, first: date, last: date, whose: str | None, line: Line, report: Report
    ) -> None:
        span = {first + timedelta(days=step) for step in range((last - first).days + 1)}
        known = (self.dates.get(whose, set()), self.dates.get(None, set()))
        if all(any(day in dates for dates in known) for day in span):
            message = "Other lines close all of this already; remove this line or change its dates."
            report.add(FILE, (line.number, line.fields[1].column), Code.CLOSED_ALREADY, message)
        self.dates.setdefault(whose, set()).update(span)


def _date(word: Field, line: int, report: Report) -> date | None:
    text, place = word.text, (line, word.column)
    parts = _ISO.fullmatch(text)
    if parts is None:
        message = f"“{text}” is no date; write year-month-day, as in “{EXAMPLE}”."
        report.add(FILE, place, Code.BAD_DATE, message, _iso(text))
        return None
    year, month, day = map(int, parts.groups())
    found = _day(year, month, day)
    if found is None:
        message = f"There is no such day as {text}."
        report.add(FILE, place, Code.BAD_DATE, message)
    elif not FIRST_YEAR <= year <= LAST_YEAR:
        message = f"{text} is too far away: years go from {FIRST_YEAR} to {LAST_YEAR}."
        report.add(FILE, place, Code.BAD_DATE, message)
        return None
    return found


def _iso(text: str) -> str | None:
    """24/12/2026 as it has to be written here, for a hint."""
    parts = _DAY_FIRST.fullmatch(text)
    found = _day(int(parts[3]), int(parts[2]), int(parts[1])) if parts else None
    return found.isoformat() if found else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _slug(fields: list[Field], line: int, report: Report) -> str | None:
    """None for everybody; empty when the field names no structure."""
    if not fields:
        return None
    word = fields[0]
    if WORD.fullmatch(word.text):
        return word.text
    message = f"“{word.text}” is no structure; write its slug, as `abri structure list` shows it."
    report.add(FILE, (line, word.column), Code.BAD_SLUG, message)
    return ""


def _is_span(first: date, last: date, line: Line, report: Report) -> bool:
    place = (line.number, line.fields[min(2, len(line.fields) - 1)].column)
    if last < first:
        message = f"The last day, {last}, is before the first, {first}."
        report.add(FILE, place, Code.IMPOSSIBLE_CLOSING, message)
        return False
    if (last - first).days >= LONGEST_DAYS:
        message = f"From {first} to {last} is more than a year: is one of the years wrong?"
        report.add(FILE, place, Code.IMPOSSIBLE_CLOSING, message)
        return False
    return True
