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
        self._taken: dict[_Key, _Once] = {}

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
        if self._open:
            self.settle()
        kept, taken = self._kept, self._taken
        if not kept:
            return []
        found: dict[Answered, list[_Once]] = {}
        for key, once in kept.items():
            if not taken or key not in taken:
                found.setdefault(key[0], []).append(once)
        # Nearly always it is the only time: then nothing is copied.
        self._taken, self._kept = (taken | kept) if taken else kept, {}
        counted = []
        for answer, those in found.items():
            if len(those) > 1:
                counted.append(_together(answer, those))
                continue
            ((at, grant, times),) = those
            grants = _NO_GRANT if grant is None else frozenset((grant,))
            counted.append(Counted(answer, at, grants, times))
        return counted


_NO_GRANT: frozenset[GrantId] = frozenset()


def _together(answer: Answered, those: list[_Once]) -> Counted:
    grants = frozenset(grant for _, grant, _ in those if grant is not None)
    return Counted(answer, min(at for at, *_ in those), grants, sum(times for *_, times in those))
