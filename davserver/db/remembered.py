"""What the database answered stays right for as long as nothing changes that it was made of.

Each snapshot begins by asking the database which state it shows: SQLite counts what others have
committed (`PRAGMA data_version`, sqlite.org/pragma.html), PostgreSQL tells which transactions a
snapshot contains (`davserver/db/postgres/look.py`). That takes microseconds, where the questions of
a sign-in and of a path take a hundred and more with what is made of their answers. Where it is
another one, and in the turn of whoever writes to SQLite, the counters of `davserver.db.changed`
tell what still holds: one small question more, before the next answer is given. Whoever writes
something meets it in their own transaction: SQLite counts the rows that a connection has changed,
and whenever that number moved the counters are looked at again. In transactions of PostgreSQL that
write, each question is asked.
"""

from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from davserver.db.changed import ANYTHING, COUNTED, About
from davserver.db.failures import Again

T = TypeVar("T")

KEPT = 300.0
"""Seconds for which anything is remembered at the most: names stay in memory for no longer than
the keys that opened them.
"""
_MOST = 256
"""Answers of each kind that a connection keeps."""
ASIDE = object()
"""Instead of a counter of what whoever writes may have moved: what stood on it holds again in the
next transaction, if the counter is then as it was.
"""
_KEY = "abri.remembered"
_UNKNOWN = -1


class Rows(Protocol):
    @property
    def total_changes(self) -> int:
        """How many rows a connection has ever changed."""


class Source(Protocol):
    """A connection to the database."""

    @property
    def rows(self) -> Rows: ...

    def counts(self) -> tuple[Any, ...]:
        """Those of `davserver.db.changed`, as the transaction sees them. Raises DBAPIError."""


class Remembered:
    """Of one connection, which one thread at a time uses."""

    __slots__ = (
        "_aside", "_begun", "_counts", "_kept", "_late", "_rows", "_seen", "_source", "_trusts",
        "_until", "_version", "gave_anything",
    )  # fmt: skip

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows = source.rows
        self._kept: list[dict[Hashable, Any]] = [{} for _ in About]
        self._aside: dict[About, dict[Hashable, Any]] = {}
        self._version: Hashable = None
        self._until = 0.0
        self._counts: tuple[Any, ...] | None = None
        # How many rows this connection had ever changed: when the transaction began, when the
        # counters were last looked at. `_late`: whether more of them at the latter.
        self._begun = self._seen = _UNKNOWN
        self._late = False
        # Of a snapshot that is believed: whether it may show this very version, and whether an
        # answer was given that holds in no other one.
        self._trusts = self.gave_anything = False

    def begin(self, now: float, version: Hashable = None) -> None:
        """A snapshot begins at that version of the database; without one, a turn to write. `now` in
        seconds since anything.
        """
        if version is None or version != self._version:
            self._version = version
            self._seen = _UNKNOWN
        self._begun, self._late = self._rows.total_changes, False
        if self._aside:
            self._take_back()
        if now >= self._until:
            self.forget()
            self._until = now + KEPT

    def believe(self, now: float, *, moved: bool) -> bool:
        """A snapshot begins, and nobody knows yet what it shows: until `meet` what is remembered is
        believed. `moved`: it is another version for sure. False where nothing is remembered.
        """
        if self._seen == _UNKNOWN or now >= self._until:
            return False
        if moved:
            self._kept[ANYTHING].clear()
        self._trusts, self.gave_anything = not moved, False
        return True

    def meet(self, version: Hashable, counts: tuple[Any, ...]) -> None:
        """What the snapshot shows; no counters where nobody asked for them. Raises Again where what
        was believed does not hold.
        """
        if version == self._version:
            return
        self._version = version
        if not counts:
            self._seen = _UNKNOWN
            raise Again
        if self._count(counts) or (self._trusts and self.gave_anything):
            raise Again

    @property
    def is_turn(self) -> bool:
        return self._version is None

    def forget(self) -> None:
        for answers in self._kept:
            answers.clear()
        self._aside.clear()
        self._counts = None
        self._seen = _UNKNOWN

    def undone(self) -> None:
        """What was written is not there any more: nor what was learned of it, as the counters may
        come to the same numbers again by something else.
        """
        if self._late:
            self.forget()

    def answers(self, about: About) -> dict[Hashable, Any]:
        """Those that hold."""
        if self._rows.total_changes != self._seen:
            self._look()
        return self._kept[about]

    def _look(self) -> None:
        counts, self._seen = self._source.counts(), self._rows.total_changes
        self._late = self._seen != self._begun
        self._count(counts)

    def _count(self, counts: tuple[Any, ...]) -> bool:
        """It is another version, with these counters. Whether any of them moved."""
        self._kept[ANYTHING].clear()
        if ASIDE in counts:
            counts = self._lay_aside(counts)
        before, self._counts = self._counts, counts
        moved = [about for about in COUNTED if before is None or before[about] != counts[about]]
        for about in moved:
            self._kept[about].clear()
        return bool(moved)

    def _lay_aside(self, counts: tuple[Any, ...]) -> tuple[Any, ...]:
        """Gives the counters as they were for what is laid aside."""
        before = self._counts or counts
        for about in COUNTED:
            if counts[about] is ASIDE and about not in self._aside:
                self._aside[about], self._kept[about] = self._kept[about], {}
        return tuple([before[at] if one is ASIDE else one for at, one in enumerate(counts)])

    def _take_back(self) -> None:
        for about, answers in self._aside.items():
            self._kept[about] = answers
        self._aside.clear()


def remembers(tx: Connection, source: Source) -> Remembered:
    """From here on that connection does, until it ends."""
    # Beside SQLAlchemy's own attributes: its `info` takes four calls to find.
    made = vars(tx)[_KEY] = Remembered(source)
    return made


def turn_begins(tx: Connection, now: float) -> None:
    """Somebody may write in this transaction from here on; nobody else."""
    memory: Remembered | None = tx.__dict__.get(_KEY)
    if memory is not None:
        memory.begin(now)


def is_turn(tx: Connection) -> bool:
    """Whether somebody may write in it, so that what depends on anything is soon forgotten."""
    memory: Remembered | None = tx.__dict__.get(_KEY)
    return memory is not None and memory.is_turn


def undone(tx: Connection) -> None:
    """A part of what was written in this transaction is undone, or all of it."""
    memory: Remembered | None = tx.__dict__.get(_KEY)
    if memory is not None:
        memory.undone()


def once(tx: Connection, about: About, question: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` gives, which must depend on `question` and on what `about` names alone: neither on
    the time nor on anything that is not in the database. Nobody may change it.

    `question` names the person who asks: how fast an answer comes must not tell one person what
    another has just looked at (DESIGN §2.2).
    """
    answer: T | None = known(tx, about, question)
    if answer is None:
        answer = ask()
        keep(tx, about, question, answer)
    return answer


def known(tx: Connection, about: About, question: Hashable) -> Any | None:
    """The answer, if it is remembered."""
    memory: Remembered | None = tx.__dict__.get(_KEY)
    if memory is None:
        return None
    answer = memory.answers(about).get(question)
    if answer is not None and about is ANYTHING:
        memory.gave_anything = True
    return answer


def keep(tx: Connection, about: About, question: Hashable, answer: object) -> None:
    """Remembers an answer as `once` does; nothing where nothing is remembered."""
    memory: Remembered | None = tx.__dict__.get(_KEY)
    if memory is None:
        return
    answers = memory.answers(about)
    if len(answers) >= _MOST:
        answers.clear()
    answers[question] = answer
