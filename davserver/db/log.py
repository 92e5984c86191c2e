"""The log of a SQLite database (its WAL), waited for after a turn instead of during its COMMIT.

With `synchronous = FULL` SQLite waits for the disk while it holds up everybody else who wants to
write. Here a COMMIT only writes; the turn is over, the next one begins, and only then does whoever
committed wait, before anybody is told. All that was written meanwhile is waited for at once
(docs/decisions/2026-11-27-the-disk-is-waited-for-after-the-turn.md).
"""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from davserver.domain.disks import sound_of_disk

Sync = Callable[[int], None]
"""Returns when what was written to the file of that descriptor is on the disk. Raises OSError."""


class Log:
    """Of one database, for one process.

    Its file stays the same as long as the connection that writes to it is open: SQLite removes it
    with the last of all connections, when all of it is in the database and on the disk. A disk that
    fails tells each open descriptor once, so that each process with a log of its own learns of it.
    """

    def __init__(self, database: Path, sync: Sync = os.fdatasync) -> None:
        self._file = database.with_name(database.name + "-wal")
        self._sync = sync
        self._waits = threading.Lock()
        self._descriptor: int | None = None
        self._written = 0
        self._on_disk = 0
        self.has_failed = False
        """The system forgets what it could not write, and says so once: no later wait proves
        anything until the log is brought into the database."""

    def open(self) -> None:
        """When a connection has begun to write: the file is there."""
        with self._waits:
            self._close()
            self._descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
            _sync_names_in(self._file.parent)

    def wrote(self) -> None:
        """After a COMMIT, by whoever has the turn."""
        self._written += 1

    @property
    def is_behind(self) -> bool:
        return self._on_disk < self._written

    def wait(self) -> None:
        """Returns when all that was committed before is on the disk. Raises OSError."""
        mine = self._written
        with self._waits:
            if self._on_disk >= mine:
                return
            if self.has_failed or self._descriptor is None:
                raise OSError(errno.EIO, "the log was not written to the disk")
            all_of_it = self._written
            try:
                self._sync(self._descriptor)
            except OSError as error:
                self.has_failed = True
                sound_of_disk(error, "the database")
                raise
            self._on_disk = all_of_it

    def was_brought_in(self) -> None:
        """All of it is in the database, and on the disk. By whoever has the turn."""
        with self._waits:
            self._on_disk = self._written
            self.has_failed = False

    def close(self) -> None:
        with self._waits:
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _sync_names_in(folder: Path) -> None:
    """A new file is found again after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
