"""What is locked somewhere in a folder is found, however much is locked in the rest of a vault: few
locks are followed up to the folder, for many the folder is gone through.
"""

import pytest

from davserver.db import tables as t
from davserver.domain.conditions import Conditions, IfList, StateTerm
from davserver.domain.errors import Locked
from davserver.domain.paths import DrivePath
from davserver.vault.locks.statements import FEW
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping

DEEP = "/Logement/a/b/c"


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim")
    world.share(amina, karim, "/Logement")
    return karim


@pytest.fixture(params=[0, FEW, 3 * FEW])
def amina(world: Safekeeping, request: pytest.FixtureRequest) -> Drive:
    """With so many locks elsewhere; and a folder in which something lies deep down."""
    amina = world.beneficiary("amina", "fr")
    for number in range(request.param):
        amina.lock(f"/Travail/{number}.txt")
    for folder in ("/Logement/a", "/Logement/a/b", DEEP, "/Logement/beside"):
        amina.mkcol(folder)
    amina.put(f"{DEEP}/letter.odt", b"letter")
    return amina


def test_a_lock_deep_down_stands_in_the_way_of_whoever_moves_or_removes_the_folder(
    amina: Drive, karim: Drive
) -> None:
    karim.lock(f"/Name of amina{DEEP}/letter.odt")
    for act in (
        lambda: amina.move("/Logement/a", "/Logement/z"),
        lambda: amina.move("/Logement/a/b", "/Logement/z"),
        lambda: amina.delete("/Logement/a"),
        lambda: amina.lock("/Logement", deep=True),
        lambda: amina.copy("/Logement/beside", "/Logement/a"),
    ):
        with pytest.raises(Locked):
            act()
    amina.lock("/Logement", deep=False)
    assert amina.names(DEEP) == ["letter.odt"]


def test_a_lock_beside_a_folder_does_not(amina: Drive, karim: Drive) -> None:
    karim.lock("/Name of amina/Logement/beside/new.txt")
    amina.move("/Logement/a", "/Logement/z")
    amina.lock("/Logement/z", deep=True)


def test_locks_deep_down_end_where_the_folder_goes_and_others_stay(
    world: Safekeeping, amina: Drive
) -> None:
    before = len(world.rows(t.lock))
    inside, _ = amina.lock(f"{DEEP}/letter.odt")
    amina.lock("/Logement/beside")
    submitted = StateTerm(inside.token, None, negated=False)
    there = DrivePath.parse(f"{DEEP}/letter.odt")
    conditions = Conditions(if_lists=(IfList(there, (submitted,)),))
    amina.move("/Logement/a", "/Logement/z", conditions=conditions)
    assert len(world.rows(t.lock)) == before + 1
    amina.put("/Logement/z/b/c/letter.odt", b"free")
