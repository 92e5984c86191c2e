"""Who looks at all of a directory: one at a time, and nobody for ever."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import update

from authn.directory_syncs import SyncState, Turns, state_of, states
from davserver.db import tables as t
from tests.support.accounts import NOON, Accounts

SECOND = timedelta(seconds=1)
UNTIL = NOON + 60 * SECOND
LATER = UNTIL + 60 * SECOND
DIGEST, OTHER = "d" * 64, "e" * 64
PLAN = f"{DIGEST} and so on".encode()


@pytest.fixture
def turns(accounts: Accounts) -> Turns:
    return Turns(accounts.keys, os.urandom, "lyon")


def known(accounts: Accounts, directory: str = "lyon") -> SyncState:
    with accounts.db.read() as tx:
        return state_of(tx, accounts.keys, directory)


def test_a_turn_is_somebodys_until_it_is_given_back_or_over(
    accounts: Accounts, turns: Turns
) -> None:
    db = accounts.db
    other = Turns(accounts.keys, os.urandom, "rhone")
    assert db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    assert not db.write(lambda tx: turns.take(tx, NOON, LATER))
    assert not db.write(lambda tx: turns.take(tx, UNTIL - SECOND, LATER))
    assert db.write(lambda tx: other.take(tx, NOON, UNTIL))
    assert db.write(lambda tx: turns.take(tx, UNTIL, LATER))
    assert not db.write(lambda tx: turns.give_back(tx, UNTIL))
    assert db.write(lambda tx: turns.give_back(tx, LATER))
    assert db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    assert known(accounts) == SyncState("lyon", turn=UNTIL)


def test_whoever_lost_their_turn_says_nothing_any_more(accounts: Accounts, turns: Turns) -> None:
    db = accounts.db
    db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    db.write(lambda tx: turns.take(tx, UNTIL, LATER))
    assert not db.write(lambda tx: turns.extend(tx, UNTIL, LATER))
    assert not db.write(lambda tx: turns.finish(tx, UNTIL, NOON))
    assert not db.write(lambda tx: turns.hold(tx, UNTIL, PLAN, NOON))
    assert known(accounts) == SyncState("lyon", turn=LATER)


def test_a_whole_run_says_when_everybody_was_heard(accounts: Accounts, turns: Turns) -> None:
    db = accounts.db
    db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    assert db.write(lambda tx: turns.extend(tx, UNTIL, LATER))
    assert db.write(lambda tx: turns.finish(tx, LATER, NOON))
    assert known(accounts) == SyncState("lyon", synced=NOON)
    with db.read() as tx:
        assert states(tx, accounts.keys) == {"lyon": SyncState("lyon", synced=NOON)}


def test_a_yes_is_to_one_plan(accounts: Accounts, turns: Turns) -> None:
    db = accounts.db
    db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    assert db.write(lambda tx: turns.hold(tx, UNTIL, PLAN, NOON))
    assert not db.write(lambda tx: turns.confirm(tx, OTHER))
    assert db.write(lambda tx: turns.confirm(tx, DIGEST))
    assert known(accounts) == SyncState("lyon", held=PLAN, held_at=NOON, confirmed=DIGEST)
    # Found again it waits since it was first found; another one begins anew.
    for plan, since, yes in ((PLAN + b"!", NOON, DIGEST), (OTHER.encode(), UNTIL, None)):
        db.write(lambda tx: turns.take(tx, UNTIL, LATER))
        db.write(lambda tx, plan=plan: turns.hold(tx, LATER, plan, UNTIL))
        assert known(accounts) == SyncState("lyon", held=plan, held_at=since, confirmed=yes)
    db.write(lambda tx: turns.take(tx, UNTIL, LATER))
    assert db.write(lambda tx: turns.finish(tx, LATER, UNTIL))
    assert known(accounts) == SyncState("lyon", synced=UNTIL)


def test_a_moment_that_somebody_wrote_into_the_database_does_not_count(
    accounts: Accounts, turns: Turns
) -> None:
    db = accounts.db
    db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    db.write(lambda tx: turns.finish(tx, UNTIL, NOON))
    db.write(lambda tx: tx.execute(update(t.directory_sync).values(synced_at=2**50)))
    assert known(accounts) == SyncState("lyon")
    db.write(lambda tx: turns.take(tx, NOON, UNTIL))
    db.write(lambda tx: turns.finish(tx, UNTIL, NOON))
    assert known(accounts) == SyncState("lyon", synced=NOON)
