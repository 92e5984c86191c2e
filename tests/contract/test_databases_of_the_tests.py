"""The two databases that every database test runs on."""

from sqlalchemy import Connection, Table, func, inspect, select

from davserver.db.database import Database
from davserver.db.tables import metadata
from tests.support.accounts import empty_instance


def test_each_test_gets_an_empty_database_that_takes_every_table(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []
        database.write(metadata.create_all)
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
