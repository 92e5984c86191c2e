"""Mallory writes to the blob store, and covers the tracks in the trail."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from davserver.db import tables as t
from davserver.domain.conditions import NONE
from davserver.domain.errors import Damaged
from davserver.domain.paths import DrivePath
from davserver.sealing.format import HEADER_BYTES
from tests.support.mallory_stage import BAIL, LEASE_TEXT, PLAN, Stage, staged


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(database_url, tmp_path) as made:
        yield made


# ── the blob store ────────────────────────────────────────────────────────────────────────────────


def _swapped(stage: Stage) -> None:
    scene = stage.scene
    node = scene.world.row(t.node, t.node.c.id == scene.bilal.look(PLAN).id)
    other, own = scene.world.bytes_of(node["blob_id"]), stage.stored(PLAN)
    others_bytes, own_bytes = other.read_bytes(), own.read_bytes()
    own.write_bytes(others_bytes)
    other.write_bytes(own_bytes)


def _its_older_version(stage: Stage) -> None:
    node = stage.row(PLAN)["id"]
    (old,) = stage.scene.world.rows(t.node_version, t.node_version.c.node_id == node)
    stage.stored(PLAN).write_bytes(stage.scene.world.bytes_of(old["blob_id"]).read_bytes())


def _sibling(stage: Stage) -> None:
    stage.stored(PLAN).write_bytes(stage.stored("/Logement/photo.jpg").read_bytes())


def _cut(at: int) -> Callable[[Stage], None]:
    def cut(stage: Stage) -> None:
        file = stage.stored(PLAN)
        file.write_bytes(file.read_bytes()[:at])

    cut.__name__ = f"cut at {at}"
    return cut


def _grown(stage: Stage) -> None:
    with stage.stored(PLAN).open("ab") as file:
        file.write(bytes(16))


def _flipped(at: int) -> Callable[[Stage], None]:
    def flip(stage: Stage) -> None:
        file = stage.stored(PLAN)
        raw = bytearray(file.read_bytes())
        raw[at] ^= 1
        file.write_bytes(raw)

    flip.__name__ = f"flip at {at}"
    return flip


def _chunks_swapped(stage: Stage) -> None:
    file, size = stage.stored(PLAN), 65_536 + 16
    raw = file.read_bytes()
    first, second = (raw[HEADER_BYTES + i * size : HEADER_BYTES + (i + 1) * size] for i in (0, 1))
    file.write_bytes(raw[:HEADER_BYTES] + second + first + raw[HEADER_BYTES + 2 * size :])


def _header_of_another(stage: Stage) -> None:
    file = stage.stored(PLAN)
    header = stage.stored("/Logement/photo.jpg").read_bytes()[:HEADER_BYTES]
    file.write_bytes(header + file.read_bytes()[HEADER_BYTES:])


def _gone(stage: Stage) -> None:
    stage.stored(PLAN).unlink()


SPOILED: list[Callable[[Stage], None]] = [
    _swapped, _its_older_version, _sibling, _cut(0), _cut(64), _cut(HEADER_BYTES),
    _cut(HEADER_BYTES + 65_552), _grown, *(_flipped(at) for at in (0, 4, 5, 6, 7, 8, 24, 56, 88)),
    _flipped(127), _flipped(HEADER_BYTES), _flipped(-1), _chunks_swapped, _header_of_another, _gone,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda one: one.__name__.strip("_"))
def test_stored_bytes_that_were_changed_are_refused_and_found(
    stage: Stage, spoil: Callable[[Stage], None]
) -> None:
    scene = stage.scene
    spoil(stage)
    assert scene.lies() == []
    with pytest.raises(Damaged):
        scene.amina.get(PLAN)
    assert scene.amina.get(BAIL) == LEASE_TEXT
    assert stage.codes() <= {"lost-blob", "wrong-length", "wrong-digest", "wrong-content"}
    assert stage.codes() != set()


def test_a_cut_file_is_refused_before_its_first_byte(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    _cut(HEADER_BYTES + 65_552)(stage)
    with pytest.raises(Damaged):
        world.reading.open(scene.amina.who, DrivePath.parse(PLAN), NONE, world.clock())


def test_blobs_that_change_places_in_the_database_open_nothing(stage: Stage) -> None:
    """Ids of rows and of files are swapped alike, so that lengths and digests agree."""
    scene, world = stage.scene, stage.scene.world
    scene.amina.put("/Logement/copie.pdf", b"another " * 20_000)
    one, other = stage.row(PLAN), stage.row("/Logement/copie.pdf")
    stage.write(update(t.node).where(t.node.c.id == one["id"]).values(blob_id=other["blob_id"]))
    assert stage.read(scene.amina, PLAN) is None
    stage.write(update(t.node).where(t.node.c.id == one["id"]).values(blob_id=one["blob_id"]))
    assert scene.amina.get(PLAN) == b"amina's " * 20_000
    assert world.troubles() == []


def test_side_files_that_change_places_open_nothing(stage: Stage) -> None:
    """The index by which one is found stands outside of its seal."""
    scene, world = stage.scene, stage.scene.world
    one, other = world.rows(t.scratch, t.scratch.c.person_id == scene.amina.person.id)
    for row, index in ((one, bytes(16)), (other, one["name_idx"]), (one, other["name_idx"])):
        stage.write(update(t.scratch).where(t.scratch.c.id == row["id"]).values(name_idx=index))
    assert stage.read(scene.amina, "/Travail/~$cv.docx") is None
    assert scene.lies() == []


# ── the trail ─────────────────────────────────────────────────────────────────────────────────────


def test_a_removal_is_found_even_when_its_tracks_are_covered(stage: Stage) -> None:
    """A file with its versions, contents, bytes and counted space; then the end of the trail."""
    scene, world = stage.scene, stage.scene.world
    node = stage.row(PLAN)
    versions = world.rows(t.node_version, t.node_version.c.node_id == node["id"])
    blobs = [node["blob_id"], *(one["blob_id"] for one in versions)]
    size = sum(world.row(t.blob, t.blob.c.id == one)["size_cipher"] for one in blobs)
    stage.write(delete(t.node_version).where(t.node_version.c.node_id == node["id"]))
    stage.write(delete(t.node).where(t.node.c.id == node["id"]))
    stage.write(delete(t.blob).where(t.blob.c.id.in_(blobs)))
    for one in blobs:
        world.bytes_of(one).unlink()
    vault = world.vault_of(scene.amina)
    stage.write(update(t.vault).where(t.vault.c.id == vault).values(used=t.vault.c.used - size))
    assert set(world.troubles()) == {("vanished-row", "node"), ("vanished-row", "node_version")}
    last = select(t.trail_head.c.seq).where(t.trail_head.c.vault_id == vault).scalar_subquery()
    stage.write(delete(t.trail).where(t.trail.c.vault_id == vault, t.trail.c.seq == last))
    assert "trail-cut" in stage.codes()


def test_a_content_that_was_erased_from_the_trail_leaves_its_rows_there(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    vault = world.vault_of(scene.amina)
    stage.write(update(t.trail).where(t.trail.c.vault_id == vault).values(payload_ct=None))
    assert world.troubles() == []
    stage.write(delete(t.node).where(t.node.c.id == stage.row("/Famille")["id"]))
    assert ("vanished-row", "node") in world.troubles()


def test_a_trail_that_cannot_be_written_stops_what_it_should_tell(stage: Stage) -> None:
    scene = stage.scene
    stage.write(update(t.trail_head).values(mac=bytes(32)))
    with pytest.raises(Damaged):
        scene.amina.put(BAIL, b"unseen")
    assert scene.amina.get(BAIL) == LEASE_TEXT
