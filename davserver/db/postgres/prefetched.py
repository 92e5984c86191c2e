"""Answers that were asked for ahead of their time, in one transaction of PostgreSQL."""

from collections.abc import Iterable
from typing import Any

from davserver.db.dependencies import concerns
from davserver.db.prepared import Check

Values = tuple[Any, ...]


class _Asked:
    __slots__ = ("answer", "values")

    def __init__(self, values: Values) -> None:
        self.values = values
        self.answer: Any = None
        """None while it is on its way."""

    def hear(self, answer: Any) -> None:
        if answer.nfields:  # no error
            self.answer = answer


class Prefetched:
    """One of each statement. It is given once, and not where a table was written meanwhile that the
    statement names.
    """

    __slots__ = ("_asked",)

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    def expect(self, sql: str, values: Values) -> Check:
        """What is to be given the answer, which is under way."""
        asked = self._asked[sql] = _Asked(values)
        return Check(asked.hear, of_errors=True)

    def take(self, sql: str, values: Iterable[Any]) -> Any:
        """The answer, or None."""
        asked = self._asked.pop(sql, None) if self._asked else None
        return asked.answer if asked is not None and asked.values == tuple(values) else None

    def is_written(self, sql: str) -> None:
        """By a statement that may change rows."""
        for one in tuple(self._asked):
            if concerns(sql, one):
                del self._asked[one]

    def forget(self) -> None:
        self._asked.clear()
