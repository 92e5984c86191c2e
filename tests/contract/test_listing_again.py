"""A folder that was listed a moment ago is not read again, while nobody changes anything."""

from collections import Counter

import pytest

from davserver.domain.drive import Entry
from davserver.domain.paths import DrivePath
from tests.support.accounts import something_changes, statements_of
from tests.support.drive import Drive, World

CHILDREN = "SELECT n.id, NULLIF("
"""The question for what lies in a folder begins so."""


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina", "fr")
    amina.mkcol("/Logement/inside")
    for name in ("a.txt", "b.txt"):
        amina.put(f"/Logement/{name}", b"a paper")
    return amina


def listed(world: World, drive: Drive, path: str = "/Logement") -> tuple[Entry, list[Entry]]:
    entry, below = world.reading.list(drive.who, DrivePath.parse(path), world.clock(), frozenset())
    return entry, list(below)


def looks_for_children(sent: list[str]) -> int:
    return sum(" ".join(one.split()).startswith(CHILDREN) for one in sent)


def test_a_folder_is_read_once_until_anything_changes(world: World, amina: Drive) -> None:
    who = amina.who  # signing in asks too
    path = DrivePath.parse("/Logement")

    def look() -> list[str]:
        _, below = world.reading.list(who, path, world.clock(), frozenset())
        return [entry.path.name for entry in below]

    with statements_of(world.db) as sent:
        first = look()
        once = len(sent)
        again = look()
        assert len(sent) == once
        something_changes(world.db)
        later = look()
    assert looks_for_children(sent) == 2
    assert first == again == later == ["a.txt", "b.txt", "inside"]


def test_what_changes_is_there_at_once(world: World, amina: Drive) -> None:
    before, children = listed(world, amina)
    amina.put("/Logement/a.txt", b"another paper")
    amina.put("/Logement/inside/deep.txt", b"deep")
    after, changed = listed(world, amina)
    moved = {
        one.path.name
        for one, other in zip(children, changed, strict=True)
        if one.etag != other.etag
    }
    assert moved == {"a.txt", "inside"}
    assert before.etag != after.etag
    amina.delete("/Logement/b.txt")
    assert [one.path.name for one in listed(world, amina)[1]] == ["a.txt", "inside"]


def test_what_one_person_listed_answers_nobody_else(world: World, amina: Drive) -> None:
    structure = world.accounts.add_structure("ccas-lyon")
    karim = world.professional("karim", structure)
    world.grant(amina, structure, "/Logement")
    assert karim.names("/Name of amina/Logement") == ["a.txt", "b.txt", "inside"]
    owners, theirs = amina.who, karim.who
    costs = []
    for looked in (False, True):
        with statements_of(world.db) as sent:
            if looked:
                world.reading.list(owners, DrivePath.parse("/Logement"), world.clock())
            before = len(sent)
            world.reading.list(theirs, DrivePath.parse("/Name of amina/Logement"), world.clock())
            costs.append(Counter(sent[before:]))
    assert costs[0] == costs[1]


def test_side_files_run_out_though_nobody_changes_anything(world: World, amina: Drive) -> None:
    assert [one.path.name for one in listed(world, amina)[1]] == ["a.txt", "b.txt", "inside"]
    amina.put("/Logement/.~lock.a.txt#", b"me")
    for _ in range(2):
        assert ".~lock.a.txt#" in [one.path.name for one in listed(world, amina)[1]]
    world.clock.passes(hours=25)
    assert ".~lock.a.txt#" not in [one.path.name for one in listed(world, amina)[1]]
