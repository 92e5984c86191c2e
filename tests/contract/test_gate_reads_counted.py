"""A first read is noted before a byte leaves; it and its repeats are told within a second."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from davserver.db import tables
from davserver.domain.errors import Unavailable
from davserver.gate.people.history import History
from tests.support.drive import Drive, World

PLACE = "/Logement/bail.pdf"


@pytest.fixture
def amina(world: World) -> Drive:
    drive = world.beneficiary("amina", "fr")
    drive.put(PLACE, b"x")
    return drive


def counts(world: World) -> list[int]:
    window = tables.read_window
    with world.db.read() as tx:
        return list(tx.execute(select(window.c["count"]).order_by(window.c.opened_at)).scalars())


def told(world: World, drive: Drive) -> list[int]:
    entries = History(world.tools).show(drive.who, drive.person.login, world.clock())
    return [one.count for one in entries if one.what == "read"]


def test_no_read_writes_to_the_database(world: World, amina: Drive) -> None:
    seen = world.statements()
    for _ in range(5):
        amina.get(PLACE)
    assert not [one for one in seen if one.lstrip().upper().startswith(("INSERT", "UPDATE"))]
    assert counts(world) == []
    world.tools.readings.keep_up(world.clock())
    assert counts(world) == [5]


def test_what_is_told_is_told_once(world: World, amina: Drive) -> None:
    for _ in range(6):
        amina.get(PLACE)
    seen = world.statements()
    world.tools.readings.settle(world.clock())
    assert seen
    seen.clear()
    for _ in range(2):
        world.tools.readings.settle(world.clock())
        world.tools.readings.keep_up(world.clock())
    assert seen == []
    assert counts(world) == [6]


def test_many_readings_are_told_in_one_transaction_and_one_statement_each(
    world: World, amina: Drive
) -> None:
    for number in range(20):
        amina.put(f"/{number}", b"x")
        amina.get(f"/{number}")
    seen = world.statements()
    world.tools.readings.keep_up(world.clock())
    # Besides: up to where the journal is known already, and from now on.
    assert len(seen) == 20 + 2
    assert counts(world) == [1] * 20


def test_the_owner_is_told_all_that_this_machine_knows(world: World, amina: Drive) -> None:
    for _ in range(3):
        amina.get(PLACE)
    assert told(world, amina) == [3]


def test_whoever_verifies_trails_verifies_all_that_was_read(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    assert History(world.tools).check().findings == ()
    assert counts(world) == [1]


def test_each_person_and_version_is_counted_apart(world: World, amina: Drive) -> None:
    karim = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    world.grant(amina, karim, "/Logement")
    for _ in range(2):
        amina.get(PLACE)
    for _ in range(3):
        karim.get("/Name of amina/Logement/bail.pdf")
    amina.put(PLACE, b"y")
    amina.get(PLACE)
    assert sorted(told(world, amina)) == [1, 2, 3]


@pytest.mark.parametrize("between", [True, False], ids=["told at once", "told together"])
def test_after_ten_minutes_another_window_begins(
    world: World, amina: Drive, *, between: bool
) -> None:
    amina.get(PLACE)
    amina.get(PLACE)
    world.clock.passes(minutes=10)
    if between:
        world.tools.readings.keep_up(world.clock())
    amina.get(PLACE)
    amina.get(PLACE)
    assert told(world, amina) == [2, 2]


def test_a_clock_that_was_set_back_loses_no_read(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    world.clock.passes(minutes=-5)
    amina.get(PLACE)
    amina.get(PLACE)
    assert sum(told(world, amina)) == 3
    world.clock.passes(hours=1)
    world.db.write(lambda tx: world.tools.trail.close_windows(tx, world.clock()))
    with world.db.read() as tx:
        assert world.tools.trail.verify(tx) == []


def test_several_who_settle_at_once_count_once(world: World, amina: Drive) -> None:
    readings = world.tools.readings
    with ThreadPoolExecutor(4) as pool:
        for number in range(10):
            amina.put(f"/{number}", b"x")
            for _ in range(3):
                amina.get(f"/{number}")
            done = [pool.submit(readings.settle, world.clock()) for _ in range(4)]
            assert [one.result(60) for one in done] == [None] * 4
    assert counts(world) == [3] * 10


def test_reads_go_on_while_others_are_told(world: World, amina: Drive) -> None:
    for number in range(8):
        amina.put(f"/{number}", b"x")
    with ThreadPoolExecutor(5) as pool:
        reads = [pool.submit(amina.get, f"/{number % 8}") for number in range(160)]
        while not all(one.done() for one in reads):
            world.tools.readings.keep_up(world.clock())
        assert [one.result() for one in reads] == [b"x"] * 160
    world.tools.readings.keep_up(world.clock())
    assert sum(counts(world)) == 160


def test_a_database_that_is_away_loses_no_read(world: World, amina: Drive) -> None:
    for _ in range(3):
        amina.get(PLACE)
    rename = "ALTER TABLE {} RENAME TO {}"
    world.db.write(lambda tx: tx.execute(text(rename.format("read_window", "away"))))
    for _ in range(2):
        with pytest.raises(Exception) as failed:  # noqa: PT011 — whatever the driver says of it
            world.tools.readings.keep_up(world.clock())
        assert isinstance(failed.value, Unavailable) or "read_window" in str(failed.value)
    world.db.write(lambda tx: tx.execute(text(rename.format("away", "read_window"))))
    amina.get(PLACE)
    world.tools.readings.keep_up(world.clock())
    assert counts(world) == [4]


def test_a_tampered_trail_keeps_nobody_elses_readings_back(world: World, amina: Drive) -> None:
    zoe = world.beneficiary("zoe", "fr")
    zoe.put(PLACE, b"z")
    for drive in (amina, zoe):
        drive.get(PLACE)
    world.tools.readings.keep_up(world.clock())
    head, vault = tables.trail_head, amina.who.vault
    world.db.write(
        lambda tx: tx.execute(head.update().where(head.c.vault_id == vault).values(mac=bytes(32)))
    )
    world.clock.passes(minutes=11)
    for drive in (amina, zoe):
        drive.get(PLACE)
    world.tools.readings.keep_up(world.clock())
    # The windows that are over could not be closed in that transaction: they count on.
    assert counts(world) == [2, 2]


def test_journals_of_long_ago_are_forgotten(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    world.tools.readings.keep_up(world.clock())
    forget = world.tools.readings.forget_told

    def known() -> int:
        world.db.write(lambda tx: forget(tx, world.clock()))
        with world.db.read() as tx:
            return len(tx.execute(select(tables.reading_journal)).all())

    world.clock.passes(days=89)
    assert known() == 1
    world.clock.passes(days=2)
    assert known() == 0
    amina.get(PLACE)
    world.tools.readings.keep_up(world.clock())
    assert sum(counts(world)) == 1
