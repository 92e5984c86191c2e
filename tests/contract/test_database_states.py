"""PostgreSQL's connections know by equal snapshots that nothing was committed, whoever else is in
the middle of something.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, select, text, update

from davserver.db import tables
from davserver.db.database import Database
from davserver.db.dependencies import ANYTHING, PEOPLE
from davserver.db.query_cache import cached
from tests.support.accounts import empty_instance
from tests.support.heard import Heard
from tests.support.postgres import PostgresServer

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
COUNT = tables.epoch.c.revocation
ONE_MORE = "UPDATE epoch SET revocation = revocation + 1"


class Looker:
    """Asks for the revocation counter, and knows how often it was really read."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.asked = 0

    def sees(self, tx: Connection) -> int:
        def ask() -> int:
            self.asked += 1
            return int(tx.execute(select(COUNT)).scalar_one())

        return cached(tx, ANYTHING, "revocation", ask)

    def __call__(self) -> int:
        with self.db.read() as tx:
            return self.sees(tx)


@pytest.fixture
def look(database_url: str) -> Iterator[Looker]:
    db = empty_instance(database_url)
    yield Looker(db)
    db.close()


@pytest.fixture
def others(database_url: str) -> Iterator[Callable[[], "psycopg.Connection[Any]"]]:
    """Other programs: each call is one."""
    with ExitStack() as kept:
        yield lambda: kept.enter_context(connected(database_url))


@contextmanager
def connected(url: str) -> "Iterator[psycopg.Connection[Any]]":
    connection = psycopg.connect(url, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def test_what_others_have_begun_shows_when_it_ends(look: Looker, others: Any) -> None:
    early, late = others(), others()
    early.execute("BEGIN")
    early.execute(ONE_MORE)
    assert [look(), look()] == [0, 0]
    assert look.asked == 1, "what is under way changes nothing yet"
    late.execute("BEGIN")
    late.execute("SELECT pg_current_xact_id()")
    assert [look(), look(), look.asked] == [0, 0, 1]
    late.execute("ROLLBACK")
    assert look() == 0
    early.execute("COMMIT")
    assert look() == 1


def test_the_later_one_may_end_first(look: Looker, others: Any) -> None:
    early, late = others(), others()
    early.execute("BEGIN")
    early.execute("SELECT pg_current_xact_id()")
    late.execute("BEGIN")
    late.execute(ONE_MORE)
    assert look() == 0
    late.execute("COMMIT")
    assert look() == 1
    early.execute(ONE_MORE)
    assert look() == 1
    early.execute("COMMIT")
    assert look() == 2


def test_whatever_many_do_at_once_nothing_old_is_told(look: Looker, others: Any) -> None:
    """Transactions and parts of them begin, change something, and end in any order, with a look
    after each step, compared with what a program sees that remembers nothing.
    """
    chance, truth = random.Random(7), others()
    programs = [others() for _ in range(4)]
    steps = 400
    for _ in range(steps):
        _do_something(chance, chance.choice(programs))
        assert look() == truth.execute("SELECT revocation FROM epoch").fetchone()[0]
    assert 10 < look.asked < steps / 2, "else it was no test"


def _do_something(chance: random.Random, program: "psycopg.Connection[Any]") -> None:
    """Whoever would have to wait for somebody else's row does something else."""
    word = chance.choice([
        "BEGIN", "BEGIN ISOLATION LEVEL SERIALIZABLE", "COMMIT", "ROLLBACK", "SAVEPOINT a",
        "ROLLBACK TO a", "RELEASE a", "SELECT pg_current_xact_id()", "SELECT revocation FROM epoch",
        ONE_MORE, ONE_MORE, "SELECT id FROM epoch FOR SHARE NOWAIT",
    ])  # fmt: skip
    begun = program.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
    if begun is word.startswith("BEGIN"):
        return
    if not begun:
        program.execute("SET lock_timeout = 1")
    with suppress(psycopg.Error):
        program.execute(word)


def test_other_databases_of_the_same_server_cost_a_question_and_no_more(
    look: Looker, postgres: PostgresServer
) -> None:
    with connected(postgres.url("postgres")) as elsewhere:
        assert [look(), look(), look.asked] == [0, 0, 1]
        elsewhere.execute("SELECT pg_current_xact_id()")
        assert [look(), look(), look.asked] == [0, 0, 2]


def test_a_look_goes_on_seeing_what_it_remembered(look: Looker, others: Any) -> None:
    look()
    with look.db.read() as tx:
        others().execute(ONE_MORE)
        assert look.sees(tx) == 0
        assert tx.execute(select(COUNT)).scalar_one() == 0
        assert tx.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    assert look() == 1


def test_only_a_look_at_everything_is_planned_by_what_tables_hold_now(look: Looker) -> None:
    """Others are planned once per connection, perhaps while a table is empty."""

    def settings(*, much: bool) -> list[str]:
        names = ("plan_cache_mode", "enable_seqscan", "enable_hashjoin", "enable_mergejoin")
        with look.db.read(much=much) as tx:
            return [str(tx.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names]

    assert settings(much=False) == ["force_generic_plan", "off", "off", "off"]
    assert settings(much=True) == ["auto", "on", "on", "on"]
    assert settings(much=False) == ["force_generic_plan", "off", "off", "off"]


def test_a_look_after_a_change_is_one_round_trip_too(look: Looker, tmp_path: Path) -> None:
    """It asks for the counters at once."""

    def people(tx: Connection) -> None:
        cached(tx, PEOPLE, "anything", lambda: 1)

    def changed() -> None:
        look.db.write(lambda tx: tx.execute(text(ONE_MORE)))
        with look.db.read() as tx:
            people(tx)

    heard = Heard(tmp_path / "heard")
    event.listen(look.db.engines()[0], "connect", lambda raw, _: heard.listen(raw))
    look.db.let_go()
    changed()
    changed()
    heard.forget()
    changed()
    assert heard.round_trips() == 1
    heard.close()


def test_on_a_standby_nothing_is_remembered(look: Looker, others: Any) -> None:
    """It does not list all that is under way. Here its answer is put before the true one."""
    look.db.let_go()
    program = others()
    program.execute("CREATE SCHEMA standby")
    program.execute("CREATE FUNCTION standby.pg_is_in_recovery() RETURNS bool RETURN true")
    name = program.info.dbname
    program.execute(f'ALTER DATABASE "{name}" SET search_path = standby, pg_catalog, public')
    assert [look(), look(), look.asked] == [0, 0, 2]


def test_a_server_that_was_started_again_turns_nobody_away(look: Looker, others: Any) -> None:
    """It has forgotten its connections, which are opened again."""
    with look.db.read() as one, look.db.read() as another:
        assert look.sees(one) == look.sees(another) == 0
    look.db.write(lambda tx: tx.execute(update(tables.epoch).values(revocation=COUNT + 1)))
    program = others()
    everybody = "datname = current_database() AND pid <> pg_backend_pid()"
    program.execute(
        f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE {everybody}"
    )
    assert [look(), look()] == [1, 1]
    look.db.write(lambda tx: tx.execute(update(tables.epoch).values(revocation=COUNT + 1)))
    assert look() == 2
