"""Pieces that one thread brings and another works on: an upload is received while it is sealed."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Self

from davserver.db.aside import waiting
from davserver.vault.pieces import Piece


class Beside:
    """Does `work` on each piece, in their order, in a thread of its own.

    Pieces lie in at most `rooms` rooms of `size` bytes, which are used again: whoever wants more
    waits for the work. What the work raises is raised to whoever brings, with the next room or at
    the end. Use it in a `with`: an error in the block ends the thread, pieces that still waited are
    not worked on.
    """

    def __init__(self, work: Callable[[Piece], None], rooms: int, size: int) -> None:
        self._work = work
        self._pieces: SimpleQueue[Piece | None] = SimpleQueue()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._to_make = rooms
        self._size = size
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def room(self) -> memoryview:
        """One that nobody uses now: for the next piece."""
        room = self._free_one()
        if self._error is not None:
            raise self._error
        return room

    def bring(self, piece: Piece) -> None:
        self._pieces.put(piece)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Without an error in the block: all pieces are worked on now."""
        if error is not None and self._error is None:
            self._error = error
        self._pieces.put(None)
        with waiting():
            self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _free_one(self) -> memoryview:
        if not self._free.empty():
            return self._free.get()
        if self._to_make:
            self._to_make -= 1
            return memoryview(bytearray(self._size))
        with waiting():
            return self._free.get()

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                try:
                    self._work(piece)
                except BaseException as error:  # noqa: BLE001 — raised where the piece came from
                    self._error = error
            self._free.put(piece.room)
