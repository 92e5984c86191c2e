"""Whoever waits for a connection gets one before those who come later."""

import threading

import pytest

from authn.ldap.answers import Busy
from authn.ldap.slots import Slots
from tests.support.serving import eventually


def test_so_many_at_a_time_and_no_more() -> None:
    slots = Slots(2)
    with slots.one(1), slots.one(1), pytest.raises(Busy), slots.one(0.01):
        pass
    with slots.one(0), slots.one(0):
        pass


def test_one_that_failed_is_free_again() -> None:
    slots = Slots(1)
    for _ in range(3):
        with pytest.raises(KeyError), slots.one(0):
            raise KeyError


def test_they_come_in_the_order_in_which_they_asked() -> None:
    slots, came, threads = Slots(1), list[int](), list[threading.Thread]()

    def come(number: int) -> None:
        with slots.one(60):
            came.append(number)

    with slots.one(0):
        for number in range(5):
            threads.append(threading.Thread(target=come, args=(number,)))
            threads[-1].start()
            assert eventually(lambda: slots.waiting == len(threads))
    # Whoever asks now comes after all of them.
    come(5)
    for one in threads:
        one.join(timeout=60)
    assert came == [0, 1, 2, 3, 4, 5]


def test_nobody_is_lost_who_gave_up() -> None:
    slots = Slots(1)
    with slots.one(0):
        for _ in range(3):
            with pytest.raises(Busy), slots.one(0.01):
                pass
    with slots.one(0):
        assert slots.waiting == 0
