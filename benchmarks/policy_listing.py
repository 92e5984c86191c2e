"""A listing as the drive makes it, and how much of its time goes into decisions."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from davserver.domain.actions import Category
from davserver.domain.paths import DrivePath
from davserver.gate.drive.classifying import Classifying
from policies.decider import Judge
from tests.support.drive import Drive, World

CHILDREN = 1_000
SHARED = "/Dossier"
OWN_GRANTS = 18
"""Children that are shared once more by themselves: an answer for each of them."""
_MEMOS = ("_sights", "_pens", "_allowed", "_said", "_memo", "_calm", "_shelves")
_ASKED = ("decide", "allowed", "visible_categories", "drive_blocked")


class Listing:
    """A professional lists a folder of 1 000: files and folders, of every category or of that of
    their folder; one of each kind is also shared with the structure, by itself.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        place = world.accounts.add_structure("ccas-lyon")
        self._pro = world.professional("karim", place)
        owner = world.beneficiary("amina", quota=10**9)
        owner.mkcol(SHARED)
        for number in range(CHILDREN):
            self._child(owner, number)
        world.grant(owner, self._pro, SHARED)
        for number in range(OWN_GRANTS):
            world.grant(owner, place, f"{SHARED}/{number:04}")
        self._path = DrivePath.parse(f"/{self._pro.names()[0]}{SHARED}")
        self._judges: set[Judge] = set()
        self.decisions, self._spent = 0, 0.0

    def ask(self) -> tuple[float, float]:
        """Seconds of this thread on a processor: of the whole listing, and of its decisions."""
        who, now = self._pro.who, self._world.clock()
        self.decisions, self._spent = 0, 0.0
        with self._timed():
            start = time.thread_time()
            _, children = self._world.reading.list(who, self._path, now)
            took = time.thread_time() - start
        if len(children) != CHILDREN:
            raise SystemExit(f"{len(children)} children instead of {CHILDREN}")
        return took, self._spent

    @property
    def questions(self) -> int:
        """Distinct ones that Casbin has answered since it forgot."""
        return sum(judge.snapshot.remembered for judge in self._judges)

    def forget(self) -> None:
        """As after a change of the files: nothing is remembered."""
        for judge in self._judges:
            for kept in (judge, judge.snapshot, judge.snapshot.engine):
                for name in _MEMOS:
                    getattr(kept, name, {}).clear()

    def _child(self, owner: Drive, number: int) -> None:
        """All kinds in turn: two of them, nine categories."""
        path = f"{SHARED}/{number:04}"
        if number % 2:
            owner.mkcol(path)
        else:
            owner.put(path, b"0123456789")
        category = [*Category, None][number // 2 % 9]
        if category is not None:
            change = Classifying(self._world.tools)
            change.set(owner.who, DrivePath.parse(path), category, self._world.clock())

    @contextmanager
    def _timed(self) -> Iterator[None]:
        kept = {name: getattr(Judge, name) for name in _ASKED}
        for name, method in kept.items():
            setattr(Judge, name, self._stopped(method))
        try:
            yield
        finally:
            for name, method in kept.items():
                setattr(Judge, name, method)

    def _stopped(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(judge: Judge, *words: object) -> object:
            start = time.thread_time()
            try:
                return method(judge, *words)
            finally:
                self._spent += time.thread_time() - start
                self.decisions += 1
                self._judges.add(judge)

        return timed
