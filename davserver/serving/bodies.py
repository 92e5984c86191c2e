"""A request body that ends where it was announced to end, or not at all."""

from typing import Final, Protocol

from davserver.serving.rates import Pace
from davserver.serving.wire import Cut, Gone, Wire


class Body(Protocol):
    """`complete` is True once every announced byte has been read. `unread`: how many bytes are
    still to come, None when only the sender knows.
    """

    complete: bool

    def some(self, limit: int) -> bytes:
        """From 1 to `limit` bytes; nothing only when complete. Raises Gone, BadInput, TooLarge."""

    def into(self, room: memoryview) -> int:
        """As `some`, into the beginning of `room`; how many bytes."""

    @property
    def unread(self) -> int | None: ...


class NoBody:
    """What most requests have: one for all of them."""

    complete = True
    unread = 0

    def some(self, limit: int) -> bytes:  # noqa: ARG002 — there is nothing
        return b""

    def into(self, room: memoryview) -> int:  # noqa: ARG002 — as of any body
        return 0


NO_BODY: Final = NoBody()


SMALL = 64 * 1024
"""Bytes of a body that may be awaited in memory, as a form is."""


class LengthBody:
    """A body of a known length (RFC 9112 §6.2); nothing beyond it is ever read."""

    def __init__(self, wire: Wire, length: int, pace: Pace) -> None:
        self._wire = wire
        self._pace = pace
        self.unread = length
        self.complete = length == 0

    @property
    def patience(self) -> float:
        """Seconds for which somebody waits for its next byte."""
        return self._pace.left

    def gather(self, waited: float) -> bool:
        """Takes in what has arrived, after `waited` seconds; whether it is whole. Raises Gone."""
        buffer = self._wire.buffer
        before = len(buffer)
        while len(buffer) < self.unread and self._wire.fill():
            pass
        self._pace.waited(waited)
        self._pace.moved(len(buffer) - before)
        if len(buffer) < self.unread and self._pace.lost:
            raise Gone(Cut.SLOW)
        return len(buffer) >= self.unread

    def some(self, limit: int) -> bytes:
        if self.complete:
            return b""
        data = self._wire.take(min(limit, self.unread), self._pace)
        self.unread -= len(data)
        self.complete = not self.unread
        return data

    def into(self, room: memoryview) -> int:
        if self.complete:
            return 0
        count = self._wire.take_into(room[: self.unread], self._pace)
        self.unread -= count
        self.complete = not self.unread
        return count
