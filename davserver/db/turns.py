"""Work that one process at a time does for all: the others pass it by.

A turn is never needed for correctness, so that whoever dies in one simply gives it up.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from davserver.db.database import Database
from davserver.db.engine import sqlite_file
from davserver.db.failures import translated

_OURS = 0x41627269
"""The first half of our advisory locks in PostgreSQL ("Abri"): others may use the same server."""


@contextmanager
def only_one(db: Database, work: str) -> Iterator[bool]:
    """Whether this process has the turn for `work`, until the block ends. Never waits.

    Raises Unavailable when the database is away.
    """
    with _by_file(db, work) if db.sqlite else _by_advisory_lock(db, work) as mine:
        yield mine


@contextmanager
def _by_file(db: Database, work: str) -> Iterator[bool]:
    file = sqlite_file(db.engines()[0].url).with_suffix(f".{work}-turn")
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextmanager
def _by_advisory_lock(db: Database, work: str) -> Iterator[bool]:
    key = {"ours": _OURS, "work": zlib.crc32(work.encode()) >> 1}
    with translated(), db.engines()[0].connect() as raw:
        connection = raw.execution_options(isolation_level="AUTOCOMMIT")
        mine: bool = connection.execute(_TRY, key).scalar_one()
        try:
            yield mine
        finally:
            if mine:
                connection.execute(_GIVE_UP, key)


_TRY = text("SELECT pg_try_advisory_lock(:ours, :work)")
_GIVE_UP = text("SELECT pg_advisory_unlock(:ours, :work)")
