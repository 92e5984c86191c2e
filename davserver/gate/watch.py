"""One watcher per process: when rights may have changed, running transfers are decided again.

It reads the epoch row twice a second (DESIGN §2.1). A transfer asks between pieces; only if the
epoch moved since its permit was given, or the permit's own end has come, is anything looked up.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from sqlalchemy import select

from davserver.db.database import Database
from davserver.db.tables import epoch as epoch_table
from davserver.domain.alarms import Alarm, sound
from davserver.domain.decisions import Permit
from davserver.domain.errors import AbriError, Unavailable
from davserver.domain.events import Events
from davserver.domain.people import Epoch
from policies.in_force import InForce

log = Events(__name__)

INTERVAL_SECONDS = 0.5
PATIENCE_SECONDS = 10.0

DecideAgain = Callable[[Permit], Permit]
"""Decides the same action on the same node anew. Raises Refused, NotFound, NotSignedIn."""


class EpochWatch:
    def __init__(
        self,
        db: Database,
        policy: InForce,
        clock: Callable[[], datetime],
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """`seconds` since anything."""
        self._seconds = seconds
        self._read_at = seconds()
        self._db = db
        self._policy = policy
        self._clock = clock
        self._now: Epoch | None = None
        self._decide_again: DecideAgain | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, decide_again: DecideAgain) -> None:
        """Begin watching; `decide_again` is asked when a running transfer must be decided anew."""
        self._decide_again = decide_again
        self._thread = threading.Thread(target=self._run, name="epoch-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def is_answered(self) -> bool:
        """Whether the database gave an answer lately: asks nothing, so that it is known of one too
        that hangs.
        """
        return self._seconds() - self._read_at < PATIENCE_SECONDS

    def require(self, permit: Permit) -> Permit:
        """The permit, or a newer one, while the right holds. Raises as `decide_again` does."""
        if self._still_as_given(permit):
            return permit
        if self._decide_again is None:
            raise Unavailable("no watcher is running")
        return self._decide_again(permit)

    def _still_as_given(self, permit: Permit) -> bool:
        if permit.valid_until is not None and self._clock() >= permit.valid_until:
            return False
        seen = self._now
        given = permit.who.epoch
        return seen is None or (seen.revocation, seen.policy) <= (given.revocation, given.policy)

    def _run(self) -> None:
        was_read = True
        while not self._stop.wait(INTERVAL_SECONDS):
            try:
                self.look()
            except AbriError:
                if was_read:  # the alarm for it is the lookout's
                    log.warning("epoch-unreadable")
                was_read = False
            except Exception as error:  # noqa: BLE001 — without it no transfer is decided again
                sound(Alarm.CHORE_BROKEN, chore="epoch-watch", error=type(error).__name__)
            else:
                was_read = True

    def look(self) -> Epoch:
        """What the watcher does twice a second. Raises Unavailable."""
        self._now = self._read()
        self._read_at = self._seconds()
        return self._now

    def _read(self) -> Epoch:
        with self._db.read() as tx:
            row = tx.execute(
                select(epoch_table.c.revocation, epoch_table.c.policy, epoch_table.c["keys"])
            ).one()
            # A new policy is met here, so that seldom a request has to wait for it.
            self._policy.meet(tx, row[1])
        return Epoch(row[0], row[1], row[2])
