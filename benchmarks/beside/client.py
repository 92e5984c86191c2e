"""The client of the comparison. It shares the machine with the server, so it does little: sockets,
one thread, and one selector where several connections are served at a time.
"""

import base64
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from benchmarks.beside.replies import Reply, Wrong

HERE = "127.0.0.1"
"""Nothing leaves the machine."""
_ROOM = 1 << 20
_LATER = (BlockingIOError, ssl.SSLWantReadError)
_GONE = (ConnectionError, ssl.SSLEOFError)


@dataclass(frozen=True, slots=True)
class Place:
    """A server on this machine, and who asks it."""

    port: int
    user: str
    password: str
    tls: bool = False
    patience: float = 120

    @property
    def basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{HERE}:{self.port}"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, the statuses that are right, and the body that is, if any is known."""

    method: str
    path: str
    fine: tuple[int, ...]
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    gives: bytes | None = None

    def check(self, reply: Reply) -> Reply:
        if reply.status not in self.fine:
            raise Wrong(f"{self.method} {self.path}: {reply.status}")
        if self.gives is not None and reply.body != self.gives:
            raise Wrong(f"{self.method} {self.path}: other bytes than were put there")
        return reply


@dataclass(slots=True)
class Line:
    """One connection that is kept. It is made when first needed, and again when it was closed."""

    place: Place
    shy: bool = False
    """Without credentials."""
    _socket: socket.socket | None = None
    _room: memoryview = field(default_factory=lambda: memoryview(bytearray(_ROOM)))

    def ask(self, ask: Ask) -> Reply:
        """One request and its whole answer, checked."""
        return ask.check(self._again(lambda: self._once(ask)))

    def send_all(self, ask: Ask, size: int, pieces: Callable[[], Iterator[memoryview]]) -> Reply:
        """A request with a body that is not kept in one piece."""

        def once() -> Reply:
            to = self.opened()
            to.sendall(self.head(ask, size))
            for piece in pieces():
                to.sendall(piece)
            return self._reply(to, Reply())

        return ask.check(self._again(once))

    def fetch(self, ask: Ask, into: memoryview) -> int:
        """The bytes of a large answer, straight to where they belong; how many there were."""
        to = self.opened()
        to.sendall(self.head(ask, None))
        reply = Reply()
        while not reply.status:
            self._take(to, reply)
        ask.check(reply)
        size, got = reply.length, len(reply.received)
        if size is None or size > len(into):
            raise Wrong(f"{ask.path}: a length of {size}")
        into[:got] = reply.received
        while got < size:
            more = to.recv_into(into[got:size])
            if more == 0:
                raise Wrong(f"{ask.path} ended after {got} of {size} bytes")
            got += more
        self._closed_after(reply)
        return got

    def start(self, ask: Ask) -> socket.socket:
        """Sends a request; whoever called reads the answer by `more`."""
        to = self.opened()
        to.setblocking(True)
        to.sendall(self.head(ask, None if ask.body is None else len(ask.body)) + (ask.body or b""))
        to.setblocking(False)
        return to

    def more(self, reply: Reply) -> bool:
        """Whatever is there now; whether the answer is complete."""
        to = self.opened()
        while True:
            try:
                count = to.recv_into(self._room)
            except _LATER:
                return False
            if count == 0 and not reply.ended():
                raise ConnectionError("the server closed the connection")
            if count == 0 or reply.take(self._room[:count]):
                return True

    def head(self, ask: Ask, size: int | None) -> bytes:
        lines = [f"{ask.method} {ask.path} HTTP/1.1", f"Host: {HERE}:{self.place.port}"]
        if not self.shy:
            lines.append(f"Authorization: Basic {self.place.basic}")
        lines += [f"{name}: {value}" for name, value in ask.headers]
        if size is not None:
            lines.append(f"Content-Length: {size}")
        return "\r\n".join([*lines, "", ""]).encode()

    def opened(self) -> socket.socket:
        if self._socket is None:
            made = socket.create_connection((HERE, self.place.port), self.place.patience)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = _in_tls(made) if self.place.tls else made
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _once(self, ask: Ask) -> Reply:
        to = self.opened()
        body = ask.body or b""
        to.sendall(self.head(ask, None if ask.body is None else len(body)) + body)
        return self._reply(to, Reply(bodiless=ask.method == "HEAD"))

    def _reply(self, to: socket.socket, reply: Reply) -> Reply:
        while not self._take(to, reply):
            pass
        self._closed_after(reply)
        return reply

    def _take(self, to: socket.socket, reply: Reply) -> bool:
        count = to.recv_into(self._room)
        if count == 0:
            if not reply.ended():
                raise ConnectionError("the server closed the connection")
            return True
        return reply.take(self._room[:count])

    def _closed_after(self, reply: Reply) -> None:
        if reply.closes:
            self.close()

    def _again(self, once: Callable[[], Reply]) -> Reply:
        """A kept connection may have been closed meanwhile: then once more on a new one."""
        kept = self._socket is not None
        try:
            return once()
        except _GONE:
            self.close()
            if not kept:
                raise
            return once()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Timed:
    """How long each request took, and all of them, in seconds, without what is done in between."""

    each: list[float]
    whole: float

    @property
    def rate(self) -> float:
        return len(self.each) / self.whole


def in_turn(line: Line, asks: Iterable[Ask], limit: float) -> Timed:
    """One after the other, for so many seconds at the longest."""
    each: list[float] = []
    begun = time.perf_counter()
    for ask in asks:
        start = time.perf_counter()
        line.ask(ask)
        end = time.perf_counter()
        each.append(end - start)
        if end - begun > limit:
            break
    return Timed(each, sum(each))


@dataclass(slots=True)
class _Busy:
    line: Line
    ask: Ask
    reply: Reply
    since: float


def side_by_side(place: Place, asks: Sequence[Ask], lines: int, limit: float) -> Timed:
    """The same over several connections, each with one request at a time."""
    each: list[float] = []
    begun = time.perf_counter()
    to_do = iter(asks)
    with selectors.DefaultSelector() as ready:
        pool = [Line(place) for _ in range(lines)]
        for line in pool:
            _next(ready, line, to_do)
        while ready.get_map():
            events = ready.select(place.patience)
            if not events:
                raise Wrong("no answer came")
            for key, _ in events:
                busy: _Busy = key.data
                if not busy.line.more(busy.reply):
                    continue
                now = time.perf_counter()
                each.append(now - busy.since)
                busy.ask.check(busy.reply)
                if busy.reply.closes or now - begun > limit or not _next(ready, busy.line, to_do):
                    ready.unregister(key.fileobj)
                    busy.line.close()
                    if now - begun < limit:
                        _next(ready, busy.line, to_do)
        whole = time.perf_counter() - begun
    return Timed(each, whole)


def _next(ready: selectors.BaseSelector, line: Line, to_do: Iterator[Ask]) -> bool:
    ask = next(to_do, None)
    if ask is None:
        return False
    since = time.perf_counter()
    to, busy = line.start(ask), _Busy(line, ask, Reply(), since)
    keep = ready.modify if to in ready.get_map() else ready.register
    keep(to, selectors.EVENT_READ, busy)
    return True


def _in_tls(made: socket.socket) -> ssl.SSLSocket:
    # The certificate was made a moment ago for this run; nothing but its cost matters here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(made, server_hostname="localhost")
