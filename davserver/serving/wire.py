"""A client's bytes, both ways: no wait without a limit, and no compute slot held while waiting."""

import contextlib
import fcntl
import select
import socket
import ssl
import struct
import termios
from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import TypeVar

from davserver.serving.compute import SLOW_SECONDS, Turn
from davserver.serving.rates import Pace

Given = TypeVar("Given")

BLOCK = 256 * 1024
"""Bytes asked of the kernel at a time."""

_LARGE = 16 * 1024
"""Bytes that are not worth copying to save a few microseconds elsewhere."""

STEP = 0.25
"""Seconds between two looks at the stop flags while waiting."""

_RESET = struct.pack("ii", 1, 0)


class Cut(StrEnum):
    """Why a transfer ended before its end."""

    EOF = "closed-early"
    RESET = "reset"
    SLOW = "too-slow"
    STOPPING = "server-stopping"


class Gone(Exception):
    """The other side gets or gives no more bytes; `cut` says why."""

    def __init__(self, cut: Cut) -> None:
        super().__init__(cut.value)
        self.cut = cut


class Wire:
    """One non-blocking socket, plain or TLS. `turn` is that of the thread at work on it.

    `buffer`: what has arrived and was not taken yet; the head reader looks here. `received` and
    `sent` count the bytes of the HTTP stream. `stop_reading` and `stop_all` are set
    by another thread and end waiting transfers with `Gone(Cut.STOPPING)` within `STEP` seconds.
    """

    def __init__(self, sock: socket.socket, turn: Turn) -> None:
        sock.setblocking(False)
        self.turn = turn
        self.buffer = bytearray()
        self._poll: dict[int, select.poll] = {}
        self.socket = sock
        self.closed = False
        self.received = 0
        self.sent = 0
        self.stop_reading = False
        self.stop_all = False

    # reading

    def has_data(self) -> bool:
        """Whether bytes wait on this side of the kernel, where no selector sees them."""
        if self.buffer:
            return True
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def has_unread(self) -> bool:
        """Whether anything has arrived that nobody has read, in the kernel too."""
        return self.has_data() or self._ask_kernel(termios.FIONREAD) > 0

    def fill(self) -> bool:
        """Moves what has arrived into the buffer; False when nothing has. Raises Gone."""
        data = self._receive(BLOCK // 4)
        if data is None:
            return False
        self.buffer += data
        return True

    def discard(self) -> int:
        """Reads what has arrived and forgets it, below TLS; how many bytes. Raises Gone."""
        try:
            data = socket.socket.recv(self.socket, BLOCK)
        except BlockingIOError:
            return 0
        except (OSError, ValueError):
            raise Gone(Cut.RESET) from None
        if not data:
            raise Gone(Cut.EOF)
        return len(data)

    def drop(self, count: int) -> int:
        """Throws away up to `count` buffered bytes; how many."""
        dropped = min(count, len(self.buffer))
        del self.buffer[:dropped]
        return dropped

    def take(self, limit: int, pace: Pace) -> bytes:
        """From 1 to `limit` bytes, as soon as there are any. Raises Gone."""
        if self.stop_reading:
            raise Gone(Cut.STOPPING)
        if self.buffer:
            data = bytes(self.buffer[:limit])
            del self.buffer[:limit]
            return data
        while (received := self._receive(min(limit, BLOCK))) is None:
            self._wait(select.POLLIN, pace)
        pace.moved(len(received))
        return received

    def take_into(self, room: memoryview, pace: Pace) -> int:
        """As `take`, into the beginning of `room`, which has at least one byte: without an object
        for each piece that arrives. How many bytes. Raises Gone.
        """
        if self.stop_reading:
            raise Gone(Cut.STOPPING)
        if self.buffer:
            count = min(len(room), len(self.buffer))
            room[:count] = self.buffer[:count]
            del self.buffer[:count]
            return count
        while not (count := self._receive_into(room)):
            self._wait(select.POLLIN, pace)
        pace.moved(count)
        return count

    def take_line(self, limit: int, pace: Pace) -> bytes | None:
        """A line with its LF; None if `limit` bytes hold no LF. Raises Gone."""
        if self.stop_reading:
            raise Gone(Cut.STOPPING)
        while (end := self.buffer.find(b"\n", 0, limit)) < 0:
            if len(self.buffer) >= limit:
                return None
            known = len(self.buffer)
            while not self.fill():
                self._wait(select.POLLIN, pace)
            pace.moved(len(self.buffer) - known)
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        return line

    def soon(self, seconds: float) -> bool:
        """Whether something arrives within that time."""
        with self.turn.waiting():
            return bool(self._poller(select.POLLIN).poll(seconds * 1000))

    def _receive(self, limit: int) -> bytes | None:
        try:
            data = self.socket.recv(limit)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (OSError, ValueError):
            raise Gone(Cut.RESET) from None
        if not data:
            raise Gone(Cut.EOF)
        self.received += len(data)
        return data

    def _receive_into(self, room: memoryview) -> int:
        """How many bytes: none when nothing has arrived. Raises Gone."""
        count = 0
        try:
            count = self.socket.recv_into(room, len(room))
            if not count:
                raise Gone(Cut.EOF)
            # TLS gives one record at a time, of 16 KiB at the most (RFC 8446 §5.1); Python measures
            # the room for each, unless it is told. An end after some of them shows the next time.
            more = count if isinstance(self.socket, ssl.SSLSocket) else 0
            while more and count < len(room):
                more = self.socket.recv_into(room[count:], len(room) - count)
                count += more
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass  # what came before counts
        except (OSError, ValueError):
            raise Gone(Cut.RESET) from None
        self.received += count
        return count

    # writing

    def write_both(self, head: bytes, data: bytes | memoryview, pace: Pace) -> None:
        """Both at once, so that a small answer is one packet. Raises Gone."""
        if len(data) < _LARGE or isinstance(self.socket, ssl.SSLSocket):
            self.write(head + data, pace)
            return
        sent = self._hand_over(self.socket.sendmsg, (head, data))
        if sent < len(head):
            self.write(head[sent:], pace)
        if sent < len(head) + len(data):
            self.write(memoryview(data)[max(0, sent - len(head)) :], pace)

    def write(self, data: bytes | memoryview, pace: Pace) -> None:
        """Hands all of `data` to the kernel. Raises Gone."""
        sent = self._hand_over(self.socket.send, data)
        if sent < len(data):
            self._write_rest(memoryview(data)[sent:], pace)

    def _write_rest(self, rest: memoryview, pace: Pace) -> None:
        while rest:
            sent = self.offer(rest)
            if sent:
                rest = rest[sent:]
            else:
                self._wait_writing(pace)

    def offer(self, data: bytes | memoryview) -> int:
        """Hands over what the kernel takes now, perhaps nothing. Raises Gone."""
        return self._hand_over(self.socket.send, data)

    def _hand_over(self, send: Callable[[Given], int], data: Given) -> int:
        if self.stop_all:
            raise Gone(Cut.STOPPING)
        try:
            sent = send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except (OSError, ValueError):
            raise Gone(Cut.RESET) from None
        self.sent += sent
        return sent

    def _wait_writing(self, pace: Pace) -> None:
        # The kernel says "writable" in large steps only, up to megabytes apart. What the other side
        # has acknowledged meanwhile is the honest measure of how slowly it reads.
        before = self._unacknowledged()
        self._wait(select.POLLOUT, pace)
        pace.moved(max(0, before - self._unacknowledged()))

    def _unacknowledged(self) -> int:
        return self._ask_kernel(termios.TIOCOUTQ)

    def _ask_kernel(self, question: int) -> int:
        try:
            answer = fcntl.ioctl(self.socket.fileno(), question, b"\0\0\0\0")
        except (OSError, ValueError):
            raise Gone(Cut.RESET) from None
        return int(struct.unpack("i", answer)[0])

    # waiting

    def _wait(self, event: int, pace: Pace) -> None:
        """Returns when the event may have come or one step has passed. Raises Gone."""
        if pace.lost:
            raise Gone(Cut.SLOW)
        started, step = monotonic(), STEP if self.turn.replaced else SLOW_SECONDS
        with self.turn.waiting():
            self._poller(event).poll(max(1, min(step, pace.left) * 1000))
        self.turn.kept(pace.waited(monotonic() - started))
        if self.stop_all or (self.stop_reading and event == select.POLLIN):
            raise Gone(Cut.STOPPING)

    def _poller(self, event: int) -> select.poll:
        poller = self._poll.get(event)
        if poller is None:
            poller = self._poll[event] = select.poll()
            poller.register(self.socket.fileno(), event)
        return poller

    # the end

    def finish_writing(self) -> None:
        """Says "no more from here" (TLS close_notify, FIN) and leaves reading open."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.socket, ssl.SSLSocket):
                self._close_notify(self.socket)
            # SSLSocket.shutdown would throw the TLS state away.
            socket.socket.shutdown(self.socket, socket.SHUT_WR)

    @staticmethod
    def _close_notify(tls: ssl.SSLSocket) -> None:
        with contextlib.suppress(OSError, ValueError):
            tls.unwrap()

    def close(self) -> None:
        self._release(abort=False)

    def abort(self) -> None:
        """Ends with a reset: the only end that no client can take for a complete answer."""
        self._release(abort=True)

    def _release(self, *, abort: bool) -> None:
        if self.closed:
            return
        self.closed = True
        with contextlib.suppress(OSError, ValueError):
            if abort:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            elif isinstance(self.socket, ssl.SSLSocket):
                self._close_notify(self.socket)
        with contextlib.suppress(OSError, ValueError):
            self.socket.close()
