"""Mallory makes authority up: nothing opens, strangers find nothing, and the check says it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from davserver.db import tables as t
from davserver.domain.conditions import NONE
from davserver.domain.errors import NotFound
from davserver.domain.paths import DrivePath
from tests.support.mallory import Row, Scene
from tests.support.mallory_stage import Stage, staged


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    with staged(database_url, tmp_path) as made:
        yield made


# ── authority, made up ────────────────────────────────────────────────────────────────────────────


def _grants_of(scene: Scene) -> list[Row]:
    return scene.world.rows(t.grant)


def _to_zoe(stage: Stage) -> None:
    """Karim's grant, copied for zoe."""
    row = next(one for one in _grants_of(stage.scene) if one["to_kind"] == "person")
    zoe = stage.scene.zoe.person.id
    copy = {**row, "id": bytes(16), "to_id": zoe, "ended_at": None, "ended_by": None}
    stage.write(insert(t.grant).values(copy))


def _to_zoes_structure(stage: Stage) -> None:
    row = next(one for one in _grants_of(stage.scene) if one["to_kind"] == "structure")
    other = stage.scene.world.row(t.structure, t.structure.c.slug == "other")
    stage.write(update(t.grant).where(t.grant.c.id == row["id"]).values(to_id=other["id"]))


def _into_the_structure(stage: Stage) -> None:
    """Karim's place, copied for zoe."""
    (row, *_) = stage.scene.world.rows(
        t.membership, t.membership.c.person_id == stage.scene.karim.person.id
    )
    copy = {**row, "id": bytes(16), "person_id": stage.scene.zoe.person.id}
    stage.write(insert(t.membership).values(copy))


def _owner_of_the_vault(stage: Stage) -> None:
    vault = stage.scene.world.vault_of(stage.scene.amina)
    zoe = stage.scene.zoe.person.id
    stage.write(update(t.vault).where(t.vault.c.id == vault).values(owner_id=zoe))


def _vault_row_with_other_owner(stage: Stage) -> None:
    """Bilal's genuine row, and amina's id: her documents under his name."""
    bilals = stage.scene.world.vault_of(stage.scene.bilal)
    aminas = stage.scene.world.vault_of(stage.scene.amina)
    row = stage.scene.world.row(t.vault, t.vault.c.id == bilals)
    stage.write(delete(t.vault).where(t.vault.c.id.in_([bilals, aminas])))
    stage.write(insert(t.vault).values({**row, "id": aminas}))


def _is_somebody_else(stage: Stage) -> None:
    """Zoe's device opens amina's account."""
    device = stage.scene.secrets["zoe"].id
    amina = stage.scene.amina.person.id
    stage.write(update(t.credential).where(t.credential.c.id == device).values(person_id=amina))


def _takes_the_name(stage: Stage) -> None:
    """The two accounts change their names."""
    for login, other in (("amina", "x"), ("zoe", "amina"), ("x", "zoe")):
        where = t.person.c.login_key == login
        stage.write(update(t.person).where(where).values(login=other, login_key=other))


def _becomes_administrator(stage: Stage) -> None:
    where = t.person.c.login == "zoe"
    stage.write(update(t.person).where(where).values(role="administrator"))


def _keys_of_the_other(stage: Stage) -> None:
    """Bilal's space and keys under amina's vault, and the other way round."""
    rows = stage.mallory.rows(t.space)
    one, other = rows
    stage.write(delete(t.space))
    swapped = [{**one, "vault_id": other["vault_id"]}, {**other, "vault_id": one["vault_id"]}]
    stage.write(insert(t.space).values(swapped))


def _nodes_of_the_other(stage: Stage) -> None:
    """Amina's documents say that they are bilal's."""
    aminas = stage.scene.world.vault_of(stage.scene.amina)
    bilals = stage.scene.world.vault_of(stage.scene.bilal)
    root = stage.scene.world.row(t.vault, t.vault.c.id == bilals)["root_id"]
    own = t.node.c.vault_id == aminas
    mine = stage.scene.world.row(t.vault, t.vault.c.id == aminas)["root_id"]
    stage.write(
        update(t.node).where(own, t.node.c.parent_id == mine).values(parent_id=root, twin=9)
    )
    stage.write(update(t.node).where(own).values(vault_id=bilals))


def _grant_on_another_node(stage: Stage) -> None:
    """What was granted is the lease; what is read is the prescription."""
    wanted = stage.row("/Santé/ordonnance.txt")["id"]
    stage.write(update(t.grant).values(node_id=wanted))


def _longer_grant(stage: Stage) -> None:
    stage.write(update(t.grant).values(ended_at=None, ended_by=None, right="write"))


FORGERIES: list[Callable[[Stage], None]] = [
    _to_zoe, _to_zoes_structure, _into_the_structure, _owner_of_the_vault,
    _vault_row_with_other_owner, _is_somebody_else, _takes_the_name, _becomes_administrator,
    _keys_of_the_other, _nodes_of_the_other, _grant_on_another_node, _longer_grant,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda one: one.__name__.strip("_"))
def test_what_is_made_up_opens_nothing_and_is_found(
    stage: Stage, forge: Callable[[Stage], None]
) -> None:
    forge(stage)
    assert stage.scene.lies() == []
    assert stage.codes() & {"forged", "altered"}


@pytest.mark.parametrize("forge", [_to_zoe, _to_zoes_structure, _into_the_structure])
def test_the_stranger_still_finds_nothing_where_she_was_let_in_by_force(
    stage: Stage, forge: Callable[[Stage], None]
) -> None:
    forge(stage)
    zoe, world = stage.scene.zoe, stage.scene.world
    for path in ("/Name of amina", "/Name of amina/Logement", "/Name of amina/Logement/bail.txt"):
        with pytest.raises(NotFound):
            world.reading.look(zoe.who, DrivePath.parse(path), world.clock())
        with pytest.raises(NotFound):
            world.reading.open(zoe.who, DrivePath.parse(path), NONE, world.clock())


# ── categories ────────────────────────────────────────────────────────────────────────────────────


def test_a_broken_folder_does_not_uncover_what_its_category_hid(stage: Stage) -> None:
    """The team sees no health documents. Without the row that says that they are, these would be
    of the folder's category above it, which the team does see.
    """
    scene, world = stage.scene, stage.scene.world
    scene.amina.mkcol("/Santé/suivi")
    scene.amina.mkcol("/Santé/suivi/dossier")
    scene.amina.put("/Santé/suivi/dossier/analyse.txt", b"a finding")
    scene.amina.move("/Santé/suivi", "/Travail/suivi")
    ccas = next(one.structure for one in scene.karim.who.memberships)
    grant = world.grant(scene.amina, ccas, "/Travail/suivi/dossier")
    place = f"/{grant.folder}/{grant.name}/analyse.txt"

    def sees_nothing() -> bool:
        world.unlock.forget()
        hidden = stage.read(scene.karim, place) is None
        return hidden and scene.view("karim") == scene.truth["karim"]

    assert sees_nothing()
    folder = stage.row("/Travail/suivi")
    for column in ("etag", "parent_id"):
        broken = update(t.node).where(t.node.c.id == folder["id"]).values({column: bytes(16)})
        stage.write(broken)
        assert sees_nothing()
        assert stage.codes() >= {"altered", "no-folder"}
        stage.put_back(t.node, folder)
    stage.write(delete(t.node).where(t.node.c.id == folder["id"]))
    assert sees_nothing()


def test_a_record_of_another_category_does_not_fit(stage: Stage) -> None:
    """The record of a folder without a category, pasted over that of the health documents."""
    plain = stage.row("/Travail")["rec_ct"]
    node = stage.row("/Santé")["id"]
    stage.write(update(t.node).where(t.node.c.id == node).values(rec_ct=plain))
    assert stage.scene.lies() == []
    assert stage.codes() >= {"altered", "changed-row"}


# ── circles and crowds ────────────────────────────────────────────────────────────────────────────


def test_folders_that_hold_each_other_hang_nobody(stage: Stage) -> None:
    scene, world = stage.scene, stage.scene.world
    one, other = stage.row("/Logement")["id"], stage.row("/Travail")["id"]
    for node, parent in ((one, other), (other, one)):
        stage.write(update(t.node).where(t.node.c.id == node).values(parent_id=parent))
    assert scene.lies() == []
    assert scene.view("amina")["/Santé/bilan.txt"] == b"amina's older"
    assert "/Logement" not in scene.view("amina")
    assert stage.codes() >= {"altered", "no-folder"}
    world.clock.passes(days=40)
    world.sweep_all()
    assert scene.view("amina")["/Santé/bilan.txt"] == b"amina's older"
