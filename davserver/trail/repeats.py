"""Reads of what this process has noted already: counted in memory until they are told.

That somebody reads a version at all is noted before its first byte is sent, and again ten minutes
later. How often they did so in between is told a moment later: programs that fetch a document in a
hundred ranges would otherwise be noted a hundred times. A killed process loses that count alone.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.ids import PersonId
from davserver.trail.opening import Opening, Reads
from davserver.trail.windows import WINDOW

Told = tuple[Opening, Reads]

_MOST = 10_000


@dataclass(slots=True)
class _Noted:
    """Since when reads count here, and those that wait: how many (0: none), from when to when."""

    opening: Opening
    since: datetime
    waiting: int
    first: datetime
    last: datetime

    def told(self) -> Told:
        return self.opening, Reads(self.first, self.last, self.waiting)


class Repeats:
    """One per process; shared between threads."""

    def __init__(self) -> None:
        self._noted: dict[tuple[PersonId, bytes], _Noted] = {}
        self._left: list[Told] = []
        self._lock = threading.Lock()

    def take(self, person: PersonId, etag: bytes, now: datetime) -> bool:
        """Whether that could be counted here: they were noted for that version not long ago."""
        with self._lock:
            one = self._noted.get((person, etag))
            if one is None or not one.since <= now < one.since + WINDOW:
                return False
            if not one.waiting:
                one.first = now
            one.waiting += 1
            one.last = now
            return True

    def begin(self, opening: Opening, now: datetime) -> None:
        """It is noted: those that follow count here."""
        key = opening.person, opening.etag
        with self._lock:
            before = self._noted.get(key)
            if before is not None and before.waiting:
                self._left.append(before.told())
            if before is not None or len(self._noted) < _MOST:
                self._noted[key] = _Noted(opening, now, 0, now, now)

    def claim(self) -> list[Told]:
        """All that waits. It is the caller's to tell, and nobody else's: whoever fails gives it
        back.
        """
        with self._lock:
            some = [one for one in self._noted.values() if one.waiting]
            claimed = [*self._left, *(one.told() for one in some)]
            self._left = []
            for one in some:
                one.waiting = 0
            return claimed

    def give_back(self, claimed: Sequence[Told]) -> None:
        with self._lock:
            self._left += claimed

    def forget_idle(self, now: datetime) -> None:
        """Those that are over, and wait for nothing."""
        with self._lock:
            over = [k for k, one in self._noted.items() if one.since + WINDOW <= now]
            for key in over:
                if not self._noted[key].waiting:
                    del self._noted[key]

    def __len__(self) -> int:
        return len(self._noted)
