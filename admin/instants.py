"""Moments as commands take them."""

from datetime import UTC, datetime, timedelta

from admin.output import local, warn
from davserver.domain.errors import BadInput

_DATE_ONLY = len("2026-12-31")


def parse_instant(option: str, text: str | None) -> datetime | None:
    """ISO 8601, in UTC; this machine's zone where none is written, which is said. A date alone
    means the end of that day. Raises BadInput.
    """
    if text is None:
        return None
    try:
        written = datetime.fromisoformat(text)
        if len(text) == _DATE_ONLY:
            written += timedelta(days=1)
        elif written.tzinfo is None:
            _require_one_moment(option, text, written)
        found = written.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{option} {text}: write a date such as 2026-12-31 or a moment such as "
            "2026-12-31T18:00+01:00"
        ) from None
    if written.tzinfo is None:
        warn(f"{option} {text}: read in this machine's zone, as {local(found)}")
    return found


def _require_one_moment(option: str, text: str, written: datetime) -> None:
    """Clocks that are put forward leave an hour out, and put back show one twice."""
    first, second = (written.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return
    if first.astimezone().replace(tzinfo=None) != written:
        raise BadInput(f"{option} {text}: the clocks of this zone leave that moment out")
    raise BadInput(
        f"{option} {text}: the clocks of this zone show that moment twice; write its offset, as in "
        f"{first.astimezone().isoformat()}"
    )
