"""Somebody leaves a structure, now or on a day: what they lose, and what goes on for the others."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from davserver.db import tables as t
from davserver.domain.conditions import NONE
from davserver.domain.errors import BadInput, Locked, NotFound
from davserver.domain.paths import DrivePath
from davserver.gate.people.memberships import Departure
from tests.support.affiliating import DAY, House
from tests.support.safekeeping import safekeeping

SHARED = "/Name of amina/Travail"
LARGE = b"x" * 2_000_000


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with safekeeping(database_url, tmp_path) as world:
        made = House(world)
        amina = made.drives["amina"]
        amina.put("/Travail/cv.txt", LARGE)
        world.share(amina, made.ccas, "/Travail")
        world.share(amina, made.ccas, "/Logement")
        world.share(amina, made.drives["karim"], "/Santé")
        world.share(made.drives["bilal"], made.drives["karim"], "/Travail")
        yield made


def leave(house: House, on: datetime | None = None) -> Departure:
    world = house.world
    return world.people.end_membership(world.operator, "karim", "ccas", world.clock(), on=on)


def test_whoever_leaves_loses_what_the_structure_was_granted_and_no_more(house: House) -> None:
    karim, paul = house.drives["karim"], house.drives["paul"]
    karim.lock(f"{SHARED}/cv.txt")
    with pytest.raises(Locked):
        paul.put(f"{SHARED}/cv.txt", b"new")
    # bilal granted nothing to the structure: he is none of its beneficiaries.
    assert leave(house) == Departure(house.world.clock(), lost=2, personal=1)
    assert karim.names("/Name of amina") == ["Santé"]
    assert house.world.rows(t.lock) == []
    paul.put(f"{SHARED}/cv.txt", b"new")
    assert paul.names("/Name of amina") == ["Logement", "Travail"]
    assert house.world.troubles() == []


def test_on_a_day_it_happens_without_anybody_doing_anything(house: House) -> None:
    world, karim, paul = house.world, house.drives["karim"], house.drives["paul"]
    on = world.clock() + timedelta(minutes=5)
    karim.lock(f"{SHARED}/cv.txt")
    assert leave(house, on).ends == on
    world.clock.now = on - timedelta(microseconds=1)
    assert karim.names("/Name of amina") == ["Logement", "Santé", "Travail"]
    with pytest.raises(Locked):
        paul.put(f"{SHARED}/cv.txt", b"new")
    world.clock.now = on
    assert karim.names("/Name of amina") == ["Santé"]
    paul.put(f"{SHARED}/cv.txt", b"new")
    assert house.world.troubles() == []


def test_a_transfer_that_runs_stops_at_the_moment(house: House) -> None:
    world, karim = house.world, house.drives["karim"]
    world.watch.start(world.reading.decide_again)
    path = DrivePath.parse(f"{SHARED}/cv.txt")
    running = world.reading.open(karim.who, path, NONE, world.clock())
    pieces = running.read(0, len(LARGE))
    assert next(pieces)
    given = world.watch.look().revocation
    on = world.clock() + DAY
    leave(house, on)
    # As the watcher of this process does twice a second.
    assert world.watch.look().revocation > given
    assert next(pieces)
    world.clock.now = on
    with pytest.raises(NotFound):
        next(pieces)
    running.close()


def test_a_day_that_is_past_or_later_than_they_leave_anyway_is_refused(house: House) -> None:
    now = house.world.clock()
    with pytest.raises(BadInput, match="that is over"):
        leave(house, now - timedelta(seconds=1))
    leave(house, now + 2 * DAY)
    with pytest.raises(BadInput, match="anyway"):
        leave(house, now + 3 * DAY)
    leave(house, now + DAY)
    house.world.clock.now = now + DAY
    with pytest.raises(NotFound, match="nothing was changed"):
        leave(house)
    assert house.world.troubles() == []
