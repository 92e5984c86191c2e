"""Mallory puts back what was genuine once: it is served, and found. The threat model says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from davserver.db import tables as t
from tests.support.mallory_stage import BAIL, LEASE_TEXT, Stage, staged
from tests.support.staffing import OTHERS, STAFF, Office


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(database_url, tmp_path) as made:
        yield made


# These are served: they were genuine once. The words of the threat model rest on these tests.


def test_an_older_row_of_a_file_is_served_but_found(stage: Stage) -> None:
    before = stage.row(BAIL)
    stage.scene.amina.put(BAIL, b"a newer lease")
    after = stage.scene.world.row(t.node, t.node.c.id == before["id"])
    stage.put_back(t.node, before)
    assert stage.scene.amina.get(BAIL) == LEASE_TEXT
    assert "old-row" in stage.codes()
    stage.put_back(t.node, after)
    assert stage.codes() == set()


def test_a_renamed_file_whose_old_row_comes_back_is_found(stage: Stage) -> None:
    before = stage.row(BAIL)
    stage.scene.amina.move(BAIL, "/Logement/contrat.txt")
    stage.put_back(t.node, before)
    assert stage.scene.amina.get(BAIL) == LEASE_TEXT
    assert stage.codes() == {"old-row"}


def test_a_file_that_comes_back_from_the_trash_by_itself_is_found(stage: Stage) -> None:
    before = stage.row(BAIL)
    stage.scene.amina.delete(BAIL)
    stage.put_back(t.node, before)
    assert stage.scene.amina.get(BAIL) == LEASE_TEXT
    assert stage.codes() == {"old-row"}


def test_a_purged_file_that_comes_back_with_all_its_rows_is_found(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    node = stage.row("/Travail/cv.txt")
    blob = world.row(t.blob, t.blob.c.id == node["blob_id"])
    for lock in world.keeping.locks(world.for_(scene.amina)):
        world.keeping.break_lock(world.for_(scene.amina), lock.id)
    scene.amina.delete("/Travail/cv.txt")
    world.clock.passes(days=40)
    world.sweep_all()
    stage.put_back(t.blob, blob)
    stage.put_back(t.node, node)
    stage.write(update(t.vault).values(used=t.vault.c.used + blob["size_cipher"]))
    assert scene.amina.get("/Travail/cv.txt") == b"amina's cv"
    assert "returned-row" in stage.codes()


def test_a_grant_that_was_ended_works_again_with_its_old_row_but_is_found(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    (before,) = world.rows(t.grant, t.grant.c.to_id == scene.karim.person.id, t.grant.c.used > 0)
    world.sharing.end(scene.amina.who, before["id"], world.clock())
    path = "/Name of amina/Logement/bail.txt"
    assert stage.read(scene.karim, path) is None
    stage.put_back(t.grant, before)
    assert stage.read(scene.karim, path) == LEASE_TEXT
    assert stage.codes() == {"old-row"}


def test_a_grant_that_rests_wakes_with_its_old_row_alone_but_is_found(stage: Stage) -> None:
    world, nadia = stage.scene.world, stage.scene.staff["nadia"]
    before = world.share(stage.scene.amina, nadia, "/Justice")
    old = world.row(t.grant, t.grant.c.id == before.id)
    assert nadia.names("/Name of amina") == ["Justice"]
    office = Office(world)
    for group in (STAFF, OTHERS):
        world.clock.passes(minutes=1)
        office.says("nadia", group)
    assert nadia.names("/") == []
    # Whoever takes away the row that says why wakes nothing.
    stage.write(delete(t.grant_suspension))
    assert nadia.names("/") == []
    assert stage.codes() == {"vanished-row"}
    stage.put_back(t.grant, old)
    assert nadia.names("/Name of amina") == ["Justice"]
    assert "old-row" in stage.codes()


def test_a_blocked_account_whose_old_row_comes_back_is_found(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    before = world.row(t.person, t.person.c.login == "karim")
    world.people.disable(world.operator, "karim", world.clock())
    assert scene.view("karim") == {}
    stage.put_back(t.person, before)
    assert scene.view("karim") == scene.truth["karim"]
    assert stage.codes() == {"old-row"}


def test_a_revoked_device_whose_old_row_comes_back_is_found(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    device = scene.secrets["karim"].id
    before = world.row(t.credential, t.credential.c.id == device)
    world.people.revoke_app_password(world.operator, device, world.clock())
    stage.put_back(t.credential, before)
    assert scene.view("karim") == scene.truth["karim"]
    assert stage.codes() == {"old-row"}


def test_the_whole_past_put_back_is_found_only_against_an_exported_head(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    # What is counted goes on from where it is, whatever is put back.
    left = {"epoch", "changed"}
    names = [table for table in t.metadata.sorted_tables if table.name not in left]
    past = {table.name: stage.mallory.rows(table) for table in names}
    scene.amina.put(BAIL, b"a newer lease")
    with world.db.read() as tx:
        heads = world.tools.trail.export_heads(tx)
    with stage.mallory.hands() as connection:
        for table in reversed(names):
            connection.execute(delete(table))
        for table in names:
            if past[table.name]:
                connection.execute(insert(table), [dict(row) for row in past[table.name]])
    assert stage.codes() == set()
    with world.db.read() as tx:
        flaws = {one.flaw.value for one in world.tools.trail.verify(tx, exported=heads)}
    assert flaws == {"rolled-back"}
