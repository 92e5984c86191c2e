"""What this process notes of readings, in a file that outlives it (FORMAT.md §9.9).

One write gives it to the operating system before the first byte is sent: that outlives a killed
process, but perhaps not a power cut, as DESIGN §2.7 has it. A transaction would cost ten times as
much, would wait for other writers, and would make every reader's cached pages useless.
"""

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from davserver.domain.disks import of_disk
from davserver.domain.ids import ID_BYTES, Entropy
from davserver.domain.lean import lean
from davserver.sealing.trail import TrailKeys
from davserver.trail.opening import Opening

HEAD = struct.Struct(">IQ")
"""Length of the sealed record, and its number."""

SUFFIX = ".readings"
MOST = 1 << 20
"""Bytes. A longer file is left to whoever tells it: what the database knows stays in a file until
nothing was noted while it was told.
"""

_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

MOST_RECENT = 5_000
"""Readings that memory has at the most: a second has fewer. Beyond, the file is read."""


@lean(frozen=True, slots=True)
class Noted:
    """One reading of a journal."""

    journal: bytes
    number: int
    opening: Opening
    at: datetime


@dataclass(slots=True)
class _File:
    """Locked while its process lives. `last`: the number of its last record."""

    id: bytes
    path: Path
    handle: int
    process: int
    last: int = 0
    size: int = 0


class Journal:
    """One per process; shared between threads. The first reading makes its file. What its process
    is to tell is in memory too, so that it need not be read and opened again.
    """

    def __init__(
        self, folder: Path, keys: TrailKeys, entropy: Entropy, most_recent: int = MOST_RECENT
    ) -> None:
        """`most_recent`: readings that it has in memory."""
        self._folder = folder
        self._keys = keys
        self._entropy = entropy
        self._file: _File | None = None
        self._recent: list[Noted] = []
        self._most_recent = most_recent
        self._lock = threading.Lock()

    def note(self, opening: Opening, at: datetime) -> None:
        """Returns when it outlives this process. Raises NoSpace, Unavailable: nothing is noted."""
        plain = opening.encode(at)
        with self._lock:
            try:
                file = self._mine()
                self._append(file, plain)
            except OSError as error:
                raise of_disk(error, "readings") from error
            if len(self._recent) >= self._most_recent:
                self._recent = []
            self._recent.append(Noted(file.id, file.last, opening, at))

    def last(self) -> tuple[bytes, int] | None:
        """Its id and the number of its last record; None while there is no file."""
        file = self._file
        return None if file is None else (file.id, file.last)

    def recent(self, journal: bytes, after: int) -> list[Noted] | None:
        """All of this journal with a higher number. None where memory does not have them all."""
        with self._lock:
            file = self._file
            if file is None or file.id != journal:
                return None
            some = [one for one in self._recent if one.number > after]
            return some if len(some) == file.last - after else None

    def shorten(self, told: Mapping[bytes, int]) -> None:
        """`told`: by journal, up to where the database knows it. Never raises."""
        with self._lock:
            file = self._file
            if file is None or not file.size:
                return
            known = told.get(file.id, 0)
            self._recent = [one for one in self._recent if one.number > known]
            if known == file.last:
                self._cut(file, 0)
            elif file.size > MOST:
                self._leave(file)

    def close(self) -> None:
        """What the database does not know yet stays, for whoever comes next."""
        with self._lock:
            if self._file is not None:
                if not self._file.size:
                    self._file.path.unlink(missing_ok=True)
                self._leave(self._file)

    def _mine(self) -> _File:
        file = self._file
        if file is not None and file.process != os.getpid():
            # Forked: file and lock are the other's.
            self._leave(file)
            file = None
        if file is None:
            file = self._file = _new(self._folder, self._entropy)
        return file

    def _append(self, file: _File, plain: bytes) -> None:
        number = file.last + 1
        made = record(self._keys, file.id, number, plain)
        try:
            _write(file.handle, made)
        except OSError:
            self._cut(file, file.size)
            raise
        file.last = number
        file.size += len(made)

    def _cut(self, file: _File, size: int) -> None:
        """Behind half a record nobody would find another one: then the next is in a new file."""
        try:
            os.ftruncate(file.handle, size)
            file.size = size
        except OSError:
            self._leave(file)

    def _leave(self, file: _File) -> None:
        self._file = None
        self._recent = []
        os.close(file.handle)


def record(keys: TrailKeys, journal: bytes, number: int, plain: bytes) -> bytes:
    sealed = keys.seal_reading(journal, number, plain)
    return HEAD.pack(len(sealed), number) + sealed


def _write(handle: int, made: bytes) -> None:
    """Raises OSError, also where a part of it was written."""
    if os.write(handle, made) < len(made):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _new(folder: Path, entropy: Entropy) -> _File:
    """Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        journal = entropy(ID_BYTES)
        path = folder / f"{journal.hex()}{SUFFIX}"
        handle = os.open(path, _NEW, 0o600)
        # Before it is locked somebody may take it for one whose process is gone, and remove it.
        if locked(handle) and still_there(path, handle):
            return _File(journal, path, handle, os.getpid())
        os.close(handle)


def locked(handle: int) -> bool:
    """Whether it is ours from now on until it is closed. Never waits."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def still_there(path: Path, handle: int) -> bool:
    """Whether the file of that name is still the one that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
