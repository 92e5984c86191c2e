"""Reads of what somebody has read already within the window: counted in memory for a moment.

That somebody read a version at all is in the database before its first byte is sent. How often they
did so is written at most `SETTLED` later: programs that fetch a document in a hundred ranges would
otherwise write a hundred times. A killed process loses that count, and nothing else.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from davserver.domain.ids import PersonId
from davserver.trail.windows import Counted, Opening, Reads

SETTLED = timedelta(seconds=1)
"""After so long at the latest a count is in the database."""

_MOST = 10_000
_Key = tuple[PersonId, bytes]


@dataclass(slots=True)
class _Open:
    """A window as this process knows it, and the reads that it has not been told yet."""

    opening: Opening
    opened: datetime
    closes: datetime
    waiting: Reads | None = None


class Repeats:
    """One per process; shared between threads."""

    def __init__(self) -> None:
        self._known: dict[_Key, _Open] = {}
        self._lock = threading.Lock()

    def take(self, opening: Opening, now: datetime) -> bool:
        """Whether that could be counted here: its window is open, and stands in the database."""
        with self._lock:
            one = self._known.get(_key(opening))
            if one is None or not one.opened <= now < one.closes:
                return False
            one.waiting = _with(one.waiting, now)
            return True

    def learn(self, opening: Opening, window: Counted) -> None:
        """After the commit: this window stands in the database."""
        with self._lock:
            before = self._known.get(_key(opening))
            if before is None and len(self._known) >= _MOST:
                return
            waiting = before.waiting if before else None
            self._known[_key(opening)] = _Open(opening, window.opened, window.closes, waiting)

    def claim(self, of: Opening | None = None) -> list[tuple[Opening, Reads]]:
        """What the database was not told yet; `of`: in one window alone. It is the caller's to
        tell, and nobody else's: whoever fails gives it back.
        """
        with self._lock:
            some = list(self._known.values()) if of is None else self._those(of)
            claimed = [(one.opening, one.waiting) for one in some if one.waiting]
            for one in some:
                one.waiting = None
            return claimed

    def give_back(self, claimed: Sequence[tuple[Opening, Reads]]) -> None:
        with self._lock:
            for opening, reads in claimed:
                # A window that is forgotten by now counts nothing more: it only waits.
                over = _Open(opening, reads.first, reads.first)
                one = self._known.setdefault(_key(opening), over)
                one.waiting = _together(reads, one.waiting)

    def forget_idle(self, now: datetime) -> None:
        """Windows that are over, and wait for nothing."""
        with self._lock:
            known = list(self._known.items())
            for key in [key for key, one in known if one.closes <= now and not one.waiting]:
                del self._known[key]

    def __len__(self) -> int:
        return len(self._known)

    def _those(self, of: Opening) -> list[_Open]:
        one = self._known.get(_key(of))
        return [one] if one else []


def _key(opening: Opening) -> _Key:
    return opening.who.id, opening.etag


def _with(waiting: Reads | None, now: datetime) -> Reads:
    if waiting is None:
        return Reads(now, now)
    return replace(waiting, last=now, times=waiting.times + 1)


def _together(before: Reads, after: Reads | None) -> Reads:
    if after is None:
        return before
    return Reads(before.first, after.last, before.times + after.times)
