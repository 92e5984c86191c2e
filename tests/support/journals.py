"""Processes that note readings in journals of one machine, and are killed."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from davserver.db import tables
from davserver.db.database import Database
from davserver.trail import Actor, Opening, Readings, Trail
from davserver.trail.journal import MOST_RECENT
from tests.support.accounts import NOON
from tests.support.trails import KARIM, NODE, SAFE, TrailBook, principal, trail_book

PATH = "/Santé/ordonnance.pdf"


def opening(number: int) -> Opening:
    etag = number.to_bytes(16, "big")
    return Opening(KARIM, Actor.of(principal(KARIM)), SAFE, NODE, etag, PATH, None)


@dataclass
class Machine:
    """A database and a folder, that several processes share."""

    url: str
    folder: Path
    book: TrailBook

    def process(self, db: Database | None = None, most_recent: int = MOST_RECENT) -> Readings:
        """One more: files are locked by whoever opened them, also within a process."""
        keys, folder = self.book.keys, self.folder
        db = db or self.book.db
        return Readings(db, Trail(keys), keys.trail, folder, os.urandom, most_recent)

    def killed(self, life: Callable[[Readings, Database], object]) -> None:
        """A process of its own lives, and is killed."""
        pid = os.fork()
        if pid == 0:
            try:
                db = Database(self.url)
                life(self.process(db), db)
                os.kill(os.getpid(), signal.SIGKILL)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL  # noqa: PT018

    def counts(self) -> list[int]:
        window = tables.read_window
        with self.book.db.read() as tx:
            return list(tx.execute(select(window.c["count"]).order_by(window.c.etag)).scalars())

    def files(self, kind: str = "readings") -> list[Path]:
        return sorted(self.folder.glob(f"*.{kind}"))

    def settled(self) -> list[int]:
        one = self.process()
        for _ in range(2):
            one.settle(NOON)
        one.close()
        return self.counts()


@contextmanager
def machine_on(url: str, folder: Path) -> Iterator[Machine]:
    with trail_book(url) as book:
        yield Machine(url, folder / "readings", book)


def note(readings: Readings, *numbers: int) -> None:
    for number in numbers:
        readings.note(opening(number), NOON)


def noted(one: Readings, _db: Database) -> None:
    """The shortest life that leaves something."""
    note(one, 1, 2)
