"""How many wrong passwords reach a directory: counted in the database, before it is asked."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from authn.guesses import Guesses, Limit, Spot
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import Unavailable
from tests.support.accounts import HOME, NOON, Accounts

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
AT_HOME_FOR, UNDER_WAY_FOR, STRANGERS_AT_ONCE = timedelta(days=14), MINUTE, 300
"""What docs/directory.md says, and not what the code does: a limit that grows is seen here."""
LIMIT = Limit(3, 30 * MINUTE)
STRANGE = "198.51.100.1"


@pytest.fixture
def guesses(accounts: Accounts) -> Guesses:
    return Guesses(accounts.db, accounts.keys, patience=0.05)


@pytest.fixture
def other_node(accounts: Accounts, database_url: str) -> Iterator[Guesses]:
    db = Database(database_url)
    yield Guesses(db, accounts.keys, patience=20)
    db.close()


def karim(guesses: Guesses, address: str = STRANGE) -> Spot:
    return guesses.spot("ccas", "karim@ccas.example", address)


def guess(guesses: Guesses, spot: Spot, now=NOON) -> bool:
    """Whether the directory was asked; it said that the password is wrong."""
    if not guesses.take(spot, LIMIT, now):
        return False
    guesses.wrong(spot, LIMIT, now)
    return True


def sign_in(guesses: Guesses, spot: Spot, now=NOON) -> bool:
    if not guesses.take(spot, LIMIT, now):
        return False
    guesses.right(spot, now)
    return True


def test_strangers_leave_a_try_to_addresses_where_the_account_signed_in(guesses):
    home = karim(guesses, HOME)
    assert sign_in(guesses, home)
    strange = [karim(guesses, f"198.51.100.{number}") for number in range(5)]
    assert [guess(guesses, one) for one in strange] == [True, True, False, False, False]
    assert not sign_in(guesses, strange[0])
    assert sign_in(guesses, home)
    assert [guess(guesses, home) for _ in range(2)] == [True, False]
    assert not sign_in(guesses, home)


@pytest.mark.parametrize(
    ("tries", "strangers"), [(1, 1), (2, 1), (3, 2), (4, 3), (6, 4), (9, 6), (50, 34)]
)
def test_a_third_is_kept_for_home(tries, strangers):
    limit = Limit(tries, MINUTE)
    assert (limit.allowed(at_home=True), limit.allowed(at_home=False)) == (tries, strangers)


def test_all_are_back_once_nothing_was_wrong_for_as_long_as_the_directory_counts(guesses):
    spot = karim(guesses)
    assert guess(guesses, spot)
    assert guess(guesses, spot, NOON + 29 * MINUTE)
    # A directory counts on as long as its observation window has not passed since the last.
    assert not guess(guesses, spot, NOON + 58 * MINUTE)
    later = NOON + 59 * MINUTE
    assert [guess(guesses, spot, later) for _ in range(3)] == [True, True, False]


def test_right_passwords_neither_count_nor_keep_mistakes_from_being_forgotten(guesses):
    spot = karim(guesses)
    assert guess(guesses, spot)
    for minute in range(30):
        assert sign_in(guesses, spot, NOON + minute * MINUTE)
    later = NOON + 30 * MINUTE
    assert [guess(guesses, spot, later) for _ in range(4)] == [True, True, True, False]


def test_what_was_not_answered_does_not_count(guesses):
    spot = karim(guesses)
    for _ in range(10):
        assert guesses.take(spot, LIMIT, NOON)
        guesses.unanswered(spot)
    assert [guess(guesses, spot) for _ in range(3)] == [True, True, False]


def test_what_nobody_answered_because_a_process_died_counts_as_wrong(guesses):
    spot = karim(guesses)
    for _ in range(2):
        assert guesses.take(spot, LIMIT, NOON)
    with pytest.raises(Unavailable):
        guesses.take(spot, LIMIT, NOON + SECOND)
    later = NOON + UNDER_WAY_FOR
    assert not guesses.take(spot, LIMIT, later)
    assert guesses.take(spot, LIMIT, NOON + LIMIT.within)


def test_parallel_guesses_on_several_nodes_do_not_get_further(guesses, other_node):
    patient = Guesses(guesses._db, guesses._keys, patience=20)
    asked, at_once = [], threading.Barrier(12)

    def try_one(number: int) -> None:
        node = (patient, other_node)[number % 2]
        at_once.wait(60)
        if guess(node, karim(node, f"198.51.100.{number}")):
            asked.append(number)

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(try_one, number) for number in range(12)]:
            done.result(60)
    assert len(asked) == LIMIT.allowed(at_home=False) == 2


def test_parallel_right_passwords_wait_for_each_other_and_all_get_in(guesses, other_node):
    patient = Guesses(guesses._db, guesses._keys, patience=20)
    nodes = [patient, other_node] * 4
    with ThreadPoolExecutor(len(nodes)) as pool:
        found = list(pool.map(lambda node: sign_in(node, karim(node)), nodes))
    assert found == [True] * len(nodes)


def test_accounts_and_directories_are_counted_apart(guesses):
    while guess(guesses, karim(guesses)):
        pass
    for spot in (
        guesses.spot("ccas", "zoe@ccas.example", STRANGE),
        guesses.spot("asso", "karim@ccas.example", STRANGE),
    ):
        assert guess(guesses, spot)


@pytest.mark.slow
def test_a_crowd_that_guesses_a_little_each_is_slowed_and_nobody_at_home(guesses):
    assert sign_in(guesses, karim(guesses, HOME))
    for number in range(STRANGERS_AT_ONCE):
        spot = guesses.spot("ccas", f"nobody-{number}@ccas.example", f"10.0.{number // 250}.1")
        assert guess(guesses, spot)
    assert not guess(guesses, guesses.spot("ccas", "zoe@ccas.example", STRANGE))
    assert sign_in(guesses, karim(guesses, HOME))
    assert guess(guesses, guesses.spot("asso", "zoe@asso.example", STRANGE))
    later = NOON + SECOND
    strange = [guesses.spot("ccas", f"p{number}@ccas.example", STRANGE) for number in range(2)]
    assert [guess(guesses, one, later) for one in strange] == [True, False]


def test_an_address_is_home_for_two_weeks(guesses):
    spot = karim(guesses, HOME)
    assert not guesses.is_at_home(spot, NOON)
    assert sign_in(guesses, spot)
    assert guesses.is_at_home(spot, NOON + AT_HOME_FOR - SECOND)
    assert not guesses.is_at_home(spot, NOON + AT_HOME_FOR)
    assert not guesses.is_at_home(karim(guesses, STRANGE), NOON)
    assert guesses.is_at_home(karim(guesses, "::ffff:192.0.2.7"), NOON)
    assert sign_in(guesses, spot, NOON + timedelta(days=13))
    assert guesses.is_at_home(spot, NOON + timedelta(days=26))


def test_a_sign_in_leaves_one_row_which_names_nobody(accounts, guesses):
    assert sign_in(guesses, karim(guesses, HOME))
    with accounts.db.read() as tx:
        (row,) = tx.execute(select(t.throttle)).all()
        assert tx.execute(select(func.count()).select_from(t.throttle)).scalar_one() == 1
    assert b"karim" not in row.key
