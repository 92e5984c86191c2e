"""Deposits: folders' ETags, what a listing costs, locks, side files."""

from collections.abc import Callable

import pytest

from davserver.domain.actions import Right
from davserver.domain.conditions import Conditions
from davserver.domain.errors import (
    Locked,
    NotLocked,
)
from davserver.domain.paths import DrivePath
from tests.support.accounts import something_changes
from tests.support.drive import Body, Drive, World
from tests.support.refusals import reason_of

IN = "/Name of amina/Logement"
LARGE = bytes(300_000)


def test_a_folder_etag_moves_with_ones_own_deposits_and_with_nothing_else(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.mkcol(f"{IN}/2026")

    def now() -> list[tuple[str, object]]:
        paths = ("/", "/Name of amina", IN, f"{IN}/2026")
        seen = [karim.look(path) for path in paths]
        listed = [one for path in paths for one in karim.list(path)[1] if one.is_folder]
        assert [one.etag for one in listed] == [one.etag for one in seen[1:]]
        return [(one.etag, one.modified) for one in seen]

    def moved(act: Callable[[], object]) -> list[bool]:
        before = now()
        world.clock.passes(seconds=5)
        act()
        return [a[0] != b[0] for a, b in zip(before, now(), strict=True)]

    still = now()
    amina.put("/Logement/bail.pdf", b"new")
    amina.put("/Logement/2026/x.pdf", b"x")
    amina.delete("/Logement/2025")
    amina.set_property("/Logement")
    assert now() == still
    every = [True] * 4
    assert moved(lambda: karim.put(f"{IN}/2026/a.pdf", b"one")) == every
    assert moved(lambda: karim.put(f"{IN}/2026/a.pdf", b"two")) == every
    assert moved(lambda: karim.move(f"{IN}/2026/a.pdf", f"{IN}/2026/b.pdf")) == every
    assert moved(lambda: karim.put(f"{IN}/c.pdf", b"c")) == [True, True, True, False]
    assert moved(lambda: karim.delete(f"{IN}/2026/b.pdf")) == every
    assert moved(lambda: amina.delete("/Logement/c.pdf")) == [True, True, True, False]


def test_listing_a_deposit_folder_costs_one_statement_more_however_much_is_in_it(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.grant(amina, lea, "/Logement", Right.WRITE)
    amina.mkcol("/Travail/x")
    statements = world.statements()

    def cost(drive: Drive, path: str) -> int:
        who, now = drive.who, world.clock()
        world.reading.list(who, DrivePath.parse(path), now)
        something_changes(world.db)
        statements.clear()
        world.reading.list(who, DrivePath.parse(path), now)
        return len(statements)

    folders = ("/", "/Name of amina", IN)
    few = [cost(karim, path) for path in folders]
    for n in range(20):
        karim.mkcol(f"{IN}/{n}")
        karim.put(f"{IN}/{n}/a.pdf", b"x")
        amina.put(f"/Logement/{n}/hidden.pdf", b"x")
    many = [cost(karim, path) for path in folders]
    world.grant(amina, karim, "/Travail", Right.DEPOSIT)
    assert [cost(karim, path) for path in folders] == many == few
    plain = [cost(lea, path) for path in folders]
    assert all(a <= b + 1 for a, b in zip(many, plain, strict=True))


def test_a_deposit_can_be_locked_by_its_maker_until_the_window_closes(
    world: World, amina: Drive, karim: Drive
) -> None:
    lock, created = karim.lock(f"{IN}/new.odt")
    assert created
    with pytest.raises(Locked):
        karim.put(f"{IN}/new.odt", b"without its token")
    karim.unlock(f"{IN}/new.odt", lock.token or "")
    world.clock.passes(hours=23, minutes=58)
    lock, created = karim.lock(f"{IN}/new.odt")
    assert not created
    assert lock.seconds_left == 120
    world.clock.passes(minutes=2)
    with pytest.raises(NotLocked):
        karim.unlock(f"{IN}/new.odt", lock.token or "")
    amina.put("/Logement/new.odt", b"the owner's again")


def test_locks_on_what_is_hidden_stand_in_nobodys_way(amina: Drive, karim: Drive) -> None:
    amina.lock("/Logement/bail.pdf")
    assert karim.put(f"{IN}/bail.pdf", b"mine").created
    karim.mkcol(f"{IN}/2026")
    amina.put("/Logement/2026/hers.pdf", b"x")
    amina.lock("/Logement/2026/hers.pdf")
    assert reason_of(lambda: karim.delete(f"{IN}/2026")) == "folder-not-all-yours"
    assert karim.move(f"{IN}/2026", f"{IN}/2027")
    with pytest.raises(Locked):
        amina.put("/Logement/2027/hers.pdf", b"without its token")


def test_side_files_and_half_saved_documents_work_beside_deposits(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/._a.pdf", b"finder")
    assert karim.get(f"{IN}/._a.pdf") == b"finder"
    karim.put(f"{IN}/.goutputstream-AB12", b"half")
    assert sorted(karim.names(IN)) == ["._a.pdf", ".goutputstream-AB12"]
    karim.move(f"{IN}/.goutputstream-AB12", f"{IN}/a.pdf")
    assert amina.names("/Logement") == ["2025", "a.pdf", "bail.pdf"]
    world.clock.passes(hours=24)
    assert karim.names(IN) == []


def test_what_becomes_of_a_half_saved_deposit_later_is_not_noticed(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/.goutputstream-AB12", b"half")
    world.clock.passes(hours=24)
    before = karim.look(IN)
    amina.delete("/Logement/.goutputstream-AB12")
    assert karim.look(IN) == before


def test_an_upload_that_outlasts_the_window_is_a_new_deposit(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/a.bin", b"one")

    class Slow(Body):
        def read(self, size: int) -> bytes:
            world.clock.passes(hours=1)
            return super().read(size)

    world.clock.passes(hours=23, minutes=30)
    done = world.writing.put(
        karim.who, DrivePath.parse(f"{IN}/a.bin"), Slow(LARGE), Conditions(), world.clock()
    )
    assert done.created
    assert amina.get("/Logement/a.bin") == b"one"
    assert amina.get("/Logement/a (2).bin") == LARGE
