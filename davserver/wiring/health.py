"""One look at each part of a running instance: whether it is well, for `/healthz` and for people.

Each look is cheap, changes nothing, and never raises for what it finds.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from authn.directories import Directories
from authn.sessions import Sessions
from davserver.config import Settings
from davserver.db import schema
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import AbriError, BadInput
from davserver.domain.health import Sighting, Sign
from davserver.gate.policy.decision_files import LogState, state_of_log
from davserver.gate.staff.directory_care import DirectoryCare, DirectoryState, Freshness
from davserver.wiring.housekeeping import Housekeeping, Job
from davserver.wiring.version import abri_version

LITTLE = 1_000_000_000
NEARLY_NOTHING = 100_000_000
_LATE = 5
"""So many turns missed, or minutes: a long one keeps the others waiting, which is no fault."""
_MINUTE = timedelta(minutes=1)

Parts = dict[str, Callable[[], bool]]

_WORKING: dict[str, tuple[Sign, Sign]] = {
    "database": (Sign.DATABASE_ANSWERS, Sign.DATABASE_AWAY),
    "data": (Sign.DATA_WRITABLE, Sign.DATA_CLOSED),
    "keys": (Sign.KEYS_READABLE, Sign.KEYS_CLOSED),
    "disk": (Sign.DATABASE_KEPT, Sign.DATABASE_NOT_KEPT),
}
_FRESHNESS: dict[Freshness, Sign] = {
    Freshness.FRESH: Sign.DIRECTORY_FRESH,
    Freshness.LATE: Sign.DIRECTORY_LATE,
    Freshness.NEVER: Sign.DIRECTORY_NEVER,
    Freshness.GONE: Sign.DIRECTORY_NEVER,
}
LOGS: dict[LogState, Sign] = {
    LogState.OFF: Sign.DECISIONS_OFF,
    LogState.KEPT: Sign.DECISIONS_KEPT,
    LogState.TO_COME: Sign.DECISIONS_KEPT,
    LogState.SEEN_BY_OTHERS: Sign.DECISIONS_SEEN,
    LogState.NO_FOLDER: Sign.DECISIONS_CLOSED,
    LogState.CANNOT_BE_MADE: Sign.DECISIONS_CLOSED,
    LogState.NOT_WRITABLE: Sign.DECISIONS_CLOSED,
}


def parts_of(settings: Settings, db: Database) -> Parts:
    """What must be well for the drive to work, each as a question. They may raise."""

    def database_answers() -> bool:
        with db.read() as tx:
            return tx.execute(select(t.epoch.c.id)).first() is not None

    return {
        "database": database_answers,
        "data": lambda: os.access(settings.data, os.W_OK),
        "keys": lambda: os.access(settings.keys.keyring, os.R_OK),
        "disk": db.reaches_disk,
    }


def works(look: Callable[[], bool]) -> bool:
    """False for a part that raises."""
    try:
        return look()
    except (AbriError, OSError):
        return False


def disk_seen(settings: Settings) -> Sighting:
    """`number`: how many bytes are free where the data lie. Raises OSError."""
    return disk_with(shutil.disk_usage(settings.data).free)


def disk_with(free: int) -> Sighting:
    if free < NEARLY_NOTHING:
        return Sighting(Sign.DISK_FULL, number=free)
    return Sighting(Sign.DISK_LITTLE if free < LITTLE else Sign.DISK_ENOUGH, number=free)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What of a process is looked at."""

    settings: Settings
    db: Database
    sessions: Sessions
    directories: Directories
    care: DirectoryCare
    housekeeping: Housekeeping

    def look(self, now: datetime) -> Iterator[Sighting]:
        """One after the other, never with a connection while another is asked for."""
        yield from self._working()
        yield from self._database(now)
        yield from self._disk()
        yield from self._certificates(now)
        yield self._decisions()
        yield from self._directories(now)
        yield from (job_seen(one, now) for one in self.housekeeping.jobs())
        yield Sighting(Sign.VERSION, name=abri_version())

    def _working(self) -> Iterator[Sighting]:
        for name, look in parts_of(self.settings, self.db).items():
            well, ill = _WORKING[name]
            yield Sighting(well if works(look) else ill)

    def _database(self, now: datetime) -> Iterable[Sighting]:
        try:
            with self.db.read() as tx:
                found = schema.revision_in(tx)
                alive = self.sessions.alive(tx, now)
        except AbriError:
            return []
        fits = Sign.SCHEMA_FITS if found == schema.HEAD else Sign.SCHEMA_OTHER
        return [Sighting(fits, name=found or ""), Sighting(Sign.SESSIONS, number=alive)]

    def _decisions(self) -> Sighting:
        try:
            return Sighting(LOGS[state_of_log(self.settings.policy.decisions)])
        except OSError:
            return Sighting(Sign.DECISIONS_CLOSED)

    def _disk(self) -> Iterable[Sighting]:
        try:
            return [disk_seen(self.settings)]
        except OSError:
            return []

    def _certificates(self, now: datetime) -> Iterator[Sighting]:
        listen = self.settings.listen
        if listen.plain_http:
            yield Sighting(Sign.CERTIFICATE_NONE)
            return
        from davserver.wiring import certificates  # noqa: PLC0415 — X.509 is 4 MiB in each worker

        try:
            yield certificates.certificate_seen(
                certificates.read_certificate(listen.certificate), now
            )
        except BadInput:
            yield Sighting(Sign.CERTIFICATE_UNREADABLE)
        if listen.client_ca is None:
            return
        try:
            yield certificates.authorities_seen(
                certificates.read_certificates(listen.client_ca), now
            )
        except BadInput:
            yield Sighting(Sign.AUTHORITY_UNREADABLE)

    def _directories(self, now: datetime) -> Iterator[Sighting]:
        try:
            states = self.care.states(now)
        except AbriError:
            return
        for one in states:
            asked = self.directories.find(one.name)
            yield from directory_seen(one, is_away=asked is not None and asked.is_away)


def directory_seen(one: DirectoryState, *, is_away: bool) -> Iterator[Sighting]:
    """`is_away`: it did not answer when this process last asked it."""
    yield Sighting(_FRESHNESS[one.freshness], one.name, moment=one.synced)
    if is_away:
        yield Sighting(Sign.DIRECTORY_AWAY, one.name)
    if one.waits:
        yield Sighting(Sign.DIRECTORY_WAITS, one.name)


def job_seen(one: Job, now: datetime) -> Sighting:
    """`moment`: when this process last did it."""
    if one.ran is None:
        return Sighting(Sign.JOB_TO_COME, one.name)
    if not one.well:
        return Sighting(Sign.JOB_FAILED, one.name, moment=one.ran)
    late = now - one.ran > _LATE * max(one.every, _MINUTE)
    return Sighting(Sign.JOB_LATE if late else Sign.JOB_DONE, one.name, moment=one.ran)
