"""Telling owners of a policy that makes their documents more visible, once it is in force.

What others gain is worked out after the change counts: over all living grants it can take seconds.
Each generation keeps whether this was done, so that nobody is told twice and nothing is forgotten.
"""

from datetime import datetime

from sqlalchemy import Connection

from davserver.gate.policy.widened import Widened, made_more_visible, tell_owners
from davserver.gate.tools import Tools
from policies import generations
from policies.generations import Generation, Origin
from policies.in_force import owners_only
from policies.loader import load_bytes
from policies.snapshot import Snapshot


class PolicyNotices:
    """Any number of processes may run it."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def run(self, now: datetime) -> int:
        """How many owners were told. Raises Unavailable."""
        with self._tools.db.read() as tx:
            kept = {one.number: one for one in generations.kept(tx, self._tools.keys)}
        waiting = sorted(number for number, one in kept.items() if one.told is None)
        return sum(self._tell(kept.get(one - 1), kept[one], now) for one in waiting)

    def _tell(self, before: Generation | None, new: Generation, now: datetime) -> int:
        found: list[Widened] = []
        # Before the first set nothing was shared that anybody could have seen.
        if new.origin is not Origin.SETUP:
            with self._tools.db.read() as tx:
                rules = _rules(before), load_bytes(new.files)
                found = made_more_visible(tx, self._tools, *rules, now)

        def work(tx: Connection) -> int:
            if generations.fetch(tx, self._tools.keys, new.number).told is not None:
                return 0
            tell_owners(tx, self._tools, found, now)
            generations.mark_told(tx, new.number, now)
            return len(found)

        return self._tools.db.write(work)


def _rules(before: Generation | None) -> Snapshot:
    return owners_only() if before is None else load_bytes(before.files)
