"""What people choose and type in forms, read."""

from datetime import datetime, time, timedelta

from davserver.domain.ids import ID_BYTES
from davserver.web.errors import FilledInWrong
from davserver.web.marked import N_
from davserver.web.visit import Visit


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
    typed = visit.form.text(field)
    if not typed:
        return None
    try:
        day = datetime.fromisoformat(typed).date()
    except ValueError:
        raise FilledInWrong(N_("Write the date like this: 2027-01-31."), at=field) from None
    end = datetime.combine(day + timedelta(days=1), time(), visit.texts.zone)
    if end <= visit.now:
        raise FilledInWrong(N_("Choose a day to come."), at=field)
    return end
