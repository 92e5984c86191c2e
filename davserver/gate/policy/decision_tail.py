"""The decision log from its end backwards: what was decided last, without reading all of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from davserver.gate.policy.decision_files import files_since

_BLOCK = 256 * 1024
_LONGEST_LINE = 16 * 1024
_BEGIN = b'{"at":"'
_OUT_OF_ORDER = timedelta(hours=1)
"""A line says when its request began to be decided, and is written when that one is answered."""
_IN_A_ROW = 50
"""So many lines of earlier make sure that the rest is earlier too: a clock may have been wrong."""


class Tail:
    """The lines since a moment, the last written first; of which at most `most` bytes are read.
    Used once, by one thread.
    """

    def __init__(self, folder: Path, since: datetime, most: int) -> None:
        self._folder = folder
        self._since = since
        self._left = most
        self.is_cut = False
        """Whether there are more, which were not read."""

    def __iter__(self) -> Iterator[bytes]:
        """Raises OSError."""
        begin = _as_written(self._since - _OUT_OF_ORDER)
        earlier = 0
        for path in reversed(files_since(self._folder, self._since)):
            with path.open("rb") as file:
                for line in self._lines(file):
                    is_earlier = line.startswith(_BEGIN) and line[len(_BEGIN) :] < begin
                    earlier = earlier + 1 if is_earlier else 0
                    if earlier == _IN_A_ROW:
                        return
                    yield line
            if self.is_cut:
                return

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        """Whole ones, without their end: what a process is writing just now has none yet."""
        at, rest = file.seek(0, SEEK_END), b""
        is_last = True
        while at:
            size = min(_BLOCK, at, self._left)
            if not size:
                self.is_cut = True
                return
            at, self._left = at - size, self._left - size
            file.seek(at)
            lines = (file.read(size) + rest).split(b"\n")
            if is_last:
                is_last = len(lines) == 1
                lines.pop()
            # The first of a block may have begun in the one before.
            rest = lines.pop(0)[-_LONGEST_LINE:] if at and lines else b""
            yield from reversed(lines)


def _as_written(at: datetime) -> bytes:
    """As `2026-11-26T08:30:01.250Z` begins: such moments are in the order of their letters."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds").encode()
