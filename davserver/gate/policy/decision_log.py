"""The decision log (docs/policy/replay.md): what each request of the drive and of
the pages was answered, counted.

One write per request to the end of the day's file: lines of many processes do not mix, and nothing
waits for the disk. A log that cannot be written never stands in a request's way.
"""

import errno
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from davserver.domain.alarms import Alarm, sound
from davserver.domain.events import Events
from davserver.domain.people import Principal
from davserver.gate.policy.decision_files import DayFile, Write, remove_older
from policies.logged import gap_line, lines_of

log = Events(__name__)

MOST_WAITING = 4 * 1024 * 1024
"""Some ten thousand lines."""

_PAUSE = timedelta(seconds=1)
"""Between two tries at a folder that could not be written."""


class DecisionLog:
    """One per process, thread-safe. `folder` None: none is kept. `most_waiting`: bytes that are
    kept in memory while the folder cannot be written; `write`: as `os.write`.
    """

    def __init__(
        self,
        folder: Path | None,
        keep: timedelta,
        clock: Callable[[], datetime],
        *,
        most_waiting: int = MOST_WAITING,
        write: Write = os.write,
    ) -> None:
        self._folder = folder
        self._keep = keep
        self._clock = clock
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._file = None if folder is None else DayFile(folder, write)
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._lost = 0
        self._next_try = datetime.min.replace(tzinfo=UTC)

    def write(self, who: Principal, request: str | None) -> None:
        """What was counted since the last time. Never raises for what the disk says."""
        tally, file = who.tally, self._file
        counted = tally.take() if tally is not None else ()
        if not counted or file is None:
            return
        data = lines_of(counted, request)
        with self._lock:
            rest = data if self._waiting else self._append(file, data)
            if rest:
                self._put_by(file, rest)

    def sweep(self, now: datetime) -> None:
        """Removes what is older than the term; writes what still waits."""
        if self._folder is None or self._file is None:
            return
        with self._lock:
            if self._waiting:
                self._write_waiting(self._file)
        try:
            remove_older(self._folder, self._keep, now)
        except OSError as error:
            log.warning("decisions-not-removed", error=_word(error))

    def close(self) -> None:
        """The last try for what waits."""
        if self._file is None:
            return
        with self._lock:
            if self._waiting and not self._write_waiting(self._file):
                sound(Alarm.DECISIONS_LOST, lines=self._lost + _lines(self._waiting))
            self._file.close()

    # ── under the lock ──────────────────────────────────────────────────────────────────────────

    def _put_by(self, file: DayFile, data: bytes) -> None:
        if self._size + len(data) > self._most_waiting:
            self._lost += _lines([data])
        else:
            self._waiting.append(data)
            self._size += len(data)
        if self._clock() >= self._next_try:
            self._write_waiting(file)

    def _write_waiting(self, file: DayFile) -> bool:
        """Everything in one write; then what was lost meanwhile."""
        lines = _lines(self._waiting)
        rest = self._append(file, b"".join(self._waiting))
        if rest:
            self._waiting = deque([rest])
            self._size = len(rest)
            self._next_try = self._clock() + _PAUSE
            return False
        self._waiting.clear()
        self._size = 0
        log.info("decisions-written-again", lines=lines, lost=self._lost)
        if self._lost and not self._append(file, gap_line(self._clock(), self._lost)):
            self._lost = 0
        return True

    def _append(self, file: DayFile, data: bytes) -> bytes:
        """What could not be written: b"" when all is there."""
        try:
            written = file.append(self._clock(), data)
        except OSError as error:
            self._tell(error)
            return data
        if written == len(data):
            return b""
        self._tell(OSError(errno.ENOSPC, "the disk is full"))
        whole = data.rfind(b"\n", 0, written) + 1
        # The half line that stands there now must not spoil the next one.
        return data[whole:] if whole == written else b"\n" + data[whole:]

    def _tell(self, error: OSError) -> None:
        """Once, until it is well again."""
        if not self._waiting:
            log.warning("decisions-not-written", error=_word(error))


def _lines(waiting: Iterable[bytes]) -> int:
    return sum(one.strip(b"\n").count(b"\n") + 1 for one in waiting)


def _word(error: OSError) -> str:
    """Without the path, which can be anybody's name."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
