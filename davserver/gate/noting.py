"""Readings are noted before a byte is sent; how often somebody reads the same, soon after."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from davserver.gate.tools import Tools
from davserver.trail import Counted, Opening, Reads


def note_reading(tools: Tools, opening: Opening, now: datetime) -> None:
    """Returns when it is sure to be known, though the process were killed (DESIGN §2.7)."""
    repeats = tools.trail.repeats
    if repeats.take(opening, now):
        return
    # Of a window that is over by now, what it was not told yet belongs to it.
    before = repeats.waiting(opening)
    window = tools.db.note(lambda tx: _told(tools, tx, [*before, (opening, Reads(now, now))])[-1])
    repeats.settled(before, now)
    repeats.learn(opening, window)


def _told(tools: Tools, tx: Connection, several: Sequence[tuple[Opening, Reads]]) -> list[Counted]:
    return [tools.trail.note_reading(tx, opening, reads) for opening, reads in several]


class Readings:
    """What this process has counted goes into the database."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def settle(self, now: datetime) -> None:
        """Raises Unavailable; nothing is lost then."""
        repeats = self._tools.trail.repeats
        waiting = repeats.waiting()
        if waiting:
            self._tools.db.note(lambda tx: _told(self._tools, tx, waiting))
        repeats.settled(waiting, now)
