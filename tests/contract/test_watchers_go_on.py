"""Those who watch for lost rights, changed rules and what is due go on, whatever happens."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.domain.people import Epoch
from davserver.gate.policy.rulebook import Examined, Rulebook, Terms
from davserver.gate.watch import EpochWatch
from davserver.wiring.housekeeping import Chore, Housekeeping
from davserver.wiring.policy_watch import PolicyWatch
from policies.generations import Origin
from policies.loader import KNOWN, shipped
from tests.support.drive import World, world_on

pytestmark = pytest.mark.slow


class Fault(Exception):
    """What nobody has thought of."""


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with world_on(database_url, tmp_path) as made:
        yield made


class FailsOnce(EpochWatch):
    """The real one, after a fault."""

    def __init__(self, world: World) -> None:
        super().__init__(world.db, world.tools.policy, world.clock)
        self.looks = 0
        self.looked = threading.Event()

    def look(self) -> Epoch:
        self.looks += 1
        if self.looks == 1:
            raise Fault
        found = super().look()
        self.looked.set()
        return found


class FollowsAfterAFault(PolicyWatch):
    def __init__(self, world: World, directory: Path) -> None:
        book = Rulebook(world.tools, Terms())
        super().__init__(book, directory, directory.with_name("turn"), world.clock)
        self.looks = 0
        self.looked = threading.Event()

    def look(self, origin: Origin = Origin.FILES) -> Examined | None:
        self.looks += 1
        if self.looks == 1:
            raise Fault
        found = super().look(origin)
        self.looked.set()
        return found


def test_a_fault_ends_no_watcher(world: World, tmp_path: Path) -> None:
    directory = tmp_path / "rules"
    directory.mkdir()
    for name in KNOWN:
        shutil.copyfile(shipped() / name, directory / name)
    rights, rules = FailsOnce(world), FollowsAfterAFault(world, directory)
    rights.start(lambda permit: permit)
    rules.start()
    try:
        assert rights.looked.wait(60)
        assert rules.looked.wait(60)
    finally:
        rights.stop()
        rules.stop()


def test_chores_are_done_when_the_clock_was_set_back() -> None:
    ahead, done = [timedelta()], threading.Semaphore(0)
    every = timedelta(milliseconds=5)
    keeping = Housekeeping(
        [Chore("readings", every, lambda _: done.release())], lambda: datetime.now(UTC) + ahead[0]
    )
    keeping.start()
    try:
        assert done.acquire(timeout=60)
        ahead[0] -= timedelta(hours=1)
        for _ in range(3):
            assert done.acquire(timeout=60)
    finally:
        keeping.stop()
