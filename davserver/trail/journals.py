"""Every journal of readings on this machine, those of processes that are gone too."""

import os
from collections.abc import Iterator
from pathlib import Path

from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.events import Events
from davserver.domain.ids import id_from_text
from davserver.sealing.trail import TrailKeys
from davserver.trail.journal import HEAD, SUFFIX, Noted, locked, still_there
from davserver.trail.opening import decoded

DAMAGED = ".damaged"

_log = Events(__name__)


class Found:
    """A journal that somebody else may be writing. Close it."""

    def __init__(self, journal: bytes, path: Path, handle: int) -> None:
        self.id = journal
        self._path = path
        self._handle = handle
        self._odd = False
        self.left = locked(handle)
        """Its process is gone: it is ours, until it is closed."""

    def noted(self, keys: TrailKeys, after: int) -> list[Noted]:
        """All whole records of higher numbers, in order. Raises OSError."""
        raw = os.pread(self._handle, os.fstat(self._handle).st_size, 0)
        some = list(self._opened(keys, raw, after))
        if self._odd:
            sound(Alarm.JOURNAL_DAMAGED, id=self.id.hex())
        return some

    def remove(self) -> None:
        """It is told: all but what does not open, which is kept aside. Raises OSError."""
        if not self.left or not still_there(self._path, self._handle):
            return
        if self._odd:
            self._path.rename(self._path.with_suffix(DAMAGED))
        else:
            self._path.unlink()

    def close(self) -> None:
        os.close(self._handle)

    def _opened(self, keys: TrailKeys, raw: bytes, after: int) -> Iterator[Noted]:
        before = None
        for number, sealed in _records(raw):
            if before is not None and number != before + 1:
                self._odd = True
                if number <= before:
                    continue
            if number > after:
                try:
                    opening, at = decoded(keys.open_reading(self.id, number, sealed))
                except Damaged:
                    # In a living one it may be that its beginning was cut off while we read.
                    self._odd |= self.left
                    continue
                yield Noted(self.id, number, opening, at)
            before = number


def found(folder: Path) -> Iterator[Found]:
    """What another user of this machine keeps for themselves is left out, and logged. Raises
    OSError.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        one = _of(path)
        if one is not None:
            yield one


def _of(path: Path) -> Found | None:
    try:
        journal = id_from_text(path.stem)
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, ValueError):
        return None
    except PermissionError:
        _log.warning("readings-of-another-user", journal=path.stem)
        return None
    return Found(journal, path, handle)


def _records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """What follows the last whole one was never acknowledged, or is being written now."""
    at = 0
    while at + HEAD.size <= len(raw):
        length, number = HEAD.unpack_from(raw, at)
        at += HEAD.size + length
        if not length or at > len(raw):
            return
        yield number, raw[at - length : at]
