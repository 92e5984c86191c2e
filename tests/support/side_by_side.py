"""Two copies of one instance that live through the same: one remembers, the other nothing.

The first has two workers, which answer in turn; of the second each request and each deed meets an
application made for it alone. Clock and entropy are the same for both, so that the same request has
the same answer to the last byte, entity tags and lock tokens included, and leaves the same rows.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from davserver.config import load
from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.errors import AbriError
from davserver.wiring.services import Services, build
from tests.support.in_process import Front
from tests.support.instance import Instance

T = TypeVar("T")
Answer = tuple[int, dict[str, str], bytes]
Deed = Callable[[Services, datetime], object]
"""What somebody does on a page or by a command. What it gives is compared."""

# What says how often somebody looked, or was told apart from who did it in which process.
_APART = {"changed", "reading_journal", "read_window", "trail", "trail_head", "trail_actor"}


def monday_morning() -> datetime:
    """The next but one: after everything that was made before the clock began."""
    today = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    return today + timedelta(days=14 - today.weekday())


@dataclass
class Given:
    """Time and entropy: the same for the same moment of the story, whoever asks."""

    now: datetime
    chapter: str = ""
    drawn: Iterator[int] = field(default_factory=itertools.count)

    def clock(self) -> datetime:
        return self.now

    def entropy(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            place = f"{self.chapter} {next(self.drawn)}".encode()
            found += hashlib.blake2b(place).digest()
        return found[:size]

    def begin(self, chapter: str) -> None:
        self.chapter, self.drawn = chapter, itertools.count()


class Different(AssertionError):
    """Two who should have said the same did not."""


@dataclass
class SideBySide:
    warm: Instance
    cold: Instance
    given: Given
    workers: list[Front]
    chapter: int = 0

    # ── what somebody does ──────────────────────────────────────────────────────────────────────

    def request(
        self,
        worker: int,
        said: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Answer:
        """One worker answers, and somebody who remembers nothing."""

        def ask(front: Front) -> Answer:
            return front.asked(said, method, path, body, headers or {}, address)

        self.chapter += 1
        found = self._told(lambda: ask(self.workers[worker]))
        with self._afresh() as front:
            expected = self._told(lambda: ask(front))
        self._compare(f"{method} {path} {headers} by worker {worker}", found, expected)
        return found

    def deed(self, worker: int, what: str, deed: Deed) -> object:
        """`worker`: which of them; another number: a process of its own, as a command is."""
        self.chapter += 1
        if worker < len(self.workers):
            found = self._told(lambda: done(self.workers[worker].services, deed, self.given.now))
        else:
            with opened(self.warm, self.given) as console:
                found = self._told(lambda: done(console, deed, self.given.now))
        with self._afresh() as front:
            expected = self._told(lambda: done(front.services, deed, self.given.now))
        self._compare(f"{what} by {worker}", found, expected)
        return found

    # ── what is asked of everybody ──────────────────────────────────────────────────────────────

    def question(
        self, said: str, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Of both workers, and of somebody who remembers nothing."""
        self.chapter += 1

        with self._afresh() as front:
            expected = front.asked(said, method, path, body, headers)
        for number, worker in enumerate(self.workers):
            # Both may name something of their own now, and not by the same name.
            self.given.begin(f"{self.chapter} of {number}")
            found = worker.asked(said, method, path, body, headers)
            self._compare(f"{method} {path} {headers} of {number}", found, expected)
        return expected

    def rows(self) -> None:
        """What lies in both databases."""
        found, expected = _rows_of(self.warm), _rows_of(self.cold)
        for table, those in expected.items():
            if found[table] != those:
                one, other = found[table] - those, those - found[table]
                raise Different(f"rows of {table}: {one} where {other} was to be")

    # ── how ─────────────────────────────────────────────────────────────────────────────────────

    def _told(self, tell: Callable[[], T]) -> T:
        self.given.begin(f"{self.chapter}")
        return tell()

    @contextmanager
    def _afresh(self) -> Iterator[Front]:
        self.given.begin(f"before {self.chapter}")
        with opened(self.cold, self.given) as services:
            yield Front(self.cold, services)

    def _compare(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            raise Different(f"{what}\nremembers: {found}\nremembers nothing: {expected}")


def done(services: Services, deed: Deed, now: datetime) -> object:
    try:
        return deed(services, now)
    except AbriError as error:
        return type(error).__name__, str(error)


def _rows_of(instance: Instance) -> dict[str, set[tuple[object, ...]]]:
    db = Database(instance.database_url)
    try:
        with db.read(much=True) as tx:
            return {
                table.name: {tuple(row) for row in tx.execute(select(table))}
                for table in tables.metadata.sorted_tables
                if table.name not in _APART
            }
    finally:
        db.close()


@contextmanager
def opened(instance: Instance, given: Given) -> Iterator[Services]:
    services = build(load(instance.config), given.entropy, given.clock)
    try:
        yield services
    finally:
        services.close()


@contextmanager
def side_by_side(warm: Instance, cold: Instance) -> Iterator[SideBySide]:
    """Of two copies of one instance."""
    given = Given(monday_morning())
    with ExitStack() as stack:
        workers = []
        for number in range(2):
            given.begin(f"worker {number}")
            services = stack.enter_context(opened(warm, given))
            workers.append(Front(warm, services))
        yield SideBySide(warm, cold, given, workers)
