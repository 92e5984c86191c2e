"""Guessing is slow, and nobody can use that to keep others out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select

from authn.credentials import Password, password_bytes
from authn.login import Login
from authn.throttle import SWEPT_AFTER
from davserver.db import tables as t
from davserver.domain.errors import NotSignedIn, SlowDown
from davserver.domain.people import Person
from tests.support.accounts import HOME, NOON, Accounts, statements_of

pytestmark = pytest.mark.slow

WORDS = "quatre mots sans lien"
SECOND = timedelta(seconds=1)
ELSEWHERE = "198.51.100.1"


@pytest.fixture
def zoe(accounts: Accounts) -> Person:
    return accounts.add("zoe", password=WORDS)


def typed(login: str, password: str = WORDS) -> Password:
    return Password(login, password_bytes(password))


def guess(login: Login, times: int, *, who: str = "zoe", at: str = HOME, now=NOON) -> None:
    for number in range(times):
        with pytest.raises(NotSignedIn):
            login.sign_in(typed(who, f"guess {number} of {now}"), at, now)


def wait_of(login: Login, password: str = WORDS, *, at: str = HOME, now: datetime = NOON) -> int:
    with pytest.raises(SlowDown) as slow:
        login.sign_in(typed("zoe", password), at, now)
    return slow.value.seconds


def rows(accounts: Accounts) -> int:
    with accounts.db.read() as tx:
        return tx.execute(select(func.count()).select_from(t.throttle)).scalar_one()


def test_after_six_mistakes_even_the_right_password_must_wait(accounts, zoe):
    guess(accounts.login, 5)
    guess(accounts.login, 1, now=NOON + SECOND)
    assert wait_of(accounts.login, now=NOON + SECOND) == 2
    assert accounts.login.sign_in(typed("zoe"), HOME, NOON + 3 * SECOND).id == zoe.id


def test_a_password_that_was_proved_a_moment_ago_waits_too(accounts, zoe):
    accounts.login.sign_in(typed("zoe"), HOME, NOON)
    guess(accounts.login, 6)
    assert wait_of(accounts.login) == 2


def test_every_process_knows(accounts, zoe):
    guess(accounts.login, 3)
    guess(accounts.new_process(), 3, now=NOON + SECOND)
    assert wait_of(accounts.new_process(), now=NOON + SECOND) == 2


def at_once(tries: list[Callable[[], object]]) -> list[str]:
    """What each came to, begun at one moment."""
    begin = Barrier(len(tries))

    def one(attempt: Callable[[], object]) -> str:
        begin.wait()
        try:
            attempt()
        except (NotSignedIn, SlowDown) as refused:
            return type(refused).__name__
        return "let in"

    with ThreadPoolExecutor(len(tries)) as crowd:
        return sorted(crowd.map(one, tries))


def test_of_many_guesses_at_once_in_two_processes_one_is_tried(accounts, zoe):
    """Whoever waited until the wait was over may try once, not once for each worker."""
    guess(accounts.login, 6)
    later = NOON + 3 * SECOND
    workers = [accounts.login, accounts.new_process()] * 4
    came = at_once(
        [
            partial(worker.sign_in, typed("zoe", f"guess {number}"), HOME, later)
            for number, worker in enumerate(workers)
        ]
    )
    assert came == ["NotSignedIn", *["SlowDown"] * 7]
    assert accounts.login.sign_in(typed("zoe"), HOME, NOON + 60 * SECOND).id == zoe.id


def test_of_many_accounts_at_once_at_an_address_that_waited_one_is_tried(accounts):
    fail_many(accounts, 101)
    later = NOON + 60 * SECOND
    tries = [
        partial(accounts.login.sign_in, typed(f"nobody{number}"), HOME, later)
        for number in range(8)
    ]
    assert at_once(tries) == ["NotSignedIn", *["SlowDown"] * 7]


def test_a_right_password_after_the_wait_leaves_no_mistake_behind(accounts, zoe):
    guess(accounts.login, 6)
    accounts.login.sign_in(typed("zoe"), HOME, NOON + 3 * SECOND)
    guess(accounts.login, 5, now=NOON + 4 * SECOND)
    assert accounts.new_process().sign_in(typed("zoe"), HOME, NOON + 4 * SECOND).id == zoe.id


def test_nobody_is_locked_out_elsewhere_or_under_another_name(accounts, zoe):
    paul = accounts.add("paul", password=WORDS)
    guess(accounts.login, 6)
    assert wait_of(accounts.login) > 0
    assert accounts.login.sign_in(typed("paul"), HOME, NOON).id == paul.id
    assert accounts.login.sign_in(typed("zoe"), ELSEWHERE, NOON).id == zoe.id


def test_an_app_password_is_never_slowed_and_a_wrong_one_never_counts(accounts, zoe):
    device, lost = (accounts.add_app_password(zoe) for _ in range(2))
    accounts.revoke(lost)
    for _ in range(20):
        with pytest.raises(NotSignedIn):
            accounts.login.sign_in(lost, HOME, NOON)
    assert rows(accounts) == 0
    guess(accounts.login, 6)
    assert wait_of(accounts.login) > 0
    assert accounts.login.sign_in(device, HOME, NOON).id == zoe.id


def test_a_forgotten_device_with_an_old_password_counts_once(accounts, zoe):
    old = typed("zoe", "the words before the change")
    for minute in range(50):
        with pytest.raises(NotSignedIn):
            accounts.login.sign_in(old, HOME, NOON + minute * 60 * SECOND)
    later = NOON + timedelta(minutes=50)
    with statements_of(accounts.db) as sent, pytest.raises(NotSignedIn):
        accounts.login.sign_in(old, HOME, later)
    assert len(sent) == 1
    assert accounts.login.sign_in(typed("zoe"), HOME, later).id == zoe.id


def test_a_right_password_forgets_the_mistakes_before_it(accounts, zoe):
    guess(accounts.login, 5)
    accounts.login.sign_in(typed("zoe"), HOME, NOON)
    guess(accounts.new_process(), 5, now=NOON + SECOND)
    assert accounts.new_process().sign_in(typed("zoe"), HOME, NOON + SECOND).id == zoe.id


def test_a_sign_in_without_mistakes_before_it_writes_nothing(accounts, zoe):
    accounts.login.sign_in(typed("zoe"), HOME, NOON)
    with statements_of(accounts.db) as sent:
        accounts.new_process().sign_in(typed("zoe"), HOME, NOON)
    assert [one.split()[0] for one in sent] == ["SELECT", "SELECT"]
    assert rows(accounts) == 0


def fail_many(accounts: Accounts, number: int, at: str = HOME) -> None:
    """As `number` different logins failing once, without computing a hash for each."""
    throttle = accounts.login._throttle
    for index in range(number):
        throttle.failed(throttle.source(f"somebody{index}", at), NOON)


def test_spraying_one_password_over_many_accounts_is_slowed(accounts, zoe):
    fail_many(accounts, 100)
    guess(accounts.login, 1, who="paul")
    assert wait_of(accounts.login) == 60
    for login in ("paul2", "nobody"):
        with pytest.raises(SlowDown):
            accounts.login.sign_in(typed(login), HOME, NOON)
    assert accounts.login.sign_in(typed("zoe"), ELSEWHERE, NOON).id == zoe.id
    assert accounts.login.sign_in(typed("zoe"), HOME, NOON + 60 * SECOND).id == zoe.id


def test_spraying_does_not_keep_a_shelter_out(accounts, zoe):
    device = accounts.add_app_password(zoe)
    accounts.login.sign_in(typed("zoe"), HOME, NOON - timedelta(hours=11))
    fail_many(accounts, 101)
    assert wait_of(accounts.new_process()) == 60
    assert accounts.login.sign_in(device, HOME, NOON).id == zoe.id
    assert accounts.login.sign_in(typed("zoe"), HOME, NOON).id == zoe.id


def test_whoever_signed_in_there_half_a_day_ago_waits_as_anybody(accounts, zoe):
    accounts.login.sign_in(typed("zoe"), HOME, NOON - timedelta(hours=12) - SECOND)
    fail_many(accounts, 101)
    assert wait_of(accounts.login) == 60


def test_one_account_failing_all_day_is_one_account_for_its_address(accounts, zoe):
    throttle = accounts.login._throttle
    source = throttle.source("paul", HOME)
    for _ in range(300):
        throttle.failed(source, NOON)
    assert accounts.login.sign_in(typed("zoe"), HOME, NOON).id == zoe.id


def test_neighbours_in_one_ipv6_network_are_one_address(accounts, zoe):
    guess(accounts.login, 6, at="2001:db8:1:2::1")
    assert wait_of(accounts.login, at="2001:db8:1:2::2") == 2
    assert accounts.login.sign_in(typed("zoe"), "2001:db8:1:3::1", NOON).id == zoe.id


def test_old_rows_are_swept_away(accounts, zoe):
    fail_many(accounts, 10)
    assert rows(accounts) == 11
    guess(accounts.login, 1, at=ELSEWHERE, now=NOON + SWEPT_AFTER + SECOND)
    assert rows(accounts) == 2


def test_no_login_and_no_address_can_be_read_in_the_table(accounts, zoe):
    guess(accounts.login, 2)
    with accounts.db.read() as tx:
        stored = b"".join(row.key for row in tx.execute(select(t.throttle)))
    assert b"zoe" not in stored
    assert HOME.encode() not in stored
