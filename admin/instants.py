"""Moments as commands take them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from admin.output import local, warn
from admin.speaking import _
from davserver.config import kinds
from davserver.domain.errors import BadInput

_SPAN = kinds.duration(timedelta(0), timedelta(days=36500))
_DAY = timedelta(days=1)


def parse_end(option: str, text: str | None) -> datetime | None:
    """When something ends: ISO 8601, in UTC; this machine's zone where none is written, which is
    said. A date alone means the end of that day. Raises BadInput.
    """
    return None if text is None else _parsed(option, text, _DAY)


def parse_moment(option: str, text: str | None) -> datetime | None:
    """When something begins, or is asked about: as `parse_end`, but a date alone means the
    beginning of that day.
    """
    return None if text is None else _parsed(option, text, timedelta(0))


def coming(moment: datetime | None, text: str | None, now: datetime) -> datetime | None:
    """What `parse_moment` made of `text`, where it must be to come: None, which stands for now, if
    it is today's date alone.
    """
    today = now.astimezone().date()
    is_today = text is not None and _is_date(text) and date.fromisoformat(text) == today
    return None if is_today else moment


def parse_since(text: str, now: datetime) -> datetime:
    """A span back from now (30d, 12h), or a moment as `parse_moment` reads it. Raises BadInput."""
    try:
        return now - _SPAN.read(text, Path())
    except ValueError:
        return _parsed("--since", text, timedelta(0), _("a span such as 30d or 12h, "))


def _parsed(option: str, text: str, into_the_day: timedelta, or_else: str = "") -> datetime:
    try:
        written = datetime.fromisoformat(text)
        if _is_date(text):
            found = _begins(written + into_the_day)
        elif written.tzinfo is None:
            found = _only(option, text, written)
        else:
            found = written.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{option} {text}: write {or_else}a date such as 2026-12-31 or a moment such as "
            "2026-12-31T18:00+01:00"
        ) from None
    if written.tzinfo is None:
        warn(
            _(
                "%(option)s %(text)s: read in this machine's zone, as %(found)s",
                option=option,
                text=text,
                found=local(found),
            )
        )
    return found


def _is_date(text: str) -> bool:
    """However it is written: `20261231`, too."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _begins(day: datetime) -> datetime:
    """Its first moment, even where clocks are put forward, or back, at midnight."""
    meant = _meant(day)
    return min(meant) if meant else max(_both(day))


def _only(option: str, text: str, written: datetime) -> datetime:
    """Raises BadInput."""
    meant = _meant(written)
    if not meant:
        raise BadInput(f"{option} {text}: the clocks of this zone leave that moment out")
    if len(meant) > 1:
        example = min(meant).astimezone().isoformat()
        raise BadInput(
            f"{option} {text}: the clocks of this zone show that moment twice; write its offset, "
            f"as in {example}"
        )
    return min(meant)


def _meant(written: datetime) -> set[datetime]:
    """When the clocks of this machine show this: once, twice, or never."""
    return {one for one in _both(written) if one.astimezone().replace(tzinfo=None) == written}


def _both(written: datetime) -> set[datetime]:
    return {written.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
