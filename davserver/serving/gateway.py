"""One request through the application: its answer arrives whole, or is visibly broken off."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from types import TracebackType
from typing import Any, Final, Protocol, TypeAlias

from davserver.domain.drive import Piece
from davserver.domain.errors import TooLarge
from davserver.serving.bodies import NO_BODY, SMALL, Body, LengthBody
from davserver.serving.chunked import ChunkedBody
from davserver.serving.environ import Environ, request_environ
from davserver.serving.framing import Framing
from davserver.serving.head import Head
from davserver.serving.health import PATH as HEALTH_PATH
from davserver.serving.health import HealthPage, Phase
from davserver.serving.input import Input
from davserver.serving.logs import METHODS, Answered, Log
from davserver.serving.rates import Pace
from davserver.serving.replies import RETRY_SECONDS, Reply, refusal
from davserver.serving.settings import Listener
from davserver.serving.wire import Cut, Gone, Wire

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
WSGIApp: TypeAlias = Callable[[Environ, Callable[..., Any]], Iterable[Piece]]

CUT_ANSWERS = {
    Cut.EOF: (HTTPStatus.BAD_REQUEST, "The request ended before its body was complete."),
    Cut.RESET: (HTTPStatus.BAD_REQUEST, "The request ended before its body was complete."),
    Cut.SLOW: (HTTPStatus.REQUEST_TIMEOUT, "The request arrived too slowly."),
    Cut.STOPPING: (HTTPStatus.SERVICE_UNAVAILABLE, "The server is stopping; try again."),
}
"""The answer when a body was cut and the application leaves the answer to us."""


_SEQUENCES = (list, tuple)
_DRAINING = Phase.DRAINING
_FORM = "application/x-www-form-urlencoded"
_NO_INPUT: Final = Input(NO_BODY, None)
"""Of all requests without a body: nothing in it can change."""


class Life(Protocol):
    """Where a worker is in its life."""

    phase: Phase


@dataclass(frozen=True)
class WorkerContext:
    """What every request of a worker shares."""

    app: WSGIApp
    listener: Listener
    health: HealthPage
    log: Log
    life: Life
    number: Callable[[], str]
    pid: int


class Onward:
    """Whether the connection can carry another request. Knows no exchange: two objects that know
    each other wait for the collector, and with them all that the request was.
    """

    __slots__ = ("_body", "_context", "_input", "_persistent")

    def __init__(self, context: WorkerContext, head: Head, body: Body, source: Input) -> None:
        self._context = context
        self._persistent = head.persistent
        self._body = body
        self._input = source

    def __call__(self) -> bool:
        """Whether the next request's beginning will be found, and may still come."""
        unread = self._body.unread
        return (
            self._persistent
            and self._input.failure is None
            and unread is not None
            and unread <= self._context.listener.unread_bytes
            and (unread == 0 or self._input.asked)
            and self._context.life.phase is not _DRAINING
        )


class Exchange:
    """One request and its answer. `run` says how the connection goes on.

    `awaited`: a body that is to be there before the application is called.
    """

    def __init__(self, context: WorkerContext, wire: Wire, head: Head, framing: Framing) -> None:
        limits = context.listener
        self._context = context
        self._wire = wire
        self._head = head
        self._body: Body = NO_BODY
        self.input = _NO_INPUT
        if framing.length != 0:
            self._body = _body(wire, framing.length, limits)
            self.input = Input(self._body, self._continue if framing.asks_first else None)
        self.request_id = context.number()
        self._can_keep = Onward(context, head, self._body, self.input)
        pace = Pace(limits.min_rate, limits.grace_seconds)
        self.reply = Reply(wire, head, self.request_id, self._can_keep, pace)
        self._failed = False
        self.awaited = _awaited(self._body, head, framing)
        self._asked = 0.0
        self._network = ""

    def gather(self, network: str) -> float:
        """Takes in what has arrived of `awaited`. 0.0 if the application can be called now, else
        for how many seconds the next byte may be waited for first. Raises Gone, once it is given
        up.
        """
        assert self.awaited is not None  # noqa: S101 — else there is nothing to gather
        now = monotonic()
        waited, self._asked, self._network = now - (self._asked or now), now, network
        try:
            return 0.0 if self.awaited.gather(waited) else self.awaited.patience
        except Gone as gone:
            self.give_up(gone.cut)
            raise

    def give_up(self, cut: Cut) -> None:
        """Says why nobody was asked, without waiting for anybody."""
        self._failed = True
        status, text = CUT_ANSWERS[cut]
        self.reply.status, self.input.cut = status.value, cut
        began, sent = monotonic(), self._wire.sent
        with suppress(Gone):
            self._wire.offer(refusal(status, text, request_id=self.request_id))
        self._log(began, self._wire.received, sent, self._network)

    def run(self, base: Environ, network: str) -> bool:
        """Answers the request; True if the connection can carry another one.

        Afterwards `unread` says how many bytes of this request's body are still to be skipped.
        """
        began, received, sent = monotonic(), self._wire.received, self._wire.sent
        try:
            self._answer(base)
        finally:
            self._log(began, received, sent, network)
        # What was read to its end leaves nothing to be asked again.
        is_over = self._body.complete or self._can_keep()
        return self.reply.keeps and not self._failed and is_over

    @property
    def unread(self) -> int:
        return self._body.unread or 0

    @property
    def complete(self) -> bool:
        """Whether the client has nothing of this request left to send."""
        return self._body.complete

    def _answer(self, base: Environ) -> None:
        try:
            if self._head.path == HEALTH_PATH and self._head.method in {"GET", "HEAD"}:
                self._answer_health()
            else:
                self._call(request_environ(base, self._head))
        except Gone as gone:
            self._break_off(gone.cut.value)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the app's worst must end here
            if error is self.input.failure:
                self._fail(*self._blame())
                return
            self._context.log.failure("application-error", error, request=self.request_id)
            self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on the server.")

    def _call(self, environ: Environ) -> None:
        environ["wsgi.input"] = self.input
        environ["abri.request_id"] = self.request_id
        environ["abri.compute"] = self._wire.turn
        environ["abri.failed"] = self._failed_inside
        parts = self._context.app(environ, self._start_response)
        if type(parts) is tuple and len(parts) <= 1:  # nothing to close, and nothing after it
            if parts and parts[0]:
                self.reply.write(parts[0], whole=True)
            self.reply.finish()
            return
        try:
            whole = isinstance(parts, _SEQUENCES) and len(parts) == 1
            for part in parts:
                if part:
                    self.reply.write(part, whole=whole)
                    if self._head.method == "HEAD":
                        break  # its headers are out, and nobody will see the rest
        finally:
            # Before the end is sent: an application that fails on closing has failed.
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        self.reply.finish()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if self.reply.begun and exc_info is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.reply.status and exc_info is None:
            raise RuntimeError("start_response was called twice")
        self.reply.start(status, headers)
        return self.reply.write

    def _failed_inside(self, error: Exception) -> None:
        """What the application did not expect, and answers itself."""
        if isinstance(error, Gone):
            raise error
        self._context.log.failure("application-error", error, request=self.request_id)

    def _answer_health(self) -> None:
        status, page = self._context.health.answer(self._context.life.phase)
        self.reply.start(
            f"{status.value} {status.phrase}",
            [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
        )
        self.reply.write(page, whole=True)
        self.reply.finish()

    def _continue(self) -> None:
        # RFC 9110 §10.1.1: pointless once the body is on its way or the answer has begun
        if not self._wire.buffer and not self.reply.begun:
            pace = Pace(self._context.listener.min_rate, self._context.listener.grace_seconds)
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n", pace)

    def _blame(self) -> tuple[HTTPStatus, str]:
        if self.input.cut is not None:
            return CUT_ANSWERS[self.input.cut]
        if isinstance(self.input.failure, TooLarge):
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too large."
        return HTTPStatus.BAD_REQUEST, "The request body is malformed."

    def _fail(self, status: HTTPStatus, text: str) -> None:
        """An answer of ours, or a reset if the application's own has begun."""
        self._failed = True
        if self.reply.begun:
            self._wire.abort()
            return
        self.reply.status = status.value
        retry = RETRY_SECONDS if status is HTTPStatus.SERVICE_UNAVAILABLE else 0
        body = refusal(status, text, request_id=self.request_id, retry=retry)
        if self._head.method == "HEAD":
            body = body[: body.index(b"\r\n\r\n") + 4]
        with suppress(Gone):
            self._wire.write(body, Pace(self._context.listener.min_rate, 1.0))

    def _break_off(self, why: str) -> None:
        self._failed = True
        self._context.log.info("answer-cut", request=self.request_id, why=why)
        self._wire.abort()

    def _log(self, began: float, received: int, sent: int, network: str) -> None:
        method = self._head.method
        self._context.log.answered(
            Answered(
                request=self.request_id,
                method=method if method in METHODS else "other",
                status=self.reply.status,
                received=self._wire.received - received,
                sent=self._wire.sent - sent,
                ms=(monotonic() - began) * 1000,
                pid=self._context.pid,
                network=network,
                cut=self.input.cut.value if self.input.cut else "",
            )
        )


def _awaited(body: Body, head: Head, framing: Framing) -> LengthBody | None:
    """The body of a small form: anybody may send one, and it says nothing before its end. Of others
    the application may know more from the head alone, and refuse them before they are sent.
    """
    if head.method != "POST" or framing.asks_first or not isinstance(body, LengthBody):
        return None
    media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    return body if media_type == _FORM and body.unread <= SMALL else None


def _body(wire: Wire, length: int | None, limits: Listener) -> Body:
    pace = Pace(limits.min_rate, limits.grace_seconds)
    if length is None:
        return ChunkedBody(wire, limits.body_bytes, pace)
    return LengthBody(wire, length, pace)
