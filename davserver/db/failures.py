"""What a driver reports, in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import NoSpace, Unavailable

# Serialisation failure, deadlock, and a unique name taken by a transaction that ran beside ours:
# run again, the closure sees it and says what is true then.
RETRYABLE = {"40001", "40P01", "23505"}
# A standby that takes no writes, and a server that is starting or stopping.
_AWAY = {"25006", "57P01", "57P02", "57P03"}
_FULL = "53100"
# SQLite cannot make room for the index of its log: all others of its kind are a disk that fails.
_FULL_NAMES = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
_DAMAGED_NAMES = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
# PostgreSQL's words depend on its language and on the disk.
_FULL_WORDS = ("disk is full", "No space left", "disk full")
_FAILED_WORDS = "disk I/O error"


AWAY = "the database is away"
DAMAGED = "the database file is damaged: restore a backup"


class Retry(Exception):
    """Something that was assumed is not so: the transaction is undone and to be run again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns a driver's failure into the domain's words; programming errors pass unchanged."""
    try:
        yield
    except (NoConnectionFree, DBAPIError) as error:
        raise_translated(error)
        raise


def raise_translated(error: BaseException) -> None:
    """Raises NoSpace or Unavailable where `error` means that; returns for anything else."""
    if isinstance(error, Retry):
        raise Unavailable("the database is too busy") from error
    if isinstance(error, NoConnectionFree):
        raise Unavailable("no connection to the database is free") from error
    name = _name_of(error)
    if name.startswith(_DAMAGED_NAMES):
        sound(Alarm.DISK_FAILED, of="the database", error=name)
        raise Unavailable(DAMAGED) from error
    if isinstance(error, OperationalError):
        text = str(error.orig)
        is_full = state_of(error) == _FULL or name in _FULL_NAMES
        if is_full or any(word in text for word in _FULL_WORDS):
            sound(Alarm.DISK_FULL, of="the database", error="ENOSPC")
            raise NoSpace("the disk of the database is full") from error
        if _FAILED_WORDS in text:
            sound(Alarm.DISK_FAILED, of="the database", error="EIO")
            raise Unavailable("the disk of the database failed") from error
        raise Unavailable(AWAY) from error
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or state_of(error) in RETRYABLE | _AWAY
    ):
        raise Unavailable("the database is away or too busy") from error


def is_of_all(error: BaseException) -> bool:
    """Whether it ends a transaction with all that was done in it, and not one part alone."""
    return isinstance(error, Retry) or (
        isinstance(error, DBAPIError)
        and (error.connection_invalidated or state_of(error) in RETRYABLE)
    )


def _name_of(error: BaseException) -> str:
    """What SQLite calls it; nothing for others."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    return getattr(orig, "sqlite_errorname", None) or ""


def state_of(error: DBAPIError) -> str | None:
    """The SQLSTATE, where the driver has such a thing."""
    return getattr(error.orig, "sqlstate", None)
