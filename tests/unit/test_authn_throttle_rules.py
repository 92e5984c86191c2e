"""How long failures keep somebody waiting, and where."""

from datetime import UTC, datetime, timedelta

import pytest

from authn.throttle import (
    LONGEST_WAIT,
    network_of,
    next_of_address,
    next_of_pair,
    seconds_to_wait,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ACCOUNTS_PER_ADDRESS = 100


def failing(times: int):
    count = None
    for _ in range(times):
        count = next_of_pair(count, NOW)
    return count


@pytest.mark.parametrize("back", [SECOND, 40 * SECOND, timedelta(hours=1)])
def test_a_mistake_keeps_nobody_waiting_when_the_clock_is_set_back(back: timedelta) -> None:
    for count in (failing(1), failing(5), next_of_address(None, NOW)):
        assert seconds_to_wait(count, NOW - back) == 0
    fading = next_of_address(next_of_address(None, NOW - 30 * SECOND), NOW)
    assert seconds_to_wait(fading, NOW - back) == 0


def test_a_wait_is_no_longer_than_it_was_set_whatever_the_clock_says() -> None:
    count = failing(8)
    assert seconds_to_wait(count, NOW - MINUTE) == 8
    assert seconds_to_wait(count, NOW - LONGEST_WAIT - SECOND) == 0
    assert seconds_to_wait(next_of_pair(count, NOW - timedelta(hours=1)), NOW) == 0


def test_an_address_is_not_free_while_the_clock_is_behind() -> None:
    count, _ = failing_accounts(ACCOUNTS_PER_ADDRESS, timedelta())
    before = NOW - timedelta(hours=1)
    assert seconds_to_wait(next_of_address(count, before), before) == 60


def test_five_mistakes_are_free_and_further_ones_double_the_wait():
    waits = [seconds_to_wait(failing(times), NOW) for times in range(1, 11)]
    assert waits == [0, 0, 0, 0, 0, 2, 4, 8, 16, 32]


def test_the_wait_never_grows_beyond_five_minutes():
    assert seconds_to_wait(failing(500), NOW) == LONGEST_WAIT.total_seconds() == 300


def test_the_wait_ends():
    count = failing(8)
    assert seconds_to_wait(count, NOW + 7 * SECOND) == 1
    assert seconds_to_wait(count, NOW + 8 * SECOND) == 0


def test_after_a_quiet_hour_mistakes_are_forgotten():
    count = failing(50)
    assert next_of_pair(count, NOW + timedelta(minutes=59)).failures == 51
    assert next_of_pair(count, NOW + timedelta(hours=1)).failures == 1


def failing_accounts(number: int, every: timedelta):
    count, now = None, NOW
    for _ in range(number):
        count = next_of_address(count, now)
        now += every
    return count, now - every


def test_a_hundred_accounts_may_fail_at_one_address_and_the_next_waits_a_minute():
    count, now = failing_accounts(ACCOUNTS_PER_ADDRESS, timedelta())
    assert seconds_to_wait(count, now) == 0
    assert seconds_to_wait(next_of_address(count, now), now) == 60


def test_a_shelter_whose_people_mistype_all_day_never_waits():
    count, now = failing_accounts(2000, MINUTE)
    assert count.failures == 1
    count, now = failing_accounts(2000, 61 * SECOND)
    assert seconds_to_wait(count, now) == 0


def test_fading_loses_nothing_to_rounding():
    count, _ = failing_accounts(60, 30 * SECOND)
    assert count.failures in {30, 31}


def test_a_clock_that_was_set_back_does_not_fade_or_fail():
    count, _ = failing_accounts(10, timedelta())
    assert next_of_address(count, NOW - timedelta(hours=5)).failures == 11


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_one_household_counts_as_one_address(address, network):
    assert network_of(address) == network
