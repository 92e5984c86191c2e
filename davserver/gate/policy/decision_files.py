"""The files of the decision log: one per day (UTC), read in order, removed after their term."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from policies.logged import Gap, Logged, read_line

Write = Callable[[int, bytes], int]
"""As `os.write`: how many of these bytes it wrote. Raises OSError."""

_ENDING = ".jsonl"
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_SEEN_BY_OTHERS = 0o077
_MINUTE = timedelta(minutes=1)
_MOST_LINE = 16 * 1024
"""Bytes. Ours are some hundred long; what is longer is damage, and not kept in memory."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that cannot be read."""

    file: Path
    line: int


class LogState(StrEnum):
    """What becomes of the log in a folder, as far as this account can tell."""

    OFF = "off"
    KEPT = "kept"
    TO_COME = "to-come"
    SEEN_BY_OTHERS = "seen-by-others"
    NO_FOLDER = "no-folder"
    CANNOT_BE_MADE = "cannot-be-made"
    NOT_WRITABLE = "not-writable"


class DayFile:
    """The day's file, open for a minute at most: somebody may take it away. Not thread-safe."""

    def __init__(self, folder: Path, write: Write = os.write) -> None:
        self._folder = folder
        self._write = write
        self._handle: int | None = None
        self._minute = self._over = datetime.min.replace(tzinfo=UTC)

    def append(self, now: datetime, data: bytes) -> int:
        """How many bytes were written, in one call. Raises OSError."""
        if self._handle is None or not self._minute <= now < self._over:
            self.close()
            self._handle = _opened(self._folder, f"{now.astimezone(UTC).date()}{_ENDING}")
            self._minute = now.replace(second=0, microsecond=0)
            self._over = self._minute + _MINUTE
        return self._write(self._handle, data)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._handle = None


def _opened(folder: Path, name: str) -> int:
    try:
        return os.open(folder / name, _FLAGS, 0o600)
    except FileNotFoundError:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / name, _FLAGS, 0o600)


def days_in(folder: Path) -> list[tuple[date, Path]]:
    """The log's own files, oldest first; whatever else lies there is not ours. Raises OSError."""
    found = []
    for file in folder.glob(f"*{_ENDING}"):
        try:
            found.append((date.fromisoformat(file.stem), file))
        except ValueError:
            continue
    return sorted(found)


def state_of_log(folder: Path | None) -> LogState:
    """None: policy.decisions is none. Raises OSError."""
    if folder is None:
        return LogState.OFF
    if folder.is_dir():
        return _state_in(folder)
    if folder.exists():
        return LogState.NO_FOLDER
    can_be = folder.parent.is_dir() and os.access(folder.parent, os.R_OK | os.W_OK | os.X_OK)
    return LogState.TO_COME if can_be else LogState.CANNOT_BE_MADE


def closed_place(folder: Path) -> Path | None:
    """The folder, or the day's file, if this account cannot write there: another one may have begun
    it. Raises OSError.
    """
    places = [folder, *[file for _, file in days_in(folder)][-1:]]
    return next((one for one in places if not os.access(one, os.W_OK)), None)


def _state_in(folder: Path) -> LogState:
    if closed_place(folder) is not None:
        return LogState.NOT_WRITABLE
    is_seen = stat.S_IMODE(folder.stat().st_mode) & _SEEN_BY_OTHERS
    return LogState.SEEN_BY_OTHERS if is_seen else LogState.KEPT


def remove_older(folder: Path, keep: timedelta, now: datetime) -> int:
    """Removes each file whose last line is older than `keep`. Raises OSError."""
    removed = 0
    for day, file in days_in(folder) if folder.is_dir() else ():
        over = datetime.combine(day + timedelta(days=1), time(0), UTC)
        if over + keep <= now:
            # Another process may be at it too.
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def files_since(folder: Path, since: datetime) -> list[Path]:
    """Those that may hold what was decided from then on, oldest first. Raises OSError."""
    return [file for day, file in days_in(folder) if day >= since.astimezone(UTC).date()]


def read_file(file: Path) -> Iterator[Logged | Gap | Damage]:
    """A line at a time. Raises OSError."""
    with file.open("rb") as lines:
        for number, line in enumerate(_lines(lines), 1):
            if line == b"\n":
                continue
            try:
                yield read_line(line)
            except (ValueError, RecursionError):
                yield Damage(file, number)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Each with its end; of one that is too long, the beginning."""
    while line := file.readline(_MOST_LINE):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_MOST_LINE)
        yield line
