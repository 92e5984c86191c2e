"""The two databases that every database test runs on."""

from sqlalchemy import inspect

from davserver.db.database import Database
from davserver.db.tables import metadata


def test_each_test_gets_an_empty_database_that_takes_every_table(database_url: str) -> None:
    database = Database(database_url)
    try:
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []
        database.write(metadata.create_all)
        with database.read() as connection:
            assert set(inspect(connection).get_table_names()) == set(metadata.tables)
    finally:
        database.close()
