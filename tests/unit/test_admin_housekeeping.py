"""Chores run at their times, whatever the others do, until they are told to stop."""

import threading
import time
from datetime import UTC, datetime, timedelta

from davserver.domain.errors import Unavailable
from davserver.wiring.housekeeping import Chore, Housekeeping

SOON = timedelta(milliseconds=5)


def clock() -> datetime:
    return datetime.now(UTC)


def test_each_chore_runs_again_and_again_at_its_own_pace():
    fast, slow = [], []
    enough = threading.Event()

    def quick(now: datetime) -> None:
        fast.append(now)
        if len(fast) == 5:
            enough.set()

    keeping = Housekeeping(
        [Chore("fast", SOON, quick), Chore("slow", timedelta(days=1), slow.append)], clock
    )
    keeping.start()
    assert enough.wait(60)
    keeping.stop()
    assert slow == []
    assert fast == sorted(fast)
    count = len(fast)
    time.sleep(0.03)
    assert len(fast) == count, "nothing runs after the stop"


def test_a_chore_that_fails_is_tried_again_and_stops_no_other():
    failed, done = [], threading.Event()

    def broken(now: datetime) -> None:
        failed.append(now)
        raise ValueError if len(failed) % 2 else Unavailable("away")

    def well(_: datetime) -> None:
        if len(failed) >= 3:
            done.set()

    keeping = Housekeeping([Chore("broken", SOON, broken), Chore("well", SOON, well)], clock)
    keeping.start()
    assert done.wait(60)
    keeping.stop()


def test_it_can_be_stopped_before_it_started_and_without_chores():
    Housekeeping([], clock).stop()
    keeping = Housekeeping([], clock)
    keeping.start()
    keeping.stop()
