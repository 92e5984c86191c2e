"""Statements are prepared once per connection, and no more of them than it can keep."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from davserver.db.database import Database
from davserver.db.prepared import Prepared

POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres])
MOST = 512
"""As many as a connection to SQLite keeps, too."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def kept(tx: Connection) -> int:
    counted = "SELECT count(*) FROM pg_prepared_statements"
    return int(tx.exec_driver_sql(counted).scalar_one())


@pytest.mark.parametrize("database_url", [POSTGRESQL], indirect=True)
def test_whoever_asks_ever_other_things_takes_no_memory_for_all_of_them(db: Database) -> None:
    """As a path of each length does, and two paths of each two lengths."""
    several = [Prepared(text(f"SELECT {number} + :one")) for number in range(MOST + 100)]

    def work(tx: Connection) -> int:
        for _ in range(2):
            for number, one in enumerate(several):
                # Also while others are on their way.
                one.send(tx, {"one": 1})
                assert one.tuples(tx, {"one": 2}) == [(number + 2,)]
        return kept(tx)

    assert db.write(work) <= MOST
    with db.read() as tx:
        assert work(tx) <= MOST
