"""What the database answered stays right for as long as nobody changes it.

Each snapshot begins by asking the database which state it shows: SQLite counts what others have
committed (`PRAGMA data_version`, sqlite.org/pragma.html), PostgreSQL tells which transactions a
snapshot contains (`davserver/db/postgres_look.py`). That takes microseconds, where the questions of
a sign-in and of a path take a hundred and more with what is made of their answers. So within one
snapshot and across many nothing is older than the snapshot itself. In transactions that write, each
question is asked.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

KEPT = 300.0
"""Seconds for which anything is remembered at the most: names stay in memory for no longer than
the keys that opened them.
"""
_MOST = 256
"""Answers that a connection keeps."""
_KEY = "abri.remembered"


class Remembered:
    """Of one connection, which one thread at a time uses."""

    __slots__ = ("_until", "_version", "answers")

    def __init__(self) -> None:
        self.answers: dict[Hashable, Any] = {}
        self._version: Hashable = None
        self._until = 0.0

    def begin(self, version: Hashable, now: float) -> None:
        """A snapshot begins at that version of the database; `now` in seconds since anything."""
        if version != self._version or now >= self._until:
            self.answers.clear()
            self._version = version
            self._until = now + KEPT


def of(tx: Connection) -> Remembered:
    """The memory of that connection. It ends with the connection to the database."""
    found = tx.info.get(_KEY)
    if found is None:
        found = tx.info[_KEY] = Remembered()
    assert isinstance(found, Remembered)  # noqa: S101 — nobody else uses this key
    return found


def once(tx: Connection, question: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` gives, which must depend on `question` and the database alone: neither on the
    time nor on anything that is not in it. Nobody may change it.

    `question` names the person who asks: how fast an answer comes must not tell one person what
    another has just looked at (DESIGN §2.2).
    """
    answer: T | None = known(tx, question)
    if answer is None:
        answer = ask()
        keep(tx, question, answer)
    return answer


def known(tx: Connection, question: Hashable) -> Any | None:
    """The answer, if it is remembered."""
    memory = tx.info.get(_KEY)
    return None if memory is None else memory.answers.get(question)


def keep(tx: Connection, question: Hashable, answer: object) -> None:
    """Remembers an answer as `once` does; nothing where nothing is remembered."""
    memory = tx.info.get(_KEY)
    if memory is None:
        return
    if len(memory.answers) >= _MOST:
        memory.answers.clear()
    memory.answers[question] = answer
