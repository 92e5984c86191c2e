"""Readings are noted before a byte is sent; how often somebody reads the same, soon after."""

from datetime import datetime

from davserver.gate.tools import Tools
from davserver.trail import Opening, Reads


def note_reading(tools: Tools, reading: Opening, now: datetime) -> None:
    """Returns when it is sure to be known, though the process were killed (DESIGN §2.7)."""
    if tools.trail.repeats.take(reading, now):
        return
    reads = Reads(now, now)
    window = tools.db.note(lambda tx: tools.trail.note_reading(tx, reading, reads))
    tools.trail.repeats.learn(reading, window)


class Readings:
    """What this process has counted goes into the database."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def settle(self, now: datetime) -> None:
        """Raises Unavailable; nothing is lost then."""
        trail, waiting = self._tools.trail, self._tools.trail.repeats.waiting()
        if waiting:
            self._tools.db.note(
                lambda tx: [trail.note_reading(tx, one, reads) for one, reads in waiting]
            )
        trail.repeats.settled(waiting, now)
