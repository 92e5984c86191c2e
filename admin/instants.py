"""Moments as commands take them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from admin.output import local, warn
from davserver.config import kinds
from davserver.domain.errors import BadInput

_DATE_ONLY = len("2026-12-31")
_SPAN = kinds.duration(timedelta(0), timedelta(days=36500))


def parse_instant(option: str, text: str | None) -> datetime | None:
    """ISO 8601, in UTC; this machine's zone where none is written, which is said. A date alone
    means the end of that day. Raises BadInput.
    """
    if text is None:
        return None
    try:
        written = datetime.fromisoformat(text)
        if len(text) == _DATE_ONLY:
            found = _begins(written + timedelta(days=1))
        elif written.tzinfo is None:
            found = _only(option, text, written)
        else:
            found = written.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{option} {text}: write a date such as 2026-12-31 or a moment such as "
            "2026-12-31T18:00+01:00"
        ) from None
    if written.tzinfo is None:
        warn(f"{option} {text}: read in this machine's zone, as {local(found)}")
    return found


def parse_since(text: str, now: datetime) -> datetime:
    """A span back from now (30d, 12h), or a moment; a date alone means its beginning. Raises
    BadInput.
    """
    try:
        return now - _SPAN.read(text, Path())
    except ValueError:
        moment = f"{text}T00:00" if len(text) == _DATE_ONLY else text
        return parse_instant("--since", moment) or now


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
