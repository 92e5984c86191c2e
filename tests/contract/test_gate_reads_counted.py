"""A first read is in the database before a byte leaves; its repeats follow within a second."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from davserver.db import tables
from davserver.domain.errors import Unavailable
from davserver.gate.history import History
from davserver.gate.noting import Readings
from tests.support.drive import Drive, World, world_on

PLACE = "/Logement/bail.pdf"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with world_on(database_url, tmp_path) as made:
        yield made


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


def test_the_first_read_stands_at_once_and_repeats_write_nothing(
    world: World, amina: Drive
) -> None:
    amina.get(PLACE)
    assert counts(world) == [1]
    seen = world.statements()
    for _ in range(5):
        amina.get(PLACE)
    assert not [one for one in seen if one.lstrip().upper().startswith(("INSERT", "UPDATE"))]
    assert counts(world) == [1]


def test_repeats_are_settled_once(world: World, amina: Drive) -> None:
    for _ in range(6):
        amina.get(PLACE)
    readings = Readings(world.tools)
    readings.settle(world.clock())
    readings.settle(world.clock())
    assert counts(world) == [6]


def test_the_owner_is_told_all_that_this_process_knows(world: World, amina: Drive) -> None:
    for _ in range(3):
        amina.get(PLACE)
    assert told(world, amina) == [3]


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


def test_after_ten_minutes_another_window_begins(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    amina.get(PLACE)
    world.clock.passes(minutes=10)
    amina.get(PLACE)
    amina.get(PLACE)
    assert told(world, amina) == [2, 2]


def test_a_clock_that_was_set_back_counts_in_the_database(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    world.clock.passes(minutes=-5)
    amina.get(PLACE)
    assert counts(world) == [2]


def test_what_came_while_others_were_settled_is_not_lost(world: World, amina: Drive) -> None:
    for _ in range(4):
        amina.get(PLACE)
    repeats = world.tools.trail.repeats
    claimed = repeats.claim()
    amina.get(PLACE)
    ((_, left),) = repeats.claim()
    assert left.times == 1
    for one in ([(claimed[0][0], left)], claimed):
        repeats.give_back(one)
    Readings(world.tools).settle(world.clock())
    assert counts(world) == [5]


def test_several_who_settle_at_once_count_once(world: World, amina: Drive) -> None:
    readings = Readings(world.tools)
    amina.get(PLACE)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            for _ in range(3):
                amina.get(PLACE)
            done = [pool.submit(readings.settle, world.clock()) for _ in range(4)]
            assert [one.result(20) for one in done] == [None] * 4
    assert counts(world) == [31]


def test_a_database_that_is_away_loses_no_count(world: World, amina: Drive) -> None:
    for _ in range(3):
        amina.get(PLACE)
    rename = "ALTER TABLE {} RENAME TO {}"
    world.db.write(lambda tx: tx.execute(text(rename.format("read_window", "away"))))
    with pytest.raises(Exception) as failed:  # noqa: PT011 — whatever the driver says of it
        Readings(world.tools).settle(world.clock())
    assert isinstance(failed.value, Unavailable) or "read_window" in str(failed.value)
    world.db.write(lambda tx: tx.execute(text(rename.format("away", "read_window"))))
    Readings(world.tools).settle(world.clock())
    assert counts(world) == [3]


def test_windows_that_are_over_are_forgotten(world: World, amina: Drive) -> None:
    amina.get(PLACE)
    amina.get(PLACE)
    readings = Readings(world.tools)
    world.clock.passes(minutes=11)
    readings.settle(world.clock())
    assert not world.tools.trail.repeats.claim()
    assert counts(world) == [2]
    assert len(world.tools.trail.repeats) == 0
