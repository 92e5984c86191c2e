"""Readings: noted before a byte is sent, told to the database within a second (DESIGN §2.7).

The first one of a version by a person stands in this process's journal; how often they repeat it is
counted in memory. A moment later, before it shows a trail and when it stops, a process tells the
database what it noted, and what is left of processes that were killed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from davserver.db.database import Database
from davserver.domain.alarms import Alarm, sound
from davserver.domain.disks import of_disk
from davserver.domain.errors import Damaged
from davserver.domain.ids import Entropy, PersonId
from davserver.sealing.trail import TrailKeys
from davserver.trail import told
from davserver.trail.journal import MOST_RECENT, Journal, Noted
from davserver.trail.journals import Found, found
from davserver.trail.opening import Opening, Reads
from davserver.trail.repeats import Repeats, Told
from davserver.trail.trail import Trail

TELLING = timedelta(seconds=1)
"""After so long at the latest the database is told."""

_AT_ONCE = 500
_Tell = Callable[[Connection, Opening, Reads], object]


class Readings:
    """One per process; shared between threads."""

    def __init__(
        self,
        db: Database,
        trail: Trail,
        keys: TrailKeys,
        folder: Path,
        entropy: Entropy,
        most_recent: int = MOST_RECENT,
    ) -> None:
        """`folder`: where the journals of this machine lie; made when it is missing.
        `most_recent`: readings of this process that it need not read there.
        """
        self._db = db
        self._trail = trail
        self._keys = keys
        self._folder = folder
        self._journal = Journal(folder, keys, entropy, most_recent)
        self._repeats = Repeats()
        self._told: dict[bytes, int] = {}

    def repeated(self, person: PersonId, etag: bytes, now: datetime) -> bool:
        """Counts it, if that is all there is to do. Otherwise `note` it."""
        return self._repeats.take(person, etag, now)

    def note(self, opening: Opening, now: datetime) -> None:
        """Returns when a killed process does not lose it. Raises NoSpace, Unavailable."""
        self._journal.note(opening, now)
        self._repeats.begin(opening, now)

    def settle(self, now: datetime) -> None:
        """The database is told all that is noted on this machine: before a trail is looked at.

        Raises Unavailable, NoSpace; nothing is lost then.
        """
        self._settle(now, everybody=True)

    def keep_up(self, now: datetime) -> None:
        """As `settle`, but processes that live tell it themselves."""
        self._settle(now, everybody=False)

    def tell_in(self, tx: Connection, now: datetime) -> None:
        """As `settle`, in a transaction that writes and must not miss a reading. Raises Damaged,
        Unavailable.
        """
        with self._found(everybody=True) as journals:
            noted = [each for one in journals for each in self._noted(one)]
            if not self._db.sqlite:
                # There another process may have told some, and cut them off, since `tx` began.
                with self._db.read() as later:
                    told.meet(tx, later, now)
            if noted:
                self._tell(tx, noted, (), now, self._trail.note_reading)

    def forget_told(self, tx: Connection, now: datetime) -> None:
        told.forget(tx, now)

    def close(self) -> None:
        """What was not told stays for whoever comes next."""
        self._journal.close()

    def _settle(self, now: datetime, *, everybody: bool) -> None:
        claimed = self._repeats.claim()
        try:
            with self._found(everybody=everybody) as journals:
                noted = [each for one in journals for each in self._noted(one)]
                while len(noted) > _AT_ONCE:
                    self._commit(noted[:_AT_ONCE], (), now)
                    noted = noted[_AT_ONCE:]
                if noted or claimed:
                    self._commit(noted, claimed, now)
                claimed = []
                self._remove(journals)
        except BaseException:
            self._repeats.give_back(claimed)
            raise
        self._journal.shorten(self._told)
        self._repeats.forget_idle(now)

    @contextmanager
    def _found(self, *, everybody: bool) -> Iterator[list[Found]]:
        """Journals that may hold something that this process does not know to be told."""
        mine = self._journal.last()
        journals: list[Found] = []
        try:
            journals.extend(found(self._folder))
            yield [one for one in journals if everybody or one.left or (mine and one.id == mine[0])]
        except OSError as error:
            raise of_disk(error, "readings") from error
        finally:
            for one in journals:
                one.close()

    def _noted(self, journal: Found) -> list[Noted]:
        after = self._told.get(journal.id, 0)
        own = self._journal.recent(journal.id, after)
        return journal.noted(self._keys, after) if own is None else own

    def _commit(self, noted: Sequence[Noted], repeats: Iterable[Told], now: datetime) -> None:
        try:
            self._db.write(lambda tx: self._tell(tx, noted, repeats, now, self._trail.note_reading))
        except Damaged:
            # A trail was tampered with: `abri trail verify` says which. Its windows stay open.
            sound(Alarm.READ_WINDOWS_NOT_CLOSED)
            self._db.write(lambda tx: self._tell(tx, noted, repeats, now, self._trail.count_on))
        self._told |= _last(noted)

    def _tell(
        self,
        tx: Connection,
        noted: Sequence[Noted],
        repeats: Iterable[Told],
        now: datetime,
        tell: _Tell,
    ) -> None:
        last = _last(noted)
        known = told.numbers(tx, last)
        fresh = [one for one in noted if one.number > known[one.journal]]
        every = [(one.opening, Reads(one.at, one.at)) for one in fresh]
        for opening, reads in sorted([*every, *repeats], key=lambda one: one[1].first):
            tell(tx, opening, reads)
        if fresh:
            told.remember(tx, {one.journal: last[one.journal] for one in fresh}, now)

    def _remove(self, journals: Iterable[Found]) -> None:
        """Those of processes that are gone, told as they are."""
        for one in journals:
            if one.left:
                one.remove()
                self._told.pop(one.id, None)


def _last(noted: Iterable[Noted]) -> dict[bytes, int]:
    """By journal, the highest number."""
    return {one.journal: one.number for one in noted}
