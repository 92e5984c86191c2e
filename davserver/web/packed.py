"""Many small rows in little memory: for what is gathered while something large goes by."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK = 64 * 1024


@dataclass(slots=True)
class Packed:
    """Rows go in one after the other, and come out in blocks of several, in the same order."""

    _blocks: list[bytes] = field(default_factory=list)
    _waiting: list[bytes] = field(default_factory=list)
    _size: int = 0

    def add(self, row: bytes) -> None:
        self._waiting.append(row)
        self._size += len(row)
        if self._size >= _BLOCK:
            self._blocks.append(zlib.compress(b"".join(self._waiting)))
            self._waiting, self._size = [], 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            yield zlib.decompress(block)
        if self._waiting:
            yield b"".join(self._waiting)
