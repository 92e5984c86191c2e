"""What a running server does for itself every few minutes, and records where it erases."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.gate.acting import row_stamps
from davserver.gate.affiliations.ends import end_those_over, forget_requests
from davserver.gate.sharing import offers
from davserver.gate.tools import Tools
from davserver.trail import WINDOW, Event, What
from davserver.vault import affiliations, pace
from davserver.vault.sweep import Erased, Sweeper, Swept


class Upkeep:
    """Any number of processes may run it; one does the work at a time."""

    def __init__(self, tools: Tools, trash_kept: timedelta | None) -> None:
        """`trash_kept`: how long the trash is kept; None: until room is needed."""
        self._tools = tools
        self._sweeper = Sweeper(
            tools.db, tools.blobs, tools.vaults, self._witness, trash_kept=trash_kept
        )

    def run(self, now: datetime) -> Swept | None:
        """One bounded round: what nothing needs is swept, read windows that are over become
        entries, affiliations that are over end, old requests for them, old offers and counts of
        changes are forgotten. None when another process is at it. Raises Unavailable.
        """
        swept = self._sweeper.run(now)
        if swept is not None:
            # Whether a window or an affiliation is over depends on what was read.
            self._tools.readings.keep_up(now)
            self._close_windows(now)
            end_those_over(self._tools, now)
            self._forget_requests(now)
            offers.forget(self._tools, now)
            self._forget_counts(now)
        return swept

    def _close_windows(self, now: datetime) -> None:
        def work(tx: Connection) -> None:
            affiliations.note_reads(tx, now - WINDOW, now)
            self._tools.trail.close_windows(tx, now)
            self._tools.readings.forget_told(tx, now)

        try:
            self._tools.db.write(work)
        except Damaged:
            # A trail was tampered with: `abri trail verify` says which. Its windows stay open.
            sound(Alarm.READ_WINDOWS_NOT_CLOSED)

    def _forget_requests(self, now: datetime) -> None:
        try:
            forget_requests(self._tools, now)
        except Damaged:
            # The instance's trail was tampered with: they stay until somebody has looked.
            sound(Alarm.REQUESTS_NOT_FORGOTTEN)

    def _forget_counts(self, now: datetime) -> None:
        with self._tools.db.read() as tx:
            anything = pace.anything_old(tx, now)
        if anything:
            self._tools.db.write(lambda tx: pace.forget(tx, now))

    def _witness(self, tx: Connection, erased: Erased, now: datetime) -> None:
        names = [node.name for node in erased.chain if node.parent is not None]
        event = Event(
            vault=erased.vault,
            what=What.ERASE,
            who=None,
            node=erased.chain[-1].id if erased.chain else None,
            path="/" + "/".join(names),
            rows=row_stamps(erased.stamps),
            details={"by": "retention"},
        )
        self._tools.trail.record(tx, event, now)
