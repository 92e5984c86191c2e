"""What was read of folders, for as long as the connection remembers anything."""

from collections.abc import Callable, Hashable, Sized
from typing import Any, TypeVar

from sqlalchemy import Connection

from davserver.db.changed import ANYTHING
from davserver.db.remembered import once
from davserver.vault.nodes.seen import WHOLE_FOLDER

T = TypeVar("T", bound=Sized)

_MOST = 15_000
"""Children, altogether. The nodes themselves are there once (`davserver.vault.nodes.seen`)."""


class Held:
    """Of one connection: a folder that is asked for again is not read again. Whole folders are
    weighed by what is in them; what is too large for `Seen` is not held here either.
    """

    __slots__ = ("_kept", "_weight")

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, question: Hashable) -> bool:
        return question in self._kept

    def once(self, question: Hashable, ask: Callable[[], T]) -> T:
        """As `davserver.db.remembered.once`."""
        answer: T | None = self._kept.get(question)
        if answer is None:
            answer = ask()
            self.keep(question, answer)
        return answer

    def keep(self, question: Hashable, answer: Sized) -> None:
        weight = 1 + len(answer)
        if weight > WHOLE_FOLDER:
            return
        if self._weight + weight > _MOST:
            self._kept.clear()
            self._weight = 0
        self._kept[question] = answer
        self._weight += weight


def held(tx: Connection) -> Held:
    return once(tx, ANYTHING, "held", Held)
