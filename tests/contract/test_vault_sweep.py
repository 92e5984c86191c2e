"""Sweeping takes what nothing needs, nothing else, and may be cut short anywhere."""

import os
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert

from davserver.db import tables as t
from davserver.domain.conditions import NONE
from davserver.domain.errors import Unavailable
from davserver.domain.ids import BlobId
from davserver.domain.paths import DrivePath
from davserver.sealing.format import stored_size
from davserver.trail import INSTANCE, What
from davserver.vault.staging import publish
from davserver.vault.sweep import Sweeper, Swept
from tests.support.drive import Body, Drive
from tests.support.safekeeping import KEPT, Safekeeping

SMALL = b"a few words"
LARGE = bytes(range(256)) * 1000
NOTHING = Swept()
LEASE, READERS_NEED = timedelta(hours=24), timedelta(minutes=5)
"""As docs/checking.md says, and not as the code does: what is swept too early is lost."""


def replaced(world: Safekeeping, amina: Drive, path: str, plain: bytes) -> BlobId:
    """A content that was thinned: dead, its bytes still there."""
    amina.put(path, plain)
    blob = world.row(t.node, t.node.c.id == amina.look(path).id)["blob_id"]
    amina.put(path, b"shorter")
    vault = world.vault_of(amina)
    quota = world.row(t.vault, t.vault.c.id == vault)["quota"]
    used = world.row(t.vault, t.vault.c.id == vault)["used"]
    amina.put("/most.bin", bytes(quota - used - 5_000))
    left = quota - world.row(t.vault, t.vault.c.id == vault)["used"]
    amina.put("/more.bin", bytes(left - stored_size(0) + 100))
    assert world.row(t.blob, t.blob.c.id == blob)["state"] == "dead"
    return BlobId(blob)


def test_a_run_on_a_fresh_vault_does_nothing(world: Safekeeping, amina: Drive) -> None:
    amina.put("/a.bin", LARGE)
    assert world.sweep() == NOTHING
    assert amina.get("/a.bin") == LARGE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sweep_goes_through_nothing_that_lives(world: Safekeeping, amina: Drive) -> None:
    replaced(world, amina, "/a.bin", SMALL)
    world.abandoned(amina)
    world.clock.now += LEASE
    said = world.statements()
    world.sweep_all()
    asked = {one for one in said if re.search(r"(FROM|UPDATE) (blob|node)\b", one)}
    assert len(asked) > 6
    with world.db.read() as tx:
        cursor = tx.connection.cursor()
        for one in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {one}", [None] * one.count("?"))
            plan = {row[3] for row in cursor.fetchall()}
            assert not plan & {"SCAN blob", "SCAN node", "SCAN node_version"}, one


# ── uploads that nobody finished ────────────────────────────────────────────────────────────────


def test_an_abandoned_upload_goes_when_its_lease_is_over(world: Safekeeping, amina: Drive) -> None:
    blob = world.abandoned(amina)
    world.clock.now += LEASE - timedelta(seconds=1)
    assert world.sweep() == NOTHING
    assert world.is_stored(blob)
    world.clock.passes(seconds=1)
    done = world.sweep()
    assert (done.abandoned, done.blobs) == (1, 1)
    assert not world.is_stored(blob)
    assert not world.is_known(blob)
    assert world.troubles() == []


def test_an_upload_slower_than_its_lease_is_refused_and_leaves_nothing(
    world: Safekeeping, amina: Drive
) -> None:
    class Slow(Body):
        def read(self, size: int) -> bytes:
            piece = super().read(min(size, 100_000))
            if not piece:
                world.clock.now += LEASE
                world.sweep()
            return piece

    amina.put("/a.bin", SMALL)
    with pytest.raises(Unavailable, match="lease"):
        world.writing.put(amina.who, DrivePath.parse("/a.bin"), Slow(LARGE), NONE, world.clock())
    assert amina.get("/a.bin") == SMALL
    assert list(world.blobs.list()) == []
    assert world.troubles() == []


def test_what_was_marked_dead_cannot_be_published(world: Safekeeping, amina: Drive) -> None:
    staged = world.tools.staging.take(
        world.vault_of(amina), Body(LARGE), "a.bin", 10**9, world.clock()
    )
    world.tamper(t.blob, t.blob.c.id == staged.content.blob, state="dead")
    with pytest.raises(Unavailable):
        world.db.write(lambda tx: publish(tx, staged, None))


# ── what was thinned ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("plain", [SMALL, LARGE], ids=["inline", "stored"])
def test_thinned_bytes_go_once_their_readers_had_time(
    world: Safekeeping, amina: Drive, plain: bytes
) -> None:
    blob = replaced(world, amina, "/a.txt", plain)
    assert world.sweep().blobs == 0
    world.clock.now += READERS_NEED - timedelta(seconds=1)
    assert world.sweep().blobs == 0
    assert world.is_known(blob)
    world.clock.now += timedelta(seconds=1)
    assert world.sweep().blobs >= 1
    assert not world.is_known(blob)
    assert not world.is_stored(blob)
    assert world.sweep() == NOTHING
    assert world.troubles() == []


def test_a_reader_keeps_what_is_swept_meanwhile(world: Safekeeping, amina: Drive) -> None:
    plain = os.urandom(1_000_000)
    amina.put("/a.bin", plain)
    file = world.reading.open(amina.who, DrivePath.parse("/a.bin"), NONE, world.clock())
    pieces = file.read(0, len(plain))
    read = bytes(next(pieces))
    amina.delete("/a.bin")
    world.clock.now += KEPT
    assert world.sweep().trash == 1
    world.clock.now += READERS_NEED
    assert world.sweep().blobs == 1
    assert list(world.blobs.list()) == []
    assert read + b"".join(bytes(piece) for piece in pieces) == plain
    file.close()


def test_what_is_named_is_never_deleted_whatever_its_state_says(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put("/a.bin", LARGE)
    amina.put("/a.bin", LARGE[::-1])
    for row in world.rows(t.blob):
        world.tamper(t.blob, t.blob.c.id == row["id"], state="dead", lease_until=1)
    assert world.sweep() == Swept(kept=2)
    assert len(list(world.blobs.list())) == 2
    world.tamper(t.blob, t.blob.c.id.is_not(None), state="live", lease_until=None)
    assert amina.get("/a.bin") == LARGE[::-1]


def test_what_is_named_keeps_nothing_else(world: Safekeeping, amina: Drive) -> None:
    amina.put("/a.bin", LARGE)
    world.tamper(t.blob, t.blob.c.state == "live", state="dead", lease_until=1)
    blob = world.abandoned(amina)
    world.tamper(t.blob, t.blob.c.id == blob, state="dead", lease_until=1)
    later = world.abandoned(amina)
    world.tamper(t.blob, t.blob.c.id == later, state="dead", lease_until=2)
    one_by_one = Sweeper(
        world.db, world.blobs, world.vaults, lambda *_: None, trash_kept=None, looked_at=1
    )
    done = one_by_one.run(world.clock())
    assert done is not None
    assert (done.blobs, done.kept) == (2, 1)
    assert not world.is_stored(blob)
    assert not world.is_stored(later)


def test_rows_that_no_blob_can_have_stop_no_sweep(world: Safekeeping, amina: Drive) -> None:
    blob = world.abandoned(amina)
    row = world.row(t.blob, t.blob.c.id == blob)
    strange = row | {"id": b"short", "state": "dead", "lease_until": 1}
    world.db.write(lambda tx: tx.execute(insert(t.blob).values(strange)))
    world.clock.now += LEASE
    assert world.sweep().blobs == 2
    assert not world.is_stored(blob)


# ── trash ───────────────────────────────────────────────────────────────────────────────────────


def test_trash_goes_after_its_time_with_all_that_is_in_it(world: Safekeeping, amina: Drive) -> None:
    karim = world.professional("karim")
    amina.mkcol("/old")
    world.share(amina, karim, "/old")
    karim.put("/Name of amina/old/b.bin", LARGE)
    amina.mkcol("/old/deep")
    amina.put("/old/deep/a.txt", SMALL)
    amina.put("/old/deep/a.txt", SMALL * 2)
    amina.put("/old/deep/a.bin", LARGE)
    amina.put("/kept.txt", SMALL)
    amina.delete("/old")
    world.clock.passes(days=1)
    amina.put("/young.txt", SMALL)
    amina.delete("/young.txt")
    world.clock.now += KEPT - timedelta(days=1)
    assert world.sweep_all().blobs == 4
    left = {row["state"] for row in world.rows(t.node)}
    assert left == {"live", "trash"}
    assert len(world.rows(t.node, t.node.c.state == "trash")) == 1
    assert world.rows(t.node_version) == []
    assert world.row(t.grant)["used"] == 0
    assert list(world.blobs.list()) == []
    assert amina.get("/kept.txt") == SMALL
    assert world.troubles() == []


def test_what_is_erased_is_in_the_trail_under_its_path(world: Safekeeping, amina: Drive) -> None:
    amina.put("/Santé/a.txt", SMALL)
    amina.delete("/Santé/a.txt")
    world.clock.now += KEPT
    assert world.sweep().trash == 1
    with world.db.read() as tx:
        last = world.tools.trail.entries(tx, world.vault_of(amina), limit=1, names=lambda _: {})[0]
    assert (last.what, last.path, last.who) == (What.ERASE.value, "/Santé/a.txt", None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda w, node: w.tamper(t.node, t.node.c.id == node, etag=bytes(16)),
        lambda w, _: w.tamper(t.trail_head, t.trail_head.c.vault_id != INSTANCE, mac=bytes(32)),
        lambda w, _: w.tamper(t.vault, t.vault.c.used >= 0, quota=1),
    ],
    ids=["altered", "untellable", "locked-up"],
)
def test_what_was_tampered_with_is_not_finished_by_rule(
    world: Safekeeping, amina: Drive, spoil: Callable[[Safekeeping, bytes], None]
) -> None:
    amina.put("/a.txt", SMALL)
    node = amina.look("/a.txt").id
    amina.delete("/a.txt")
    # Another vault's trash does not wait behind it.
    bilal = world.beneficiary("bilal")
    bilal.put("/b.txt", SMALL)
    world.clock.now += KEPT
    bilal.delete("/b.txt")
    before = world.rows(t.node, t.node.c.id == node)
    spoil(world, node)
    world.unlock.forget()
    assert world.sweep().trash == 0
    after = world.rows(t.node, t.node.c.id == node)
    assert [row["rec_ct"] for row in after] == [row["rec_ct"] for row in before]


def test_a_live_document_that_is_called_trash_is_not_erased(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put("/a.txt", SMALL)
    node = amina.look("/a.txt").id
    by = amina.person.id
    world.tamper(t.node, t.node.c.id == node, state="trash", trashed_at=1, trashed_by=by)
    world.clock.now += KEPT
    assert world.sweep() == NOTHING
    world.tamper(t.node, t.node.c.id == node, state="live", trashed_at=None, trashed_by=None)
    assert amina.get("/a.txt") == SMALL


def test_a_live_document_that_is_moved_under_trash_is_not_erased_with_it(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put("/a.txt", SMALL)
    node, before = amina.look("/a.txt").id, amina.look("/").id
    trashed = amina.look("/Travail").id
    amina.delete("/Travail")
    world.tamper(t.node, t.node.c.id == node, parent_id=trashed)
    world.clock.now += KEPT
    assert world.sweep() == NOTHING
    world.tamper(t.node, t.node.c.id == node, parent_id=before)
    assert amina.get("/a.txt") == SMALL


def test_trash_is_kept_for_ever_where_nobody_says_otherwise(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put("/a.txt", SMALL)
    amina.delete("/a.txt")
    sweeper = Sweeper(world.db, world.blobs, world.vaults, lambda *_: None, trash_kept=None)
    assert sweeper.run(world.clock() + 1000 * KEPT) == NOTHING


# ── locks and side files ────────────────────────────────────────────────────────────────────────


def test_locks_and_side_files_that_ran_out_go(world: Safekeeping, amina: Drive) -> None:
    amina.lock("/Travail")
    amina.put("/Travail/~$cv.docx", b"side file")
    assert world.sweep() == NOTHING
    world.clock.passes(minutes=10)
    assert world.sweep().locks == 1
    world.clock.passes(days=1)
    assert world.sweep().scratch == 1
    assert world.rows(t.lock) == []
    assert world.rows(t.scratch) == []


def test_upkeep_turns_reads_that_are_over_into_entries(world: Safekeeping, amina: Drive) -> None:
    amina.put("/a.txt", SMALL)
    amina.get("/a.txt")
    world.tools.readings.keep_up(world.clock())
    world.sweep()
    assert len(world.rows(t.read_window)) == 1
    world.clock.passes(minutes=10)
    world.sweep()
    assert world.rows(t.read_window) == []
    world.tamper(t.trail_head, t.trail_head.c.vault_id != INSTANCE, mac=bytes(32))
    amina.get("/a.txt")
    world.tools.readings.keep_up(world.clock())
    world.clock.passes(minutes=10)
    assert world.sweep() == NOTHING
