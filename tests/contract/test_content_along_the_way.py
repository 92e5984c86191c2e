"""A small file in a folder where somebody was before: its content comes with the way to it, where
nothing is hidden.
"""

from collections.abc import Sequence

import pytest
from sqlalchemy import event, update

from davserver.db import tables
from davserver.domain.actions import Category, Right
from davserver.domain.conditions import NONE, Conditions, ETagTerm
from davserver.domain.errors import Damaged, NotChanged
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from davserver.sealing.format import CHUNK_BYTES
from tests.support.accounts import statements_of
from tests.support.drive import Drive, World
from tests.support.neighbourhood import classify

NAMES = "one.txt", "two.txt", "large.bin"
LARGE = bytes(2 * CHUNK_BYTES)


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina", "fr")
    for name in NAMES[:2]:
        amina.put(f"/Logement/{name}", name.encode())
    amina.put("/Logement/large.bin", LARGE)
    return amina


def costs(world: World, drive: Drive, paths: Sequence[str]) -> list[list[str]]:
    """The statements of reading one after the other, after the first of them."""
    who, found = drive.who, []
    with statements_of(world.db) as sent:
        for path in paths:
            sent.clear()
            download = world.reading.open(who, DrivePath.parse(path), NONE, world.clock())
            b"".join(download.read(0, 1))
            download.close()
            # Not the trail's.
            found.append([one for one in sent if "FROM node" in one or "blob" in one])
    return found[1:]


def test_way_and_content_are_one_statement(world: World, amina: Drive) -> None:
    paths = [f"/Logement/{name}" for name in (*NAMES, "one.txt", "two.txt")]
    second, large, again, _ = costs(world, amina, paths)
    assert len(second) == len(large) == len(again) == 1
    assert "JOIN blob" in second[0] == large[0]
    assert "JOIN" not in again[0], "the way is remembered"
    assert [amina.get(f"/Logement/{name}") for name in NAMES] == [b"one.txt", b"two.txt", LARGE]


def test_what_was_replaced_or_moved_is_read_as_it_is(amina: Drive) -> None:
    for number in range(3):
        amina.put("/Logement/two.txt", b"%d" % number)
        assert amina.get("/Logement/one.txt") == b"one.txt"
        assert amina.get("/Logement/two.txt") == b"%d" % number
        amina.move("/Logement/two.txt", "/Logement/three.txt")
        assert amina.get("/Logement/three.txt") == b"%d" % number


@pytest.mark.parametrize("values", [{"state": "dead"}, {"inline_ct": None}, {"inline_ct": b"x"}])
def test_a_content_whose_row_is_wrong_is_damage(
    world: World, amina: Drive, values: dict[str, object]
) -> None:
    amina.get("/Logement/one.txt")
    small = tables.blob.c.store == "inline"
    world.db.write(lambda tx: tx.execute(update(tables.blob).where(small).values(values)))
    for _ in range(2):
        with pytest.raises(Damaged):
            amina.get("/Logement/two.txt")


def test_whoever_has_that_state_already_gets_no_content(world: World, amina: Drive) -> None:
    amina.get("/Logement/one.txt")
    etag = amina.look("/Logement/two.txt").etag
    has_it = Conditions(if_none_match=(ETagTerm(etag),))
    with statements_of(world.db) as sent, pytest.raises(NotChanged):
        world.reading.open(amina.who, DrivePath.parse("/Logement/two.txt"), has_it, world.clock())
    assert not [one for one in sent if "blob b" in one or "FROM blob" in one]


def test_where_anything_may_be_hidden_only_what_is_read_is_read(
    world: World, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    """Else a hidden document would take as long as it is large."""
    classify(world, amina, "/Logement/two.txt", Category.HEALTH)
    world.grant(amina, ccas, "/Logement", right=Right.READ)
    inside = [f"/Name of amina/Logement/{name}" for name in ("one.txt", "large.bin")]
    for cost in costs(world, karim, inside):
        assert not [one for one in cost if "JOIN blob" in one]


def test_whoever_asks_about_what_was_read_asks_nothing(world: World, amina: Drive) -> None:
    """Neither the way nor whether anything is locked."""
    amina.get("/Logement/one.txt")
    amina.get("/Logement/two.txt")
    who, path, sent = amina.who, DrivePath.parse("/Logement/two.txt"), []
    event.listen(
        world.db.engines()[0], "before_cursor_execute", lambda *given: sent.append(given[2])
    )
    world.reading.look(who, path, world.clock())
    assert sent == []
