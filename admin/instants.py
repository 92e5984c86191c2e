"""Moments as commands take them."""

from datetime import UTC, datetime, timedelta

from davserver.domain.errors import BadInput

_DATE_ONLY = len("2026-12-31")


def parse_instant(option: str, text: str | None) -> datetime | None:
    """ISO 8601, in UTC; this machine's zone where none is written. A date alone means the end of
    that day. Raises BadInput.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        if len(text) == _DATE_ONLY:
            found += timedelta(days=1)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{option} {text}: write a date such as 2026-12-31 or a moment such as "
            "2026-12-31T18:00+01:00"
        ) from None
