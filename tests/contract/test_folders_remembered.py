"""The way to an owner's folder outlives what happens in it, and nothing that happens to it."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.errors import NoParent, NotFound
from tests.support.accounts import noted
from tests.support.drive import Drive, World

ONE, OTHER = "/a/b/one.txt", "/a/b/other.txt"
ENDS = 2
"""As many names as a change is about at the most."""


@pytest.fixture
def amina(world: World) -> Drive:
    """The ways to both of her folders are known to whoever looks and to whoever writes."""
    amina = world.beneficiary("amina")
    for folder in ("/a", "/a/b", "/c"):
        amina.mkcol(folder)
    for _ in range(2):
        amina.put(ONE, b"one")
        amina.put("/c/there.txt", b"there")
        assert amina.get(ONE) == b"one"
    return amina


def ways(world: World, act: Callable[[], object]) -> list[str]:
    """The statements that look for names, of those that write."""
    with noted(world.db.engines()[1]) as said:
        act()
    return [one for one in said if "n.rec_ct" in one and "name_idx" in one]


ACTS: dict[str, Callable[[Drive], object]] = {
    "a new file": lambda amina: amina.put(OTHER, b"other"),
    "a file again": lambda amina: amina.put(ONE, b"again"),
    "a folder": lambda amina: amina.mkcol("/a/b/c"),
    "a move": lambda amina: amina.move(ONE, OTHER),
    "a move to another folder": lambda amina: amina.move(ONE, "/c/one.txt"),
    "a removal": lambda amina: amina.delete(ONE),
}


@pytest.mark.parametrize("what", ACTS)
def test_what_happens_in_a_folder_leaves_the_way_to_it_known(
    world: World, amina: Drive, what: str
) -> None:
    (way,) = ways(world, lambda: ACTS[what](amina))
    (after,) = ways(world, lambda: amina.put("/a/b/after.txt", b"after"))
    for one in (way, after):
        # No folder is looked for.
        assert len(re.findall("name_idx (?:=|IN)", one)) <= ENDS, one


GONE: dict[str, Callable[[Drive], object]] = {
    "renamed": lambda amina: amina.move("/a/b", "/a/elsewhere"),
    "removed": lambda amina: amina.delete("/a/b"),
    "renamed above": lambda amina: amina.move("/a", "/elsewhere"),
    "removed above": lambda amina: amina.delete("/a"),
    "moved": lambda amina: amina.move("/a/b", "/c/b"),
}


@pytest.mark.parametrize("what", GONE)
def test_a_folder_that_goes_is_gone_at_once(amina: Drive, what: str) -> None:
    GONE[what](amina)
    with pytest.raises(NotFound):
        amina.get(ONE)
    for act in (amina.put, lambda path, _: amina.move("/c/there.txt", path)):
        with pytest.raises(NoParent):
            act(OTHER, b"too late")


@pytest.mark.parametrize("what", GONE)
def test_what_takes_its_name_is_another(amina: Drive, what: str) -> None:
    before = amina.look("/a/b").id
    GONE[what](amina)
    if "a" not in amina.names():
        amina.mkcol("/a")
    amina.mkcol("/a/b")
    amina.put(OTHER, b"other")
    assert amina.look("/a/b").id != before
    assert amina.names("/a/b") == ["other.txt"]


def test_another_process_may_take_it_away(world: World, amina: Drive, database_url: str) -> None:
    folder, elsewhere = amina.look("/a/b").id, Database(database_url)
    try:
        # Not as anybody would, so that the row does not open any more: then there is nothing.
        bad = update(tables.node).where(tables.node.c.id == folder).values(row_version=99)
        elsewhere.write(lambda tx: tx.execute(bad))
    finally:
        elsewhere.close()
    with pytest.raises(NoParent):
        amina.put(OTHER, b"too late")
    with pytest.raises(NotFound):
        amina.get(ONE)
