"""What one small change costs within the writer's turn, which everybody else waits for."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from tests.support.accounts import NOON, noted, something_changes
from tests.support.drive import Drive, World
from tests.support.in_process import calls

INDEXED = {"vault_id", "parent_id", "state", "name_idx", "name_ci_idx", "twin", "maker_id"}
"""Columns of nodes: a database writes their indexes anew where an UPDATE names them."""


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    for name in ("note", "move", "remove", "lock", "once"):
        made.put(f"/Santé/{name}.txt", b"text")
    made.mkcol("/Santé/all")
    for name in ("one", "two"):
        made.put(f"/Santé/all/{name}.txt", b"text")
    return made


@pytest.fixture
def karim(world: World, amina: Drive) -> Drive:
    """Amina shares the folder with him."""
    karim = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    world.grant(amina, karim, "/Santé", Right.WRITE)
    return karim


def said_by(world: World, act: Callable[[], object]) -> list[str]:
    """The statements of its transaction, in which somebody has just changed who people are."""
    something_changes(world.db)
    with noted(world.db.engines()[1]) as statements:
        act()
    return [one for one in statements if not one.startswith("INSERT INTO changed ")]


def lock_and_unlock(amina: Drive) -> None:
    view, _ = amina.lock("/Santé/lock.txt")
    something_changes(amina.world.db)
    amina.unlock("/Santé/lock.txt", view.token or "")


def costs(said: Sequence[str], most: int, entries: int = 1) -> bool:
    """Whether it is as many, with so many entries of the trail; one of PostgreSQL's moves the
    head, too.
    """
    with_head = sum("WITH moved AS" in one for one in said)
    return with_head in (0, entries) and len(said) == most - with_head


COSTS: dict[str, tuple[Callable[[Drive], object], int]] = {
    "new file": (lambda amina: amina.put("/Santé/new.txt", b"text"), 9),
    "file again": (lambda amina: amina.put("/Santé/note.txt", b"again"), 10),
    "folder": (lambda amina: amina.mkcol("/Santé/folder"), 7),
    "copy": (lambda amina: amina.copy("/Santé/note.txt", "/Santé/copy.txt"), 10),
    "move": (lambda amina: amina.move("/Santé/move.txt", "/Santé/moved.txt"), 7),
    "move elsewhere": (lambda amina: amina.move("/Santé/move.txt", "/moved.txt"), 7),
    "move a folder": (lambda amina: amina.move("/Santé/all", "/Santé/moved"), 8),
    "copy a folder of two": (lambda amina: amina.copy("/Santé/all", "/Santé/copy"), 16),
    "remove": (lambda amina: amina.delete("/Santé/remove.txt"), 7),
    "lock and unlock": (lock_and_unlock, 13),
}


@pytest.mark.parametrize("what", COSTS)
def test_a_small_change_costs_few_statements(world: World, amina: Drive, what: str) -> None:
    act, most = COSTS[what]
    said = said_by(world, lambda: act(amina))
    assert costs(said, most, what.count("lock") or 1), "\n".join(one[:60] for one in said)


def of_locks(said: list[str]) -> list[str]:
    return [one for one in said if "FROM lock" in one and "n.rec_ct" not in one]


def test_an_owner_is_told_on_the_way_that_nothing_is_locked(world: World, amina: Drive) -> None:
    view, _ = amina.lock("/Santé/lock.txt")
    assert len(of_locks(said_by(world, lambda: amina.put("/Santé/note.txt", b"2")))) == 1
    assert len(of_locks(said_by(world, lambda: amina.delete("/Santé/move.txt")))) == 2
    amina.unlock("/Santé/lock.txt", view.token or "")
    assert not of_locks(said_by(world, lambda: amina.put("/Santé/note.txt", b"3")))
    assert not of_locks(said_by(world, lambda: amina.delete("/Santé/remove.txt")))
    assert not of_locks(said_by(world, lambda: amina.delete("/Santé/all")))


def test_whoever_does_not_see_all_is_not_told_so(world: World, amina: Drive, karim: Drive) -> None:
    karim.put("/Name of amina/Santé/his.txt", b"1")
    without = said_by(world, lambda: karim.put("/Name of amina/Santé/his.txt", b"2"))
    amina.put("/elsewhere.txt", b"text")
    amina.lock("/elsewhere.txt")
    assert said_by(world, lambda: karim.put("/Name of amina/Santé/his.txt", b"3")) == without
    assert of_locks(without)


@pytest.mark.parametrize(("source", "most"), [("move.txt", 11), ("all", 13)])
def test_a_move_within_what_is_shared_costs_a_professional_few_statements(
    world: World, karim: Drive, source: str, most: int
) -> None:
    shared = "/Name of amina/Santé"
    said = said_by(world, lambda: karim.move(f"{shared}/{source}", f"{shared}/moved"))
    assert costs(said, most), "\n".join(one[:60] for one in said)


def steps_of(act: Callable[[], object]) -> int:
    """How many functions of Python it calls, for who has done the same a moment ago."""
    with calls() as made:
        act()
    return made["call"]


def test_a_professional_moves_a_file_in_few_more_steps_than_its_owner(
    world: World, amina: Drive, karim: Drive
) -> None:
    def moved(drive: Drive, folder: str, number: int) -> Callable[[], object]:
        return lambda: drive.move(f"{folder}/move.txt", f"{folder}/move-{number}.txt")

    def back(number: int) -> None:
        amina.move(f"/Santé/move-{number}.txt", "/Santé/move.txt")

    last: list[int] = []
    for drive, folder in ((amina, "/Santé"), (karim, "/Name of amina/Santé")):
        steps = 0
        for number in range(3):
            steps = steps_of(moved(drive, folder, number))
            back(number)
        last.append(steps)
    owners, professionals = last
    # On PostgreSQL an owner's folders are remembered by whoever writes, which others' are not.
    assert professionals - owners < (120 if world.db.sqlite else 135), last


def test_new_content_leaves_the_indexes_of_names_and_folders_alone(
    world: World, amina: Drive
) -> None:
    said = said_by(world, lambda: amina.put("/Santé/note.txt", b"again"))
    (update,) = (one for one in said if "UPDATE node " in one)
    named = {word.partition("=")[0] for word in update.partition(" SET ")[2].split(", ")}
    assert "rec_ct" in named
    assert not named & INDEXED


def sealed_by(world: World, act: Callable[[], object]) -> list[bool]:
    """For each drawing of random bytes for contents, whether it was within the turn."""
    drawn: list[bool] = []
    staging = world.tools.staging
    before = staging._entropy

    def entropy(count: int) -> bytes:
        drawn.append(bool(said))
        return os.urandom(count)

    staging._entropy = entropy
    try:
        with noted(world.db.engines()[1]) as said:
            act()
    finally:
        staging._entropy = before
    assert drawn
    return drawn


def test_a_small_file_of_ones_own_is_sealed_before_the_turn(world: World, amina: Drive) -> None:
    assert not any(sealed_by(world, lambda: amina.put("/Santé/once.txt", b"sealed once")))
    assert amina.get("/Santé/once.txt") == b"sealed once"


def test_one_for_somebody_else_too_where_the_one_before_went(world: World, karim: Drive) -> None:
    def put(folder: str, text: bytes) -> list[bool]:
        return sealed_by(world, lambda: karim.put(f"/{folder}/Santé/once.txt", text))

    zoe = world.beneficiary("zoe", "fr")
    world.grant(zoe, karim, "/Santé", Right.WRITE)
    assert all(put("Name of amina", b"hers"))
    assert all(put("Name of zoe", b"another's"))
    for text in (b"hers again", b"and again"):
        assert not any(put("Name of amina", text))
        assert karim.get("/Name of amina/Santé/once.txt") == text
    assert not any(put("Name of zoe", b"again"))
    assert zoe.get("/Santé/once.txt") == b"again"


def test_where_the_name_is_another_persons_by_now_it_is_sealed_for_them(
    world: World, amina: Drive, karim: Drive
) -> None:
    """Whoever has the folder's name by then reads it, and nobody else does."""
    path = "/Name of amina/Santé/once.txt"
    karim.put(path, b"for the first")
    with world.db.read() as tx:
        (first,) = world.grants.live_under_name(tx, (karim.person.id,), "Name of amina", NOON)
    world.end_grant(first, amina)
    other = world.beneficiary("other", "fr")
    other.person = replace(other.person, name="Name of amina")
    world.grant(other, karim, "/Santé", Right.WRITE)
    karim.put(path, b"for the second")
    assert karim.get(path) == other.get("/Santé/once.txt") == b"for the second"
    assert amina.get("/Santé/once.txt") == b"for the first"


def test_a_small_copy_is_judged_once_and_asks_nothing_before_its_turn(
    world: World, amina: Drive
) -> None:
    something_changes(world.db)
    who, before = amina.who, world.statements()
    assert world.copying.copy(
        who,
        DrivePath.parse("/Santé/note.txt"),
        DrivePath.parse("/Santé/copy.txt"),
        deep=True,
        overwrite=True,
        conditions=NONE,
        now=world.clock(),
    )
    assert costs(before, COSTS["copy"][1]), "\n".join(before)


def test_taking_back_a_folder_calls_as_much_however_many_files_are_in_it(
    world: World, amina: Drive, karim: Drive
) -> None:
    """Others wait meanwhile: nothing in it is opened to see whose it is."""
    called = []
    for number, files in enumerate((2, 2, 60)):
        folder = f"/Name of amina/Santé/{number}"
        karim.mkcol(folder)
        for file in range(files):
            karim.put(f"{folder}/{file}.txt", b"text")
        something_changes(world.db)
        with calls() as counted:
            karim.delete(folder)
        called.append(counted.total())
    _, few, many = called  # the first one loads what it needs
    assert many <= few + 60
