"""Rights that run out by the clock while bytes are under way: nobody writes, nobody tells, and the
transfer ends all the same (DESIGN §2.1: decided again at the permit's own end).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from davserver.domain.conditions import NONE
from davserver.domain.errors import AbriError, Locked, NotFound
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from davserver.sealing.format import CHUNK_BYTES
from davserver.sealing.stream import RUN_CHUNKS
from tests.support.drive import Body, Drive, World, world_on

LARGE = os.urandom(4 * RUN_CHUNKS * CHUNK_BYTES)
HOUR = timedelta(hours=1)


@dataclass
class Shared:
    """`/Logement` is shared with karim for one hour, by whichever way."""

    world: World
    amina: Drive
    karim: Drive

    def at(self, name: str) -> str:
        return f"/Name of amina/Logement/{name}"


def _by_its_end(world: World, amina: Drive, karim: Drive, _team: Structure) -> None:
    world.grant(amina, karim, "/Logement", until=world.clock() + HOUR)


def _by_the_membership(world: World, amina: Drive, karim: Drive, team: Structure) -> None:
    until = world.clock() + HOUR
    world.accounts.add_membership(karim.person, team, world.clock(), until)
    world.grant(amina, team, "/Logement")


WAYS: dict[str, Callable[[World, Drive, Drive, Structure], None]] = {
    "the grant": _by_its_end,
    "the membership": _by_the_membership,
}


@pytest.fixture(params=WAYS)
def shared(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Shared]:
    with world_on(database_url, tmp_path) as world:
        amina, team = world.beneficiary("amina", "fr"), world.accounts.add_structure("ccas")
        karim = world.professional("karim")
        WAYS[request.param](world, amina, karim, team)
        world.watch.start(world.reading.decide_again)
        yield Shared(world, amina, karim)


def test_a_download_ends_with_an_error(shared: Shared) -> None:
    shared.amina.put("/Logement/large.bin", LARGE)
    file = shared.world.reading.open(
        shared.karim.who, DrivePath.parse(shared.at("large.bin")), NONE, shared.world.clock()
    )
    pieces = file.read(0, len(LARGE))
    assert LARGE.startswith(bytes(next(pieces)))
    shared.world.clock.passes(minutes=59)
    next(pieces)
    shared.world.clock.passes(minutes=1)
    with pytest.raises(NotFound):
        next(pieces)
    file.close()


class _Slow(Body):
    """Its last bytes come two hours after its first."""

    def __init__(self, world: World, plain: bytes) -> None:
        super().__init__(plain)
        self._world = world

    def read(self, size: int) -> bytes:
        piece = super().read(min(size, 100_000))
        if not self._left:
            self._world.clock.passes(hours=2)
        return piece


@pytest.mark.slow
@pytest.mark.parametrize("name", ["there.bin", "new.bin"])
@pytest.mark.parametrize("size", [2_000, len(LARGE)])
def test_an_upload_comes_to_nothing(shared: Shared, name: str, size: int) -> None:
    shared.amina.put("/Logement/there.bin", b"amina's")
    with pytest.raises(AbriError):
        shared.world.writing.put(
            shared.karim.who, DrivePath.parse(shared.at(name)),
            _Slow(shared.world, LARGE[:size]), NONE, shared.world.clock(),
        )  # fmt: skip
    assert shared.amina.names("/Logement") == ["there.bin"]
    assert shared.amina.get("/Logement/there.bin") == b"amina's"


def test_a_lock_goes_with_the_right_that_it_was_taken_by(shared: Shared) -> None:
    shared.amina.put("/Logement/letter.odt", b"first")
    shared.world.clock.passes(minutes=58)
    shared.karim.lock(shared.at("letter.odt"))
    shared.world.clock.passes(minutes=1)
    with pytest.raises(Locked):
        shared.amina.put("/Logement/letter.odt", b"second")
    shared.world.clock.passes(minutes=1)
    shared.amina.put("/Logement/letter.odt", b"second")


def test_the_drive_is_empty_from_that_moment_on(shared: Shared) -> None:
    before = shared.karim.look("/").etag
    assert shared.karim.names("/") == ["Name of amina"]
    shared.world.clock.passes(hours=1)
    assert shared.karim.names("/") == []
    assert shared.karim.look("/").etag != before
