"""The two databases that every database test runs on."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Table, func, insert, inspect, select, update

from davserver.db.database import Database
from davserver.db.tables import metadata
from tests.support.accounts import empty_instance
from tests.support.postgres import PostgresServer
from tests.support.used_again import UsedAgain


def test_each_test_gets_an_empty_database_that_takes_every_table(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []
        with database.engines()[1].begin() as connection:
            metadata.create_all(connection)
        with database.read() as connection:
            assert set(inspect(connection).get_table_names()) == set(metadata.tables)
    finally:
        database.close()


def test_or_one_that_has_them_and_nobody_else_s_rows(database_url: str) -> None:
    for _ in range(2):
        database = empty_instance(database_url)
        try:
            with database.read() as tx:
                filled = [one.name for one in metadata.sorted_tables if _rows(tx, one)]
        finally:
            database.close()
        assert filled == ["changed", "epoch"], "the triggers count while it is made"


def _rows(tx: Connection, table: Table) -> int:
    return tx.execute(select(func.count()).select_from(table)).scalar_one()


# ── of PostgreSQL, one serves several tests ─────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def copies(postgres_when_needed: Callable[[], PostgresServer]) -> Iterator[UsedAgain]:
    postgres = postgres_when_needed()
    with postgres.fresh_database() as first:
        empty_instance(first).close()
        used_again = UsedAgain(postgres, first)
        yield used_again
        used_again.close()


def everything(url: str) -> dict[str, list[Any]]:
    database = Database(url)
    try:
        with database.read() as tx:
            return {one.name: tx.execute(select(one)).all() for one in metadata.sorted_tables}
    finally:
        database.close()


def fill(url: str) -> None:
    row = {"key": bytes(32), "failures": 1, "last_at": 0, "blocked_until": 0}
    with closing(Database(url)) as database:
        database.write(lambda tx: tx.execute(insert(metadata.tables["throttle"]), row))
        database.write(lambda tx: tx.execute(update(metadata.tables["epoch"]).values(revocation=9)))


@pytest.mark.postgres
def test_the_next_test_gets_the_same_one_as_it_was_at_first(copies: UsedAgain) -> None:
    first = everything(copies.first)
    urls = []
    for _ in range(3):
        with copies.one() as url:
            assert everything(url) == first
            fill(url)
            assert everything(url) != first
            urls.append(url)
    assert len(set(urls)) == 1


ALTERED = {
    "a column more": "ALTER TABLE throttle ADD COLUMN more int",
    "a column of another name": "ALTER TABLE throttle RENAME COLUMN failures TO mistakes",
    "a table more": "CREATE TABLE another ()",
    "a table less": "DROP TABLE throttle CASCADE",
    "a trigger that sleeps": "ALTER TABLE node DISABLE TRIGGER ALL",
    "a function": "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "statistics": "ANALYZE epoch",
    "many rows": """INSERT INTO throttle SELECT sha256(n::text::bytea), 1, 0, 0
        FROM generate_series(1, 60000) n""",
}


@pytest.mark.postgres
@pytest.mark.parametrize("how", ALTERED)
def test_one_that_is_not_as_it_was_is_nobody_else_s(copies: UsedAgain, how: str) -> None:
    with copies.one() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ALTERED[how].encode())
    with copies.one() as another:
        assert another != url
        assert everything(another) == everything(copies.first)


@pytest.mark.postgres
def test_one_to_which_somebody_is_connected_is_nobody_else_s(copies: UsedAgain) -> None:
    with copies.one() as url:
        connection = psycopg.connect(url)
    with copies.one() as another:
        assert another != url
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
