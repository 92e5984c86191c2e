"""Whoever looks at PostgreSQL believes what is remembered until the first answer; where that says
otherwise, nothing comes of it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, bindparam, event, select, text

from davserver.db import tables
from davserver.db.database import Database
from davserver.db.dependencies import ANYTHING, PEOPLE, Dependency
from davserver.db.prepared import Prepared
from davserver.db.query_cache import cached
from davserver.domain.errors import NotFound
from tests.support.accounts import empty_instance, something_changes
from tests.support.heard import Heard

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
EPOCH = tables.epoch
_BOTH = Prepared(select(EPOCH.c.revocation, EPOCH.c.policy))
_POLICY = Prepared(select(EPOCH.c.policy).where(EPOCH.c.id == bindparam("id")))
BOTH_MORE = "UPDATE epoch SET revocation = revocation + 1, policy = policy + 1"
NOTHING = "SELECT pg_current_xact_id()"
"""Somebody ends a transaction in which they changed nothing."""

Program = psycopg.Connection[Any]


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    db = empty_instance(database_url)
    yield db
    db.close()


@pytest.fixture
def other(database_url: str) -> Iterator[Program]:
    """Another program: of a second process, say."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


class Looking:
    """What looks saw: in each run what is remembered of the revocation counter, and afterwards what
    the database says of the other one, which always moves with it.
    """

    def __init__(self, db: Database, about: Dependency = ANYTHING) -> None:
        self.db = db
        self.about = about
        self.runs: list[int] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def remembered(self, tx: Connection) -> int:
        self.runs.append(cached(tx, self.about, "it", lambda: int(_BOTH.tuples(tx, {})[0][0])))
        return self.runs[-1]

    def alone(self, tx: Connection) -> int:
        return self.remembered(tx)

    def asking(self, tx: Connection) -> int:
        seen = self.remembered(tx)
        self.meanwhile()
        assert _POLICY.tuples(tx, {"id": 1}) == [(seen,)]
        return seen

    def asking_twice(self, tx: Connection) -> int:
        assert self.asking(tx) == self.asking(tx)
        return self.asking(tx)

    def through_sqlalchemy(self, tx: Connection) -> int:
        seen = self.remembered(tx)
        self.meanwhile()
        assert tx.execute(select(EPOCH.c.policy)).scalar_one() == seen
        assert tx.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
        assert tx.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        return seen

    def refusing(self, tx: Connection) -> int:
        seen = self.remembered(tx)
        if seen == 0:
            raise NotFound("nothing is there")
        return seen

    def passing_over(self, tx: Connection) -> int:
        seen = self.remembered(tx)
        with suppress(Exception):
            _POLICY.tuples(tx, {"id": 1})
        return seen

    @property
    def ways(self) -> list[Callable[[Connection], int]]:
        return [
            self.alone, self.asking, self.asking_twice, self.through_sqlalchemy, self.passing_over
        ]  # fmt: skip


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("way", range(5))
def test_what_is_over_is_not_told(db: Database, other: Program, way: int, *, asks: bool) -> None:
    looking = Looking(db)
    look = looking.ways[way]
    assert [
        db.read_optimistically(look, expects_query=asks),
        db.read_optimistically(look, expects_query=asks),
    ] == [0, 0]
    other.execute(BOTH_MORE)
    looking.runs.clear()
    assert db.read_optimistically(look, expects_query=asks) == 1
    assert looking.runs[0] == 0, "it was believed"


@pytest.mark.parametrize("asks", [True, False])
def test_nobody_is_refused_anything_by_what_is_over(
    db: Database, other: Program, *, asks: bool
) -> None:
    looking = Looking(db)
    for _ in range(2):
        with pytest.raises(NotFound):
            db.read_optimistically(looking.refusing, expects_query=asks)
    other.execute(BOTH_MORE)
    assert db.read_optimistically(looking.refusing, expects_query=asks) == 1


@pytest.mark.parametrize("asks", [True, False])
def test_a_look_is_of_one_moment_whatever_happens_in_the_middle_of_it(
    db: Database, other: Program, *, asks: bool
) -> None:
    looking = Looking(db)
    for way in (looking.asking, looking.asking_twice, looking.through_sqlalchemy):
        before = db.read_optimistically(way, expects_query=asks)
        looking.meanwhile = lambda: other.execute(BOTH_MORE)
        assert db.read_optimistically(way, expects_query=asks) >= before
        looking.meanwhile = lambda: None


def test_whatever_another_program_does_looks_tell_what_is_there(
    db: Database, other: Program, database_url: str
) -> None:
    chance, looking = random.Random(11), Looking(db)
    steps = 300
    with psycopg.connect(database_url, autocommit=True) as truth:
        for _ in range(steps):
            _does_something(chance, other)
            if chance.random() < 0.1:
                db.write(lambda tx: tx.execute(text(NOTHING)))
            asks, way = chance.random() < 0.5, chance.choice(looking.ways)
            seen = truth.execute("SELECT revocation FROM epoch").fetchone()
            assert (db.read_optimistically(way, expects_query=asks),) == seen
    assert looking.runs[-1] > steps / 20, "else it was no test"


def _does_something(chance: random.Random, program: Program) -> None:
    begun = program.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
    ways = ("COMMIT", "ROLLBACK") if begun else ("BEGIN",)
    program.execute(chance.choice([BOTH_MORE, NOTHING, *ways, "SELECT 1", "SELECT 1"]))


# ── what it costs ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def heard(db: Database, tmp_path: Path) -> Iterator[Heard]:
    heard = Heard(tmp_path / "heard")
    event.listen(db.engines()[0], "connect", lambda raw, _: heard.listen(raw))
    db.let_go()
    yield heard
    heard.close()


@pytest.mark.parametrize(("way", "asks"), [("alone", True), ("alone", False), ("asking", True)])
def test_a_look_that_asks_one_thing_waits_once_and_begins_nothing(
    db: Database, heard: Heard, way: str, *, asks: bool
) -> None:
    looking = Looking(db)
    for _ in range(3):
        db.read_optimistically(getattr(looking, way), expects_query=asks)
    heard.forget()
    db.read_optimistically(getattr(looking, way), expects_query=asks)
    assert heard.round_trips() == 1
    assert heard.count("BEGIN") == heard.count("COMMIT") == 0


def test_a_look_after_a_change_of_ones_own_is_one_round_trip_too(
    db: Database, heard: Heard
) -> None:
    """What counters vouch for still holds, and they come with the answer."""
    looking = Looking(db, PEOPLE)
    for _ in range(3):
        db.read_optimistically(looking.asking)
    db.write(lambda tx: tx.execute(text(NOTHING)))
    looking.runs.clear()
    heard.forget()
    db.read_optimistically(looking.asking)
    assert looking.runs == [0]
    assert heard.round_trips() == 1


def test_what_was_wrong_twice_is_asked(db: Database, other: Program) -> None:
    """Where others change something all the time, nothing is done twice for ever."""
    looking, runs = Looking(db), []
    db.read_optimistically(looking.alone)
    for _ in range(5):
        other.execute(NOTHING)
        looking.runs.clear()
        db.read_optimistically(looking.alone)
        runs.append(len(looking.runs))
    assert runs == [2, 2, 1, 1, 1]
    db.read_optimistically(looking.alone)
    looking.runs.clear()
    asked = len(looking.runs)
    db.read_optimistically(looking.alone)
    assert len(looking.runs) - asked == 1


# ── when it goes wrong ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asks", [True, False])
def test_a_server_that_was_started_again_turns_nobody_away(
    db: Database, other: Program, *, asks: bool
) -> None:
    looking = Looking(db)
    for way in looking.ways:
        db.read_optimistically(way, expects_query=asks)
        other.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        other.execute(BOTH_MORE)
        assert db.read_optimistically(way, expects_query=asks) == looking.runs[-1] > 0


def test_an_error_is_an_error_and_the_next_look_is_as_any(db: Database) -> None:
    looking, wrong = Looking(db), Prepared(text("SELECT 1 / (:id - 1) FROM epoch"))
    for _ in range(2):
        db.read_optimistically(looking.asking)
        with pytest.raises(Exception, match="division by zero"):
            db.read_optimistically(lambda tx: (looking.remembered(tx), wrong.tuples(tx, {"id": 1})))
    assert db.read_optimistically(looking.asking) == 0


@pytest.mark.parametrize("asks", [True, False])
def test_on_a_standby_nothing_is_believed(db: Database, other: Program, *, asks: bool) -> None:
    db.let_go()
    other.execute("CREATE SCHEMA standby")
    other.execute("CREATE FUNCTION standby.pg_is_in_recovery() RETURNS bool RETURN true")
    name = other.info.dbname
    other.execute(f'ALTER DATABASE "{name}" SET search_path = standby, pg_catalog, public')
    looking = Looking(db)
    for _ in range(3):
        looking.runs.clear()
        db.read_optimistically(looking.asking, expects_query=asks)
        something_changes(db)
        assert len(looking.runs) == 1
