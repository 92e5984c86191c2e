"""Pieces that one thread brings and another works on: an upload is received while it is sealed."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Self

from davserver.db.aside import waiting


class Beside:
    """Does `work` on each piece, in their order, in a thread of its own.

    At most `ahead` pieces wait: whoever brings more waits for the work. What the work raises is
    raised to whoever brings, at the next piece or at the end. Use it in a `with`: an error in the
    block ends the thread, pieces that still waited are not worked on.
    """

    def __init__(self, work: Callable[[bytes], None], ahead: int) -> None:
        self._work = work
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(ahead):
            self._room.put(None)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def bring(self, piece: bytes) -> None:
        if self._room.empty():
            with waiting():
                self._room.get()
        else:
            self._room.get()
        if self._error is not None:
            raise self._error
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

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                try:
                    self._work(piece)
                except BaseException as error:  # noqa: BLE001 — raised where the piece came from
                    self._error = error
            self._room.put(None)
