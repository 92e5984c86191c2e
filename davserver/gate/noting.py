"""Readings are noted before a byte is sent; how often somebody reads the same, soon after."""

from collections.abc import Sequence
from datetime import datetime

from davserver.gate.tools import Tools
from davserver.trail import Counted, Opening, Reads


def note_reading(tools: Tools, opening: Opening, now: datetime) -> None:
    """Returns when it is sure to be known, though the process were killed (DESIGN §2.7)."""
    repeats = tools.trail.repeats
    if repeats.take(opening, now):
        return
    # Of a window that is over by now, what it was not told yet belongs to it.
    window = _tell(tools, repeats.claim(opening), [(opening, Reads(now, now))])[-1]
    repeats.learn(opening, window)


class Readings:
    """What this process has counted goes into the database."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def settle(self, now: datetime) -> None:
        """Raises Unavailable; nothing is lost then."""
        repeats = self._tools.trail.repeats
        claimed = repeats.claim()
        if claimed:
            _tell(self._tools, claimed)
        repeats.forget_idle(now)


_Several = Sequence[tuple[Opening, Reads]]


def _tell(tools: Tools, claimed: _Several, besides: _Several = ()) -> list[Counted]:
    """In one transaction; in the same order."""
    every = [*claimed, *besides]
    try:
        return tools.db.note(
            lambda tx: [tools.trail.note_reading(tx, opening, reads) for opening, reads in every]
        )
    except BaseException:
        tools.trail.repeats.give_back(claimed)
        raise
