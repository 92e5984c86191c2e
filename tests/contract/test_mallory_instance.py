"""What a process reads when it starts: with the true keys it starts, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, update

from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import Damaged, Unavailable
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.keyring import LocalKeyring
from davserver.wiring.instance import create_instance, open_instance
from tests.support.accounts import NOON, make_tables
from tests.support.mallory import Row, other_values

REFUSED = "no process starts"
TOLD_ONLY = "tells people about a key; the key opens, or not, by its wrap and the keyring file"

FATES: dict[str, str] = {
    "instance_key.purpose": REFUSED,
    "instance_key.generation": REFUSED,
    "instance_key.kek_id": REFUSED,
    "instance_key.alg": TOLD_ONLY,
    "instance_key.wrapped": REFUSED,
    "instance_key.created": TOLD_ONLY,
    "instance_key.retired_at": REFUSED,
    "kek.id": TOLD_ONLY,
    "kek.provider": TOLD_ONLY,
    "kek.ref": TOLD_ONLY,
    "kek.alg": TOLD_ONLY,
    "kek.state": TOLD_ONLY,
    "kek.created": TOLD_ONLY,
    "kek.destroyed_at": TOLD_ONLY,
}


class Started:
    """An instance's database and keyring, and what its row MAC key makes of one row."""

    def __init__(self, url: str, folder: Path) -> None:
        self.db = Database(url)
        make_tables(self.db)
        (folder / "data").mkdir()
        self.kek = LocalKeyring.create(folder / "keyring", folder / "data", os.urandom, NOON)
        create_instance(self.db, self.kek, os.urandom, NOON)
        self.truth = self.proof(open_instance(self.db, self.kek))

    def proof(self, keys: InstanceKeys) -> bytes:
        return keys.row_mac("person", {"id": bytes(16)})

    def still_starts(self) -> bool:
        """Raises AssertionError when it starts with other keys."""
        try:
            keys = open_instance(self.db, self.kek)
        except (Damaged, Unavailable):
            return False
        assert self.proof(keys) == self.truth
        return True

    def rows(self, table: Table) -> list[Row]:
        with self.db.read() as tx:
            return [dict(row) for row in tx.execute(select(table)).mappings()]

    @contextmanager
    def changed(self, table: Table, row: Row, **columns: Any) -> Iterator[None]:
        at = [column == row[column.name] for column in table.primary_key.columns]
        self.db.write(lambda tx: tx.execute(update(table).where(*at).values(columns)))
        yield
        after = {**row, **columns}
        new = [column == after[column.name] for column in table.primary_key.columns]
        self.db.write(lambda tx: tx.execute(delete(table).where(*new)))
        self.db.write(lambda tx: tx.execute(insert(table).values(dict(row))))


@pytest.fixture
def started(empty_database_url: str, tmp_path: Path) -> Iterator[Started]:
    made = Started(empty_database_url, tmp_path)
    yield made
    made.db.close()


def test_every_column_that_is_read_at_the_start_is_decided() -> None:
    assert set(FATES) == {
        f"{table.name}.{column.name}"
        for table in (t.instance_key, t.kek)
        for column in table.columns
    }


@pytest.mark.parametrize("table", [t.instance_key, t.kek], ids=lambda table: table.name)
def test_a_process_starts_with_the_true_keys_or_not_at_all(started: Started, table: Table) -> None:
    row, *others = started.rows(table)
    for column in table.columns:
        wanted = FATES[f"{table.name}.{column.name}"] == REFUSED
        taken = {one[column.name] for one in others} if column.primary_key else set()
        for value in other_values(row[column.name], column, others):
            if value not in taken:
                with started.changed(table, row, **{column.name: value}):
                    assert started.still_starts() is not wanted, column.name
    assert started.still_starts()


def test_keys_that_change_places_open_nothing(started: Started) -> None:
    one, other, *_ = started.rows(t.instance_key)
    with (
        started.changed(t.instance_key, one, wrapped=other["wrapped"]),
        started.changed(t.instance_key, other, wrapped=one["wrapped"]),
    ):
        assert not started.still_starts()


def test_a_missing_key_is_not_made_anew(started: Started) -> None:
    for row in started.rows(t.instance_key):
        at = t.instance_key.c.purpose == row["purpose"]
        started.db.write(lambda tx, at=at: tx.execute(delete(t.instance_key).where(at)))
        assert not started.still_starts()
        started.db.write(lambda tx, row=row: tx.execute(insert(t.instance_key).values(row)))
    assert started.still_starts()
