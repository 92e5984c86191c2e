"""Reading one large file in many ranges: what each of them asks of database and disk."""

from pathlib import Path

import pytest
from sqlalchemy import update

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.conditions import NONE
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId
from davserver.domain.paths import DrivePath
from davserver.sealing.format import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES
from davserver.vault.blobs.disk import DiskBlobReader
from tests.support.accounts import something_changes, statements_of
from tests.support.drive import Drive, World

PLAIN = bytes(range(256)) * (5 * CHUNK_BYTES // 256)
HEADER = 0, HEADER_BYTES


def chunks(first: int, count: int) -> tuple[int, int]:
    """Where they are stored."""
    return HEADER_BYTES + first * SEALED_CHUNK_BYTES, count * SEALED_CHUNK_BYTES


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina")
    amina.put("/film.mp4", PLAIN)
    return amina


@pytest.fixture
def karim(world: World, amina: Drive) -> Drive:
    karim = world.professional("karim")
    world.grant(amina, karim, "/film.mp4")
    return karim


@pytest.fixture
def asked_of_disk(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is read of stored blobs, from where and how much: listened to, and passed on as it is,
    as the system tells nobody.
    """
    asked: list[tuple[int, int]] = []
    read_at = DiskBlobReader.read_at

    def noted(reader: DiskBlobReader, offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return read_at(reader, offset, length)

    monkeypatch.setattr(DiskBlobReader, "read_at", noted)
    return asked


class Ranges:
    """One person who reads part after part, signed in once."""

    def __init__(self, drive: Drive, path: str) -> None:
        self.world, self.who, self.path = drive.world, drive.who, DrivePath.parse(path)

    def read(self, offset: int, length: int) -> None:
        world = self.world
        file = world.reading.open(self.who, self.path, NONE, world.clock(), part=True)
        try:
            assert b"".join(file.read(offset, length)) == PLAIN[offset : offset + length]
        finally:
            file.close()


def test_the_second_range_asks_neither_for_the_row_nor_for_the_header(
    world: World, amina: Drive, asked_of_disk: list[tuple[int, int]]
) -> None:
    ranges, costs = Ranges(amina, "/film.mp4"), []
    with statements_of(world.db) as sent:
        for offset in (CHUNK_BYTES + 5, 10, 2 * CHUNK_BYTES):
            sent.clear()
            ranges.read(offset, CHUNK_BYTES)
            costs.append(len([one for one in sent if "FROM blob" in one]))
    assert costs == [1, 0, 0]
    assert asked_of_disk == [HEADER, chunks(1, 2), chunks(0, 2), chunks(2, 1)]


def test_each_person_opens_it_for_themselves(
    world: World, amina: Drive, karim: Drive, asked_of_disk: list[tuple[int, int]]
) -> None:
    hers, his = Ranges(amina, "/film.mp4"), Ranges(karim, "/Name of amina/film.mp4")
    something_changes(world.db)
    hers.read(CHUNK_BYTES, 9)
    his.read(CHUNK_BYTES, 9)
    assert asked_of_disk == [HEADER, chunks(1, 1), HEADER, chunks(1, 1)]


def test_what_was_thrown_away_meanwhile_is_not_read(world: World, amina: Drive) -> None:
    ranges = Ranges(amina, "/film.mp4")
    ranges.read(0, 9)
    world.db.write(lambda tx: tx.execute(update(tables.blob).values(state="dead")))
    with pytest.raises(Damaged):
        ranges.read(0, 9)


def test_a_file_that_is_gone_is_damage_however_often_it_was_read(
    world: World, amina: Drive
) -> None:
    ranges = Ranges(amina, "/film.mp4")
    ranges.read(0, 9)
    (stored,) = world.blobs.list()
    world.blobs.delete(BlobId(stored.id))
    with pytest.raises(Damaged):
        ranges.read(0, 9)


def test_no_file_stays_open_behind_a_look_that_is_done_again(
    world: World, amina: Drive, database_url: str, tmp_path: Path
) -> None:
    """On PostgreSQL a look believes what is remembered, which another process has made wrong."""
    ranges, elsewhere = Ranges(amina, "/film.mp4"), Database(database_url)
    (stored,) = [one for one in tmp_path.glob("**/blobs/**/*") if one.is_file()]
    try:
        for _ in range(3):
            ranges.read(0, 9)
            something_changes(elsewhere)
    finally:
        elsewhere.close()
    opened = [one for one in Path("/proc/self/fd").iterdir() if one.exists()]
    assert not any(one.samefile(stored) for one in opened)
