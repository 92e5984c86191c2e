"""A turn at looking at a directory, held by this process while it works."""

from collections.abc import Callable
from datetime import datetime, timedelta

from authn.directory_syncs import Turns, state_of
from davserver.gate.staff.sync_guard import Held
from davserver.gate.tools import Tools

_LEAST = timedelta(minutes=2)


class TurnLost(Exception):
    """Somebody else looks at it now: this process stood still for too long. Stays in the gate."""


class Turn:
    """`confirmed`: the digest of the plan that was said yes to before the turn began."""

    def __init__(
        self, tools: Tools, turns: Turns, until: datetime, span: timedelta, confirmed: str | None
    ) -> None:
        self._db = tools.db
        self._clock: Callable[[], datetime] = tools.clock
        self._turns = turns
        self._until = until
        self._span = span
        self.confirmed = confirmed

    def keep(self) -> None:
        """Between two things that take a while. Raises TurnLost."""
        now = self._clock()
        if self._until - now < self._span / 2:
            mine, until = self._until, now + self._span
            if not self._db.write(lambda tx: self._turns.extend(tx, mine, until)):
                raise TurnLost
            self._until = until

    def end(self, at: datetime, held: Held | None) -> None:
        """All of it was heard, at that moment. Raises TurnLost."""
        mine, now = self._until, self._clock()
        if held is None:
            ended = self._db.write(lambda tx: self._turns.finish(tx, mine, at))
        else:
            ended = self._db.write(lambda tx: self._turns.hold(tx, mine, held.encode(), now))
        if not ended:
            raise TurnLost

    def give_back(self) -> None:
        """Nothing where it has ended, or is somebody else's by now."""
        mine = self._until
        self._db.write(lambda tx: self._turns.give_back(tx, mine))


def take_turn(tools: Tools, directory: str, wait: timedelta) -> Turn | None:
    """None while somebody else has it. `wait`: the longest that a directory may keep silent."""
    now, span = tools.clock(), max(_LEAST, wait * 3)
    turns, until = Turns(tools.keys, tools.entropy, directory), now + span
    if not tools.db.write(lambda tx: turns.take(tx, now, until)):
        return None
    with tools.db.read() as tx:
        confirmed = state_of(tx, tools.keys, directory).confirmed
    return Turn(tools, turns, until, span, confirmed)
