"""A sweep is bounded, done by one process, finished by the next one, and leaves no rests."""

import os
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.db.turns import only_one
from davserver.domain.ids import BlobId
from davserver.vault.blobs.disk import DiskBlobStore
from davserver.vault.staging import LEASE
from davserver.vault.sweep import AT_ONCE, MOST_IN_A_RUN, Sweeper, Swept
from tests.support.drive import Drive
from tests.support.safekeeping import KEPT, Safekeeping

pytestmark = pytest.mark.slow

SMALL = b"a few words"
LARGE = bytes(range(256)) * 1000
NOTHING = Swept()


# ── many, at once, and cut short ────────────────────────────────────────────────────────────────


def test_one_run_is_bounded_and_the_next_goes_on(world: Safekeeping, amina: Drive) -> None:
    row = world.row(t.blob, t.blob.c.id == world.abandoned(amina))
    many = MOST_IN_A_RUN + AT_ONCE // 2
    rows = [row | {"id": os.urandom(16), "state": "dead", "lease_until": 1} for _ in range(many)]
    world.db.write(lambda tx: tx.execute(insert(t.blob), rows))
    assert world.sweep().blobs == MOST_IN_A_RUN
    assert world.sweep().blobs == AT_ONCE // 2
    assert world.sweep() == NOTHING


def test_only_one_process_sweeps_at_a_time(
    world: Safekeeping, amina: Drive, database_url: str
) -> None:
    blob = world.abandoned(amina)
    world.clock.now += LEASE
    other = Database(database_url)
    try:
        with only_one(other, "sweep") as mine, only_one(other, "something-else") as also:
            assert mine
            assert also
            assert world.upkeep.run(world.clock()) is None
            assert world.is_known(blob)
    finally:
        other.close()
    assert world.sweep().blobs == 1


class Dying(DiskBlobStore):
    """A disk under a process that is killed at its n-th deletion, before or after it."""

    def __init__(self, folder: Path, at: int, *, after: bool) -> None:
        super().__init__(folder)
        self._left = at
        self._after = after

    def delete(self, blob: BlobId) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            os._exit(9)
        super().delete(blob)
        if self._left == 0:
            os._exit(9)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_sweep_that_is_killed_is_finished_by_the_next(
    world: Safekeeping, amina: Drive, database_url: str, at: int, *, after: bool
) -> None:
    amina.put("/kept.bin", LARGE)
    blobs = [world.abandoned(amina) for _ in range(3)]
    world.clock.now += LEASE
    child = os.fork()
    if child == 0:
        try:
            store = Dying(world.folder / "data" / "blobs", at, after=after)
            db = Database(database_url)
            Sweeper(db, store, world.vaults, lambda *_: None, trash_kept=KEPT).run(world.clock())
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert {row["state"] for row in world.rows(t.blob)} == {"dead", "live"}
    assert world.troubles() == []
    assert world.sweep().blobs == 3
    assert not any(world.is_stored(one) or world.is_known(one) for one in blobs)
    assert amina.get("/kept.bin") == LARGE
    assert world.troubles() == []


# ── what is left in the files of SQLite (PostgreSQL's are swept by its own vacuum) ────────────────


def _in_files(world: Safekeeping, what: bytes) -> bool:
    return any(what in file.read_bytes() for file in world.folder.glob("abri.db*"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_of_an_erased_document_is_left_in_the_database(world: Safekeeping) -> None:
    amina = world.beneficiary("amina")
    amina.put("/a.txt", os.urandom(3000))
    node = world.row(t.node, t.node.c.kind == "file")
    sealed = world.row(t.blob)["inline_ct"]
    amina.delete("/a.txt")
    record = world.row(t.node, t.node.c.kind == "file")["rec_ct"]
    assert _in_files(world, sealed[-64:])
    world.clock.now += KEPT
    done = world.sweep_all()
    assert done.log_emptied
    assert not _in_files(world, sealed[-64:])
    assert not _in_files(world, bytes(node["rec_ct"]))
    assert not _in_files(world, record)
    assert (world.folder / "abri.db-wal").stat().st_size == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_reader_delays_the_emptying_and_nothing_else(world: Safekeeping) -> None:
    amina = world.beneficiary("amina")
    blob = world.abandoned(amina)
    world.clock.now += LEASE
    with world.db.read() as tx:
        tx.execute(t.node.select()).all()
        done = world.sweep()
    assert done.blobs == 1
    assert done.log_emptied is False
    assert not world.is_stored(blob)
    amina.put("/a.txt", SMALL)
    world.db.write(lambda tx: tx.execute(update(t.epoch).values(created=to_us(world.clock()))))
