"""What a grant may add is kept usable by its own earlier versions, as a vault is by its owner's."""

import pytest

from davserver.db import tables as t
from davserver.domain.errors import NoSpace
from davserver.domain.paths import DrivePath
from tests.support.drive import Drive
from tests.support.safekeeping import ALLOWANCE, Safekeeping

HERE = "/Name of amina/Logement"
DOCUMENT = 300_000
"""Three of them fit into an allowance, four do not."""


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim")
    world.share(amina, karim, "/Logement")
    return karim


def save(drive: Drive, path: str, times: int, size: int = DOCUMENT) -> bytes:
    for time in range(times):
        drive.put(path, content := bytes([time % 256]) * size)
    return content


def versions(world: Safekeeping) -> int:
    return len(world.rows(t.node_version))


def earlier(world: Safekeeping, drive: Drive, path: str, number: int) -> bytes:
    """What that version had, brought back to be read."""
    who = world.for_(drive)
    world.keeping.restore_version(who, DrivePath.parse(path), number)
    return drive.get(path)


@pytest.mark.parametrize("size", [DOCUMENT, 60_000], ids=["a file", "a row"])
def test_whoever_saves_a_document_again_and_again_is_not_stopped(
    world: Safekeeping, amina: Drive, karim: Drive, size: int
) -> None:
    last = save(karim, f"{HERE}/bilan.odt", 25, size)
    assert amina.get("/Logement/bilan.odt") == last
    assert 0 < versions(world) <= ALLOWANCE // size
    left = karim.look(HERE).available
    assert left is not None
    assert left < size
    assert world.codes() == set()


def test_what_the_owner_wrote_never_makes_room_for_others(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    save(amina, "/Logement/bail.pdf", 3)
    save(karim, f"{HERE}/bail.pdf", 10)
    assert earlier(world, amina, "/Logement/bail.pdf", 1) == bytes([0]) * DOCUMENT
    assert earlier(world, amina, "/Logement/bail.pdf", 3) == bytes([2]) * DOCUMENT


def test_what_one_grant_paid_makes_no_room_for_another(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.share(amina, lea, "/Logement")
    save(karim, f"{HERE}/a.odt", 3)
    save(lea, f"{HERE}/b.odt", 10)
    assert earlier(world, amina, "/Logement/a.odt", 1) == bytes([0]) * DOCUMENT


def test_a_document_larger_than_all_of_it_is_refused_and_takes_nothing_along(
    world: Safekeeping, karim: Drive
) -> None:
    save(karim, f"{HERE}/a.odt", 3)
    before = versions(world)
    for name in ("a.odt", "new.odt"):
        with pytest.raises(NoSpace):
            karim.put(f"{HERE}/{name}", bytes(ALLOWANCE))
    assert versions(world) == before


def test_documents_that_are_there_make_no_room(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    for name in ("a.odt", "b.odt", "c.odt"):
        karim.put(f"{HERE}/{name}", bytes(DOCUMENT))
    with pytest.raises(NoSpace):
        karim.put(f"{HERE}/d.odt", bytes(DOCUMENT))
    assert amina.names("/Logement") == ["a.odt", "b.odt", "c.odt"]
