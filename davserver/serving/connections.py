"""One client's connection: handshake, heads, requests, and an end that lets the answer arrive.

A thread works on it only while there is something to do. Whenever bytes are missing (of a
handshake, of a head, of the next request) it is parked in the selector until a deadline, so that
silent and trickling clients hold no thread.
"""

import contextlib
import socket
import ssl
from http import HTTPStatus
from time import monotonic
from typing import Protocol

from davserver.serving.compute import Turn
from davserver.serving.environ import Environ, connection_environ
from davserver.serving.framing import frame
from davserver.serving.gateway import Exchange, WorkerContext
from davserver.serving.head import FLAW_STATUS, BadHead, Head, HeadCutter, parse_head
from davserver.serving.logs import Complaints, network_class
from davserver.serving.replies import RETRY_SECONDS, refusal
from davserver.serving.steps import Stage, Step
from davserver.serving.tls import client_certificate, speaks_tls, wrap
from davserver.serving.wire import Cut, Gone, Wire

LINGER_BYTES = 8 * 1024 * 1024
"""What a refused client may still send while it reads the refusal; dropped as it comes."""


class Home(Protocol):
    """What a connection needs of its server."""

    context: WorkerContext
    tls: ssl.SSLContext | None
    port: int
    multiprocess: bool
    complaints: Complaints

    def is_alone(self) -> bool:
        """Whether there is one connection at most."""

    def turn(self) -> Turn:
        """That of the calling thread."""

    def came(self, connection: "Connection") -> None: ...
    def saw(self, connection: "Connection") -> None: ...
    def left(self, connection: "Connection") -> None: ...


class Connection:
    """What cheroot's threads need of a connection, and nothing of cheroot's own.

    `deadline`: until when it may stay parked, on the monotonic clock. `begun`: a request whose body
    is awaited meanwhile. `registered` belongs to the parking.
    """

    def __init__(self, server: Home, sock: socket.socket, address: tuple[str, int]) -> None:
        listener = server.context.listener
        self.remote_addr, self.remote_port = address
        self._server = server
        self._context = server.context
        self._limits = listener
        self._wire = Wire(sock, server.turn())
        self._cutter = HeadCutter(listener)
        self._skip = 0
        self._lingered = 0
        self._idle = False
        self.begun: Exchange | None = None
        self._is_new = True
        self._base: Environ = {}
        self._network = ""
        self._stage = Stage.HEADS if server.tls is None else Stage.GREETING
        first = listener.head_seconds if server.tls is None else listener.handshake_seconds
        self.deadline = monotonic() + first
        self.registered = False
        server.came(self)

    @property
    def socket(self) -> socket.socket:
        return self._wire.socket

    @property
    def rfile(self) -> Wire:
        """What cheroot asks for `has_data` and `closed`."""
        return self._wire

    # what the worker threads call

    def begin(self, turn: Turn) -> None:
        """A thread takes it on: it is no newcomer any more."""
        self._wire.turn = turn
        if self._is_new:
            self._is_new = False
            self._server.saw(self)

    def communicate(self) -> bool:
        """Goes as far as what has arrived allows. True: park it; False: close it."""
        try:
            while (step := self._step()) is Step.GO_ON:
                pass
        except Gone:
            return False
        return step is Step.PARK

    def close(self) -> None:
        self._server.left(self)
        self._wire.close()

    def leave(self) -> None:
        """Closes at once, unless the client is still reading a refusal."""
        until = monotonic() + self._limits.linger_seconds
        with contextlib.suppress(Gone):
            while self._stage is Stage.LINGERING and monotonic() < until:
                if self._wire.soon(0.1) and self._linger() is Step.CLOSE:
                    break
        self.close()

    # what other threads call

    def stop_reading(self) -> None:
        """A running upload ends with an error; an answer on its way goes on."""
        self._wire.stop_reading = True

    def stop_all(self) -> None:
        self._wire.stop_reading = self._wire.stop_all = True

    def expire(self) -> None:
        """The deadline has passed: says so if the client was in the middle of something."""
        self._give_up(Cut.SLOW)
        if self._stage is Stage.HEADS and self._wire.buffer and self.begun is None:
            self._say(HTTPStatus.REQUEST_TIMEOUT, "The request arrived too slowly.")
        self.close()

    def dismiss(self) -> None:
        """The server stops: says so if it awaited a body."""
        self._give_up(Cut.STOPPING)
        self.close()

    def turn_away(self) -> None:
        """There is no room: says when to come back, without waiting for anybody."""
        if self._stage is Stage.HEADS:
            text = "The server is busy; try again."
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, text, retry=RETRY_SECONDS)
            self._wire.finish_writing()
        self._context.log.warning("turned-away", pid=self._context.pid)
        self.close()

    def _say(self, status: HTTPStatus, text: str, *, request_id: str = "", retry: int = 0) -> None:
        with contextlib.suppress(Gone):
            self._wire.offer(refusal(status, text, request_id=request_id, retry=retry))

    # stages

    def _step(self) -> Step:
        match self._stage:
            case Stage.HEADS:  # first: all others come once in a connection's life
                return self._serve()
            case Stage.GREETING:
                return self._greet()
            case Stage.HANDSHAKE:
                return self._shake_hands()
            case Stage.LINGERING:
                return self._linger()

    def _greet(self) -> Step:
        """Looks at the first byte: TLS, or HTTP that lost its way."""
        tls = self._server.tls
        try:
            speaks = speaks_tls(self._wire.socket)
            if speaks is None:
                return Step.PARK
            if speaks and tls is not None:
                self._wire = Wire(wrap(tls, self._wire.socket), self._wire.turn)
                self._stage = Stage.HANDSHAKE
                return Step.GO_ON
        except OSError:
            raise Gone(Cut.RESET) from None
        self._say(HTTPStatus.BAD_REQUEST, "This address speaks HTTPS; begin it with https://.")
        return self._begin_lingering()

    def _shake_hands(self) -> Step:
        tls = self._wire.socket
        assert isinstance(tls, ssl.SSLSocket)  # noqa: S101 - `_greet` has wrapped it
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return Step.PARK
        except (OSError, ValueError):
            return Step.CLOSE
        self._stage = Stage.HEADS
        self.deadline = monotonic() + self._limits.head_seconds
        return Step.GO_ON

    def _serve(self) -> Step:
        try:
            exchange = self.begun or self._next_exchange()
        except BadHead as bad:
            return self._refuse(bad)
        if exchange is None or (exchange.awaited and self._awaits(exchange)):
            return Step.PARK
        if not exchange.run(self._base or self._environ(), self._network):
            return self._part(exchange)
        self._skip = exchange.unread
        self._idle = True
        self.deadline = monotonic() + self._limits.idle_seconds
        # The next request of a quick client may have arrived meanwhile. Parked, it would wake
        # another thread, with a cold processor: that is a sixth of a small reading.
        more = self._wire.has_data() or self._server.is_alone()
        return Step.GO_ON if more else Step.PARK

    def _next_exchange(self) -> Exchange | None:
        head = self._next_head()
        if head is None:
            return None
        return Exchange(self._context, self._wire, head, frame(head, self._limits.body_bytes))

    def _awaits(self, exchange: Exchange) -> bool:
        """Whether it waits for a small body, and no thread with it. Raises Gone."""
        self.begun = None
        patience = exchange.gather(self._network or network_class(self.remote_addr))
        if patience:
            self.begun, self.deadline = exchange, monotonic() + patience
        return patience > 0

    def _give_up(self, cut: Cut) -> None:
        if self.begun is not None:
            self.begun.give_up(cut)

    def _next_head(self) -> Head | None:
        wire = self._wire
        while True:
            if self._skip:
                self._skip -= wire.drop(self._skip)
            if wire.buffer:
                raw = self._cutter.cut(wire.buffer)
                if raw is not None:
                    return parse_head(raw, self._limits)
            if not wire.fill():
                break
        if self._idle and (wire.buffer or self._skip):
            self._idle = False
            self.deadline = monotonic() + self._limits.head_seconds
        return None

    def _refuse(self, bad: BadHead) -> Step:
        status = FLAW_STATUS[bad.flaw]
        request_id = self._context.number()
        self._environ()
        self._context.log.info(
            "refused",
            request=request_id,
            status=status.value,
            flaw=bad.flaw.value,
            pid=self._context.pid,
            network=self._network,
        )
        self._say(status, f"This request is refused: {bad.flaw.value}.", request_id=request_id)
        return self._begin_lingering()

    def _part(self, exchange: Exchange) -> Step:
        """After the last answer: waits a little for a client that has not finished sending."""
        if self._wire.closed or exchange.input.cut in {Cut.EOF, Cut.RESET}:
            return Step.CLOSE
        if exchange.complete and not self._wire.has_unread():
            return Step.CLOSE
        return self._begin_lingering()

    def _begin_lingering(self) -> Step:
        # Closing with unread bytes resets the connection, and the reset can overtake the answer
        # (RFC 9112 §9.6): say "no more from here", then drop what comes for a moment.
        self._wire.finish_writing()
        self._stage = Stage.LINGERING
        self.deadline = monotonic() + self._limits.linger_seconds
        return Step.GO_ON

    def _linger(self) -> Step:
        while count := self._wire.discard():
            self._lingered += count
            if self._lingered > LINGER_BYTES:
                return Step.CLOSE
        return Step.PARK if monotonic() < self.deadline else Step.CLOSE

    def _environ(self) -> Environ:
        """Made with the first request."""
        self._network = network_class(self.remote_addr)
        self._base = connection_environ(
            {
                "server_name": self._limits.host,
                "server_port": str(self._server.port),
                "remote_addr": self.remote_addr,
                "remote_port": str(self.remote_port),
                "scheme": "https" if self._server.tls else "http",
                "multiprocess": self._server.multiprocess,
                "errors": self._server.complaints,
                "certificate": client_certificate(self._wire.socket),
            }
        )
        return self._base
