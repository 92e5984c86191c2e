"""Deposits: what whoever made one may still do with it, and how hidden names take part."""

import pytest

from davserver.domain.actions import Action
from davserver.domain.conditions import Any, Conditions
from davserver.domain.errors import (
    AlreadyThere,
)
from tests.support.accounts import something_changes
from tests.support.drive import Drive, World
from tests.support.refusals import reason_of

IN = "/Name of amina/Logement"


def test_hidden_names_are_free_for_every_verb(amina: Drive, karim: Drive) -> None:
    karim.put(f"{IN}/mine.pdf", b"mine")
    assert karim.put(f"{IN}/bail.pdf", b"not the lease", Conditions(if_none_match=Any.ANY)).created
    karim.mkcol(f"{IN}/2025")
    assert karim.move(f"{IN}/mine.pdf", f"{IN}/2025/quittance.pdf", overwrite=False)
    assert amina.get("/Logement/bail.pdf") == b"the owner's"
    assert amina.get("/Logement/2025/quittance.pdf") == b"the owner's too"
    assert amina.get("/Logement/2025 (2)/quittance.pdf") == b"mine"


def test_a_hidden_name_costs_the_statements_of_a_free_one(
    world: World, amina: Drive, karim: Drive
) -> None:
    statements = world.statements()
    amina.mkcol("/Logement/twice")
    for name in ("twice", "bail.pdf"):  # a second hidden one of each name
        karim.mkcol(f"{IN}/{name}")
    world.clock.passes(hours=25)
    karim.look(IN)  # opens the vault again after so long
    costs: dict[str, set[tuple[str, ...]]] = {}
    for name in ("bail.pdf", "absent.pdf", "twice", "nothing"):
        for title, act in (
            ("mkcol", lambda n=name: karim.mkcol(f"{IN}/{n}")),
            ("delete", lambda n=name: karim.delete(f"{IN}/{n}")),
            ("put", lambda n=name: karim.put(f"{IN}/{n}", b"x")),
            ("delete it", lambda n=name: karim.delete(f"{IN}/{n}")),
        ):
            something_changes(world.db)
            statements.clear()
            act()
            costs.setdefault(title, set()).add(tuple(statements))
    assert {title: len(found) for title, found in costs.items()} == dict.fromkeys(costs, 1)


def test_a_deposit_is_renamed_and_taken_back_while_it_shows(amina: Drive, karim: Drive) -> None:
    karim.put(f"{IN}/a.pdf", b"one")
    karim.mkcol(f"{IN}/2026")
    assert karim.move(f"{IN}/a.pdf", f"{IN}/2026/b.pdf")
    assert amina.get("/Logement/2026/b.pdf") == b"one"
    karim.delete(f"{IN}/2026/b.pdf")
    karim.delete(f"{IN}/2026")
    assert karim.names(IN) == []
    assert amina.names("/Logement") == ["2025", "bail.pdf"]


def test_a_temporary_file_moved_over_a_deposit_is_its_new_version(
    amina: Drive, karim: Drive
) -> None:
    first = karim.put(f"{IN}/a.odt", b"one").entry
    karim.put(f"{IN}/.a.odt.tmp", b"two")
    assert not karim.move(f"{IN}/.a.odt.tmp", f"{IN}/a.odt")
    assert karim.look(f"{IN}/a.odt").id == first.id
    karim.move(f"{IN}/a.odt", f"{IN}/a.odt~")
    karim.put(f"{IN}/a.odt", b"three")
    karim.delete(f"{IN}/a.odt~")
    assert karim.look(f"{IN}/a.odt").id == first.id
    assert amina.get("/Logement/a.odt") == b"three"
    assert karim.names(IN) == ["a.odt"]


def test_the_granted_folder_itself_stays_as_it_is(amina: Drive, karim: Drive) -> None:
    amina.set_property("/Logement", "<y xmlns='x:'>private note</y>")
    assert karim.look(IN).may == {Action.LIST, Action.PUT, Action.MKCOL}
    assert karim.look(IN).properties == {}
    assert not karim.look(IN).describable
    assert reason_of(lambda: karim.set_property(IN)) == "deposit-only"
    assert reason_of(lambda: karim.lock(IN, deep=True)) == "deposit-only"
    assert reason_of(lambda: karim.move(IN, "/Name of amina/x")) == "grant-root"
    assert reason_of(lambda: karim.delete(IN)) == "grant-root"
    karim.mkcol(f"{IN}/2026")
    karim.set_property(f"{IN}/2026")
    assert karim.look(f"{IN}/2026").describable
    assert reason_of(lambda: karim.lock(f"{IN}/2026")) == "deposit-only"
    with pytest.raises(AlreadyThere):
        karim.put(f"{IN}/2026", b"x")
