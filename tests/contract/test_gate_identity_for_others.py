"""What somebody who is not the owner cannot do to what a document is: who sees it, its category,
whose name it bears (DESIGN §2.2, §2.3, §2.5).
"""

import pytest
from sqlalchemy import select

from davserver.db import tables as t
from davserver.domain.actions import Category, Right
from davserver.domain.errors import NotFound
from davserver.domain.ids import NodeId
from davserver.domain.people import Structure
from davserver.vault.nodes.rows import category_of
from davserver.vault.nodes.walk import walk
from tests.support.drive import Drive, World
from tests.support.refusals import reason_of

pytestmark = pytest.mark.slow

HERE = "/Name of amina/Logement"


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina", "fr")
    for folder in ("open", "shared", "shared/inside"):
        amina.mkcol(f"/Logement/{folder}")
    amina.mkcol("/Logement/mixed")
    amina.put("/Logement/mixed/note.txt", b"n")
    amina.put("/Logement/bail.pdf", b"b")
    return amina


@pytest.fixture
def team(world: World) -> Structure:
    return world.accounts.add_structure("ccas-lyon")


@pytest.fixture
def karim(world: World, amina: Drive, team: Structure) -> Drive:
    karim = world.professional("karim", team)
    world.grant(amina, karim, "/Logement")
    return karim


@pytest.fixture
def lea(world: World, amina: Drive, karim: Drive) -> Drive:
    lea = world.professional("lea")
    world.grant(amina, lea, "/Logement/shared", Right.READ)
    return lea


def category(world: World, amina: Drive, path: str) -> tuple[Category | None, Category]:
    """What is written on the thing itself, and what counts."""
    who = amina.who
    assert who.vault is not None
    with world.db.read() as tx:
        vault = world.vaults.open(tx, who.vault, who.epoch.keys, world.clock())
        chain, _, _ = walk(tx, vault, NodeId(amina.look(path).id), ())
    return chain[-1].category, category_of(tuple(chain))


# ── who sees it ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("thing", ["bail.pdf", "mixed"])
@pytest.mark.parametrize("verb", ["move", "copy"])
@pytest.mark.parametrize("goal", ["shared", "shared/inside"])
def test_nothing_is_put_before_more_people(
    amina: Drive, karim: Drive, lea: Drive, thing: str, verb: str, goal: str
) -> None:
    act = getattr(karim, verb)
    assert reason_of(lambda: act(f"{HERE}/{thing}", f"{HERE}/{goal}/{thing}")) == "wider-audience"
    assert lea.names("/Name of amina/shared") == ["inside"]
    assert lea.names("/Name of amina/shared/inside") == []
    assert act(f"{HERE}/{thing}", f"{HERE}/open/{thing}")


@pytest.mark.parametrize("verb", ["move", "copy"])
def test_where_those_who_see_it_already_are_the_same_it_goes(
    world: World, amina: Drive, karim: Drive, lea: Drive, verb: str
) -> None:
    amina.put("/Logement/shared/both.txt", b"seen by both")
    act = getattr(karim, verb)
    assert act(f"{HERE}/shared/both.txt", f"{HERE}/shared/inside/both.txt")
    assert lea.get("/Name of amina/shared/inside/both.txt") == b"seen by both"
    # Out of what is shared: fewer people see it.
    assert act(f"{HERE}/shared/inside/both.txt", f"{HERE}/open/both.txt")


def test_an_owner_shows_what_they_like_by_moving_it(amina: Drive, lea: Drive) -> None:
    assert amina.move("/Logement/bail.pdf", "/Logement/shared/bail.pdf")
    assert lea.get("/Name of amina/shared/bail.pdf") == b"b"


# ── of which category it is ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["move", "copy"])
def test_what_goes_takes_its_category_along(
    world: World, amina: Drive, karim: Drive, verb: str
) -> None:
    world.grant(amina, karim, "/Santé")
    act = getattr(karim, verb)
    assert category(world, amina, "/Logement/bail.pdf") == (None, Category.HOUSING)
    for thing in ("bail.pdf", "mixed"):
        assert act(f"{HERE}/{thing}", f"/Name of amina/Santé/{thing}")
        assert category(world, amina, f"/Santé/{thing}") == (Category.HOUSING, Category.HOUSING)
    assert category(world, amina, "/Santé/mixed/note.txt")[1] is Category.HOUSING
    karim.move("/Name of amina/Santé/bail.pdf", "/Name of amina/Santé/renamed.pdf")
    assert category(world, amina, "/Santé/renamed.pdf")[1] is Category.HOUSING


def test_no_content_gets_another_category_by_being_put_over_a_file(
    world: World, amina: Drive, karim: Drive
) -> None:
    world.grant(amina, karim, "/Santé")
    amina.put("/Santé/ordonnance.pdf", b"prescription")
    there = "/Name of amina/Santé/ordonnance.pdf"
    for source, goal in ((there, f"{HERE}/bail.pdf"), (f"{HERE}/bail.pdf", there)):
        for act in (karim.move, karim.copy):
            assert reason_of(lambda act=act, s=source, g=goal: act(s, g)) == "category"
    assert amina.get("/Logement/bail.pdf") == b"b"
    assert amina.get("/Santé/ordonnance.pdf") == b"prescription"


# ── whose it is ─────────────────────────────────────────────────────────────────────────────────


def test_a_file_of_somebody_elses_is_not_used_up_by_being_moved_onto_another(
    world: World, amina: Drive, karim: Drive
) -> None:
    zoe = world.professional("zoe")
    world.grant(amina, zoe, "/Logement/bail.pdf", Right.READ)
    amina.put("/Logement/other.pdf", b"o")
    before = amina.look("/Logement/bail.pdf").id
    assert reason_of(lambda: karim.move(f"{HERE}/bail.pdf", f"{HERE}/other.pdf")) == "not-yours"
    assert amina.look("/Logement/bail.pdf").id == before
    assert zoe.get("/Name of amina/bail.pdf") == b"b"
    assert karim.copy(f"{HERE}/bail.pdf", f"{HERE}/other.pdf") is False
    assert amina.get("/Logement/other.pdf") == b"b"


def test_a_hidden_name_is_free_for_every_verb_and_keeps_its_own(
    world: World, amina: Drive, team: Structure
) -> None:
    zoe = world.professional("zoe", team)
    amina.mkcol("/Travail/sub")
    world.grant(amina, team, "/Travail")
    names = ("put.txt", "folder", "moved.txt", "copied.txt", "locked.txt")
    for name in names:
        amina.put(f"/Santé/{name}", b"hidden")
        amina.move(f"/Santé/{name}", f"/Travail/{name}")
    here = "/Name of amina/Travail"
    assert zoe.names(here) == ["sub"]
    zoe.put(f"{here}/source.txt", b"s")
    assert zoe.put(f"{here}/put.txt", b"zoe's").created
    zoe.mkcol(f"{here}/folder")
    assert zoe.move(f"{here}/source.txt", f"{here}/moved.txt", overwrite=False)
    assert zoe.copy(f"{here}/moved.txt", f"{here}/copied.txt", overwrite=False)
    assert zoe.lock(f"{here}/locked.txt")[1]
    assert zoe.names(here) == sorted([*names, "sub"])
    for name in names:
        assert amina.get(f"/Travail/{name}") == b"hidden"
    with world.db.read() as tx:
        twins = tx.execute(select(t.node.c.twin).where(t.node.c.twin > 0)).scalars().all()
    assert list(twins) == [1] * len(names)


def hidden_in(kind: str, world: World, amina: Drive, folder: str) -> None:
    """Puts something into the folder that a team does not see."""
    match kind:
        case "file":
            amina.put("/Santé/x.pdf", b"hidden")
            amina.move("/Santé/x.pdf", f"{folder}/x.pdf")
        case "folder":
            amina.mkcol("/Santé/x")
            amina.put("/Santé/x/y.pdf", b"hidden")
            amina.move("/Santé/x", f"{folder}/x")
        case "deep":
            amina.put("/Santé/x.pdf", b"hidden")
            amina.move("/Santé/x.pdf", f"{folder}/deep/x.pdf")
        case "half-saved":
            amina.put(f"{folder}/.goutputstream-ABC", b"hidden")


@pytest.mark.parametrize("kind", ["file", "folder", "deep", "half-saved"])
def test_a_folder_that_hides_something_answers_one_fixed_refusal(
    world: World, amina: Drive, team: Structure, kind: str
) -> None:
    zoe = world.professional("zoe", team)
    world.grant(amina, team, "/Travail")
    here = "/Name of amina/Travail"
    zoe.mkcol(f"{here}/mine")
    zoe.mkcol(f"{here}/mine/deep")
    hidden_in(kind, world, amina, "/Travail/mine")
    zoe.put(f"{here}/other", b"o")
    assert zoe.names(f"{here}/mine") == ["deep"]
    for act in (
        lambda: zoe.delete(f"{here}/mine"),
        lambda: zoe.move(f"{here}/other", f"{here}/mine"),
        lambda: zoe.copy(f"{here}/other", f"{here}/mine"),
    ):
        assert reason_of(act) == "folder-not-all-yours"
    assert zoe.names(f"{here}/mine") == ["deep"]


def test_what_was_renamed_away_with_hidden_things_inside_keeps_them(
    world: World, amina: Drive, team: Structure
) -> None:
    zoe = world.professional("zoe", team)
    world.grant(amina, team, "/Travail")
    here = "/Name of amina/Travail"
    zoe.mkcol(f"{here}/mine")
    hidden_in("file", world, amina, "/Travail/mine")
    zoe.move(f"{here}/mine", f"{here}/renamed")
    assert amina.get("/Travail/renamed/x.pdf") == b"hidden"
    assert category(world, amina, "/Travail/renamed/x.pdf")[1] is Category.HEALTH
    zoe.copy(f"{here}/renamed", f"{here}/copy")
    assert amina.names("/Travail/copy") == []
    with pytest.raises(NotFound):
        zoe.get(f"{here}/renamed/x.pdf")
