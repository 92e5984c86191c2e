"""What people choose and type in forms, read."""

from contextlib import suppress
from datetime import MAXYEAR, date, datetime, time, timedelta

from davserver.domain.ids import ID_BYTES
from davserver.web.errors import FilledInWrong
from davserver.web.marked import N_
from davserver.web.visit import Visit

_DIGITS = 18
"""What fits into a number of the database."""


def number_typed(text: str) -> int | None:
    """A number of an address or a button; None for anything else, or more than any row has."""
    is_one = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if is_one else None


def id_typed(text: str, else_say: str) -> bytes:
    """The id behind a button. Raises FilledInWrong."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != ID_BYTES:
        raise FilledInWrong(else_say, at="")
    return found


def end_of_day(visit: Visit, field: str) -> datetime | None:
    """To the end of the day in that field, where the visitor's clocks are. Raises FilledInWrong."""
    day = _day(visit, field)
    if day is None:
        return None
    end = datetime.combine(day + timedelta(days=1), time(), visit.texts.zone)
    if end <= visit.now:
        raise FilledInWrong(N_("Choose a day to come."), at=field)
    return end


def start_of_day(visit: Visit, field: str) -> datetime | None:
    """From the beginning of the day in that field, as above; None for today: that has begun."""
    day, today = _day(visit, field), visit.now.astimezone(visit.texts.zone).date()
    if day is None or day == today:
        return None
    if day < today:
        raise FilledInWrong(N_("Choose today or a day to come."), at=field)
    return datetime.combine(day, time(), visit.texts.zone)


def _day(visit: Visit, field: str) -> date | None:
    typed = visit.form.text(field)
    if not typed:
        return None
    with suppress(ValueError):
        day = datetime.fromisoformat(typed).date()
        if day.year < MAXYEAR:  # the next day is to be one, too
            return day
    raise FilledInWrong(N_("Write the date like this: 2027-01-31."), at=field)
