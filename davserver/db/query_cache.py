"""A cache of query answers per connection, valid while nothing they depend on has changed.

Each snapshot begins by asking the database for a version: SQLite counts what others have committed
(`PRAGMA data_version`, sqlite.org/pragma.html), PostgreSQL tells which transactions a snapshot
contains (`postgres/reader.py`). That takes microseconds, where the queries of a sign-in and of a
path take a hundred and more with what is made of their answers. At the same version every answer is
valid. At another one, and in a write transaction of SQLite, one more small query reads the
counters of `davserver.db.dependencies`, and the answers whose counter moved are dropped.

A write transaction reads its own changes: SQLite counts the rows that a connection has changed, and
whenever that number moved the counters are read again. Writers of PostgreSQL do likewise with the
statements that may have changed rows (`davserver/db/postgres/counters.py`).
"""

from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from davserver.db.dependencies import ANYTHING, COUNTED, Dependency
from davserver.db.failures import Retry

T = TypeVar("T")

TIME_TO_LIVE = 300.0
"""Seconds after which a whole cache is emptied: names stay in memory for no longer than the keys
that opened them.
"""
_MOST = 256
"""Answers of each dependency that one connection caches."""
SUSPENDED = object()
"""In the place of a counter that this transaction may have moved: answers that depend on it are not
used meanwhile, and are valid again in the next transaction if the counter is then as it was.
"""
_KEY = "abri.query_cache"
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
        """Those of `davserver.db.dependencies`, as the transaction sees them. Raises DBAPIError."""


class QueryCache:
    """Of one connection, which one thread at a time uses."""

    __slots__ = (
        "_answers", "_begun", "_counts", "_late", "_rows", "_seen", "_source", "_suspended",
        "_trusts", "_until", "_version", "used_any",
    )  # fmt: skip

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows = source.rows
        self._answers: list[dict[Hashable, Any]] = [{} for _ in Dependency]
        self._suspended: dict[Dependency, dict[Hashable, Any]] = {}
        self._version: Hashable = None
        self._until = 0.0
        self._counts: tuple[Any, ...] | None = None
        # How many rows this connection had ever changed: when the transaction began, when the
        # counters were last looked at. `_late`: whether more of them at the latter.
        self._begun = self._seen = _UNKNOWN
        self._late = False
        # Of a snapshot that is not validated yet: whether it may show this very version, and
        # whether an answer was used that is valid in no other one.
        self._trusts = self.used_any = False

    def begin(self, now: float, version: Hashable = None) -> None:
        """A snapshot begins at that version of the database; without one, a write transaction.
        `now` in seconds since anything.
        """
        if version is None or version != self._version:
            self._version = version
            self._seen = _UNKNOWN
        self._begun, self._late = self._rows.total_changes, False
        if self._suspended:
            self._resume()
        if now >= self._until:
            self.forget()
            self._until = now + TIME_TO_LIVE

    def begin_unvalidated(self, now: float, *, moved: bool) -> bool:
        """A snapshot begins whose version is not known yet: answers are used until `validate` is
        called. `moved`: it is another version for sure. False where nothing is cached.
        """
        if self._seen == _UNKNOWN or now >= self._until:
            return False
        if moved:
            self._answers[ANYTHING].clear()
        self._trusts, self.used_any = not moved, False
        return True

    def validate(self, version: Hashable, counts: tuple[Any, ...]) -> None:
        """By what the snapshot shows; no counters where nobody asked for them.
        Raises Retry where an answer that was used is not valid.
        """
        if version == self._version:
            return
        self._version = version
        if not counts:
            self._seen = _UNKNOWN
            raise Retry
        if self._invalidate(counts) or (self._trusts and self.used_any):
            raise Retry

    @property
    def is_writing(self) -> bool:
        return self._version is None

    def forget(self) -> None:
        for answers in self._answers:
            answers.clear()
        self._suspended.clear()
        self._counts = None
        self._seen = _UNKNOWN

    def rolled_back(self) -> None:
        """Drops what was read after a write that is undone: the counters may come to the same
        numbers again by something else.
        """
        if self._late:
            self.forget()

    def answers(self, about: Dependency) -> dict[Hashable, Any]:
        """Those that are valid."""
        if self._rows.total_changes != self._seen:
            self._read_counters()
        return self._answers[about]

    def _read_counters(self) -> None:
        counts, self._seen = self._source.counts(), self._rows.total_changes
        self._late = self._seen != self._begun
        self._invalidate(counts)

    def _invalidate(self, counts: tuple[Any, ...]) -> bool:
        """At another version, with these counters. Whether any of them moved."""
        self._answers[ANYTHING].clear()
        if SUSPENDED in counts:
            counts = self._suspend(counts)
        before, self._counts = self._counts, counts
        moved = [about for about in COUNTED if before is None or before[about] != counts[about]]
        for about in moved:
            self._answers[about].clear()
        return bool(moved)

    def _suspend(self, counts: tuple[Any, ...]) -> tuple[Any, ...]:
        """Gives the counters, with those of before where answers are suspended."""
        before = self._counts or counts
        for about in COUNTED:
            if counts[about] is SUSPENDED and about not in self._suspended:
                self._suspended[about], self._answers[about] = self._answers[about], {}
        return tuple([before[at] if one is SUSPENDED else one for at, one in enumerate(counts)])

    def _resume(self) -> None:
        for about, answers in self._suspended.items():
            self._answers[about] = answers
        self._suspended.clear()


def attach_cache(tx: Connection, source: Source) -> QueryCache:
    """Gives that connection a cache, until it closes."""
    # Beside SQLAlchemy's own attributes: its `info` takes four calls to find.
    made = vars(tx)[_KEY] = QueryCache(source)
    return made


def write_begins(tx: Connection, now: float) -> None:
    """To be called at the beginning of each transaction that may write."""
    cache: QueryCache | None = tx.__dict__.get(_KEY)
    if cache is not None:
        cache.begin(now)


def is_writing(tx: Connection) -> bool:
    """Whether this is a write transaction, in which what depends on ANYTHING is soon dropped."""
    cache: QueryCache | None = tx.__dict__.get(_KEY)
    return cache is not None and cache.is_writing


def rolled_back(tx: Connection) -> None:
    """A savepoint of this transaction was rolled back, or all of it."""
    cache: QueryCache | None = tx.__dict__.get(_KEY)
    if cache is not None:
        cache.rolled_back()


def cached(tx: Connection, about: Dependency, question: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` gives, or gave when it was asked last. It must depend on `question` and on `about`
    alone, not on the time nor on anything outside of the database; and nobody may change it.

    `question` names the person who asks: how fast an answer comes must not tell one person what
    another has just looked at (DESIGN §2.2).
    """
    answer: T | None = lookup(tx, about, question)
    if answer is None:
        answer = ask()
        store(tx, about, question, answer)
    return answer


def lookup(tx: Connection, about: Dependency, question: Hashable) -> Any | None:
    """The cached answer, None where there is none."""
    cache: QueryCache | None = tx.__dict__.get(_KEY)
    if cache is None:
        return None
    answer = cache.answers(about).get(question)
    if answer is not None and about is ANYTHING:
        cache.used_any = True
    return answer


def store(tx: Connection, about: Dependency, question: Hashable, answer: object) -> None:
    """Caches an answer as `cached` does; does nothing on a connection without a cache."""
    cache: QueryCache | None = tx.__dict__.get(_KEY)
    if cache is None:
        return
    answers = cache.answers(about)
    if len(answers) >= _MOST:
        answers.clear()
    answers[question] = answer
