"""Waiting for what comes by itself, and not for ever."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Fails when it does not hold by then: a busy machine needs more than the usual moment."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def within_one_day(seconds: float = 60) -> None:
    """For what is told by days: waits for midnight, in Paris and in UTC, if it is that near."""
    for zone in (ZoneInfo("Europe/Paris"), UTC):
        now = datetime.now(zone)
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        if (tomorrow - now).total_seconds() < seconds:
            time.sleep((tomorrow - now).total_seconds() + 1)
