"""How an instance is, for whoever looks after it: what was seen of each part, and how bad it is.

`abri doctor` says it with commands and paths of the machine, the pages in plain words without.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    WELL = "well"
    WARNING = "warning"
    PROBLEM = "problem"


class Sign(StrEnum):
    """What can be seen of a part. Each has its state and, in each front, its words."""

    DATABASE_ANSWERS = "database-answers"
    DATABASE_AWAY = "database-away"
    DATABASE_KEPT = "database-kept"
    DATABASE_NOT_KEPT = "database-not-kept"
    SCHEMA_FITS = "schema-fits"
    SCHEMA_OTHER = "schema-other"
    DATA_WRITABLE = "data-writable"
    DATA_CLOSED = "data-closed"
    KEYS_READABLE = "keys-readable"
    KEYS_CLOSED = "keys-closed"
    DISK_ENOUGH = "disk-enough"
    DISK_LITTLE = "disk-little"
    DISK_FULL = "disk-full"
    CERTIFICATE_GOOD = "certificate-good"
    CERTIFICATE_SOON = "certificate-soon"
    CERTIFICATE_OVER = "certificate-over"
    CERTIFICATE_TO_COME = "certificate-to-come"
    CERTIFICATE_UNREADABLE = "certificate-unreadable"
    CERTIFICATE_NONE = "certificate-none"
    AUTHORITY_GOOD = "authority-good"
    AUTHORITY_SOON = "authority-soon"
    AUTHORITY_OVER = "authority-over"
    AUTHORITY_UNREADABLE = "authority-unreadable"
    DECISIONS_KEPT = "decisions-kept"
    DECISIONS_OFF = "decisions-off"
    DECISIONS_CLOSED = "decisions-closed"
    DECISIONS_SEEN = "decisions-seen"
    DIRECTORY_FRESH = "directory-fresh"
    DIRECTORY_LATE = "directory-late"
    DIRECTORY_NEVER = "directory-never"
    DIRECTORY_AWAY = "directory-away"
    DIRECTORY_WAITS = "directory-waits"
    JOB_DONE = "job-done"
    JOB_TO_COME = "job-to-come"
    JOB_LATE = "job-late"
    JOB_FAILED = "job-failed"
    SESSIONS = "sessions"
    VERSION = "version"


_WELL = frozenset(
    {
        Sign.DATABASE_ANSWERS, Sign.DATABASE_KEPT, Sign.SCHEMA_FITS, Sign.DATA_WRITABLE,
        Sign.KEYS_READABLE,
        Sign.DISK_ENOUGH, Sign.CERTIFICATE_GOOD, Sign.CERTIFICATE_NONE, Sign.AUTHORITY_GOOD,
        Sign.DECISIONS_KEPT, Sign.DECISIONS_OFF, Sign.DIRECTORY_FRESH, Sign.JOB_DONE,
        Sign.JOB_TO_COME, Sign.SESSIONS, Sign.VERSION,
    }
)  # fmt: skip
_WARNING = frozenset(
    {
        Sign.DISK_LITTLE, Sign.CERTIFICATE_SOON, Sign.AUTHORITY_SOON, Sign.DECISIONS_SEEN,
        Sign.DIRECTORY_LATE, Sign.DIRECTORY_NEVER, Sign.DIRECTORY_AWAY, Sign.DIRECTORY_WAITS,
        Sign.JOB_LATE, Sign.JOB_FAILED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sighting:
    """`name`: which directory, job or version; `number` and `moment`: what its sentence tells of,
    such as bytes that are free, or when a certificate ends.
    """

    sign: Sign
    name: str = ""
    number: int | None = None
    moment: datetime | None = None

    @property
    def state(self) -> State:
        if self.sign in _WELL:
            return State.WELL
        return State.WARNING if self.sign in _WARNING else State.PROBLEM
