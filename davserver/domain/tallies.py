"""What the policy answered within one request, counted: for the decision log. No names."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.ids import GrantId
from davserver.domain.lean import lean


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """An answer of the rules. One object for all that are alike, made by the judge. `said`: what
    the decision log says of it.
    """

    question: tuple[str, ...]
    allowed: bool
    reason: str | None
    rule: str | None
    said: str


@lean(frozen=True, slots=True)
class Counted:
    """`at`: when it was first answered in this request. `grants`: all by which it was reached."""

    answer: Answered
    at: datetime
    grants: frozenset[GrantId]
    count: int


_Key = tuple[Answered, Hashable]
_Once = tuple[datetime, GrantId | None, int]
"""When, by which grant, how many things."""


class Tally:
    """One per request; never used by two threads at the same time. The same answer about the same
    thing counts once, however often it is asked on the way.
    """

    __slots__ = ("_kept", "_open", "_taken")

    def __init__(self) -> None:
        self._open: dict[_Key, _Once] = {}
        self._kept: dict[_Key, _Once] = {}
        self._taken: set[_Key] = set()

    def begin(self) -> None:
        """A transaction begins, perhaps for another time: what it was answered before was undone
        with it. `settle` must come between two different transactions.
        """
        self._open.clear()

    def settle(self) -> None:
        """What was counted since `begin` stands."""
        if not self._kept:
            self._kept, self._open = self._open, self._kept
            return
        for key, once in self._open.items():
            self._kept.setdefault(key, once)
        self._open.clear()

    def count(
        self, answer: Answered, of: Hashable, at: datetime, grant: GrantId | None, times: int = 1
    ) -> None:
        """`of` tells things apart, and is never written anywhere; `times`: how many are in it."""
        self._open.setdefault((answer, of), (at, grant, times))

    def take(self) -> list[Counted]:
        """What was counted and not taken before, in the order in which it was first answered."""
        if not self._open and not self._kept:
            return []
        self.settle()
        found: dict[Answered, list[_Once]] = {}
        for key, once in self._kept.items():
            if key not in self._taken:
                found.setdefault(key[0], []).append(once)
        self._taken.update(self._kept)
        self._kept.clear()
        return [_together(answer, those) for answer, those in found.items()]


def _together(answer: Answered, those: list[_Once]) -> Counted:
    if len(those) == 1:
        ((at, grant, times),) = those
        return Counted(answer, at, frozenset() if grant is None else frozenset((grant,)), times)
    grants = frozenset(grant for _, grant, _ in those if grant is not None)
    return Counted(answer, min(at for at, *_ in those), grants, sum(times for *_, times in those))
