"""Ids as one value: more than either database takes as parameters."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from davserver.db.database import Database
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared

MORE_THAN_PARAMETERS = 70_000


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def given_back(tx: Connection, ids: list[bytes]) -> list[bytes]:
    listed = ids_of(tx.dialect.name, "ids").subquery()
    rows = Prepared(select(listed.c.id)).all(tx, {"ids": as_value(tx, ids)})
    return [bytes(row["id"]) for row in rows]


@pytest.mark.parametrize("size", [0, 1, 2, MORE_THAN_PARAMETERS])
def test_the_database_gets_the_very_ids(db: Database, size: int) -> None:
    ids = [os.urandom(16) for _ in range(size)]
    with db.read() as tx:
        assert sorted(given_back(tx, ids)) == sorted(ids)


def test_bytes_that_a_list_is_made_of_are_no_ids(db: Database) -> None:
    ids = [bytes(range(16)), bytes(range(16, 32))]
    with db.read() as tx:
        assert bytes(range(8, 24)) not in given_back(tx, ids)


@pytest.mark.parametrize("wrong", [b"", b"short", bytes(17)])
def test_what_is_no_id_is_not_sent(db: Database, wrong: bytes) -> None:
    with db.read() as tx, pytest.raises(ValueError, match="16 bytes"):
        as_value(tx, [bytes(16), wrong])
