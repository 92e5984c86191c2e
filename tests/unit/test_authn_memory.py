"""What a process remembers for a short time."""

import os
from datetime import UTC, datetime, timedelta

from authn.memory import GrowingMemory, ShortMemory
from davserver.domain.secret import Secret

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


def memory(most: int = 100) -> ShortMemory:
    return ShortMemory(Secret(os.urandom(32)), MINUTE, most)


def test_it_remembers_for_its_time_and_no_longer():
    kept = memory()
    kept.add(NOW, b"zoe", b"secret")
    assert kept.has(NOW, b"zoe", b"secret")
    assert kept.has(NOW + MINUTE, b"zoe", b"secret")
    assert not kept.has(NOW + MINUTE + timedelta(microseconds=1), b"zoe", b"secret")


def test_a_clock_that_was_set_back_makes_it_forget():
    kept = memory()
    kept.add(NOW, b"zoe")
    assert not kept.has(NOW - timedelta(seconds=1), b"zoe")
    assert not kept.has(NOW, b"zoe")


def test_parts_are_kept_apart():
    kept = memory()
    kept.add(NOW, b"ab", b"c")
    assert not kept.has(NOW, b"a", b"bc")
    assert not kept.has(NOW, b"abc")
    assert not kept.has(NOW, b"ab", b"c", b"")


def test_it_stays_small_and_drops_the_oldest():
    kept = memory(most=3)
    for number in range(5):
        kept.add(NOW, bytes([number]))
    assert len(kept) == 3
    assert [kept.has(NOW, bytes([n])) for n in range(5)] == [False, False, True, True, True]


def test_it_holds_no_secret_in_the_clear():
    kept = memory()
    kept.add(NOW, b"hunter2hunter2")
    assert b"hunter2" not in b"".join(kept._seen._seen)


def test_what_does_not_work_is_tried_again_ever_more_rarely():
    kept = GrowingMemory(Secret(os.urandom(32)), 6, timedelta(hours=24), 100)
    tried = []
    for minute in range(60 * 24 * 3):
        now = NOW + minute * MINUTE
        if not kept.has(now, b"phone", b"old password"):
            tried.append(minute)
            kept.add(now, 5 * MINUTE, b"phone", b"old password")
    assert tried == [0, 5, 35, 215, 1295, 2735, 4175]
    assert not kept.has(NOW, b"phone", b"another password")


def test_what_did_not_work_is_forgotten_by_a_clock_that_was_set_back():
    kept = GrowingMemory(Secret(os.urandom(32)), 6, timedelta(hours=24), 100)
    kept.add(NOW, MINUTE, b"phone")
    assert kept.has(NOW, b"phone")
    assert not kept.has(NOW - MINUTE, b"phone")
