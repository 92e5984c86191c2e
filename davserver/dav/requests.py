"""WsgiDAV's request server with every method replaced: one call of the gate each."""

# ruff: noqa: N802 — WsgiDAV finds methods by these names

from collections.abc import Callable, Iterable
from dataclasses import replace

from wsgidav.dav_provider import DAVProvider
from wsgidav.request_server import RequestServer

from davserver.dav.bodies import METHODS
from davserver.dav.environ import StartResponse, request_id, request_in, send, server_of, signed
from davserver.dav.errors import Declined, declined, reply_to
from davserver.dav.methods.copymove import copy, move
from davserver.dav.methods.delete import delete
from davserver.dav.methods.get import get, head
from davserver.dav.methods.lock import lock, unlock
from davserver.dav.methods.mkcol import mkcol
from davserver.dav.methods.options import options
from davserver.dav.methods.propfind import propfind
from davserver.dav.methods.proppatch import proppatch
from davserver.dav.methods.put import put
from davserver.dav.methods.unknown import unknown
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.domain.errors import AbriError, Truncated
from davserver.http.environ import Environ
from davserver.http.streams import Closing
from davserver.wiring.services import Services

Method = Callable[[Visit], Reply]


class Requests(RequestServer):
    """Made for each request, as WsgiDAV does it."""

    def __init__(self, provider: DAVProvider, services: Services) -> None:
        super().__init__(provider)  # type: ignore[no-untyped-call]
        self._services = services
        self._possible_methods = list(METHODS)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if request_in(environ).method not in METHODS:
            return self._answer(unknown, environ)
        answer: Iterable[bytes] = super().__call__(environ, start_response)  # type: ignore[no-untyped-call]
        return answer

    def do_OPTIONS(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return send(options(), environ, server_of(environ), request_in(environ).body)

    def do_GET(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(get, environ)

    def do_HEAD(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(head, environ)

    def do_PUT(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(put, environ)

    def do_MKCOL(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(mkcol, environ)

    def do_DELETE(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(delete, environ)

    def do_COPY(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(copy, environ)

    def do_MOVE(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(move, environ)

    def do_PROPFIND(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(propfind, environ)

    def do_PROPPATCH(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(proppatch, environ)

    def do_LOCK(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(lock, environ)

    def do_UNLOCK(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        return self._answer(unlock, environ)

    def _answer(self, method: Method, environ: Environ) -> Iterable[bytes]:
        """What the policy answered is written before the answer begins, and once more at its end:
        a running download is decided again when rights change (docs/policy/replay.md).
        """
        request, decisions = request_in(environ), self._services.decisions
        who = signed(environ)

        def write() -> None:
            decisions.write(who, request_id(environ))

        try:
            reply = _reply(method, Visit(request, who, self._services.clock(), self._services))
        finally:
            write()
        if not isinstance(reply.body, tuple):
            reply = replace(reply, body=Closing(reply.body, write))
        return send(reply, environ, server_of(environ), request.body)


def _reply(method: Method, visit: Visit) -> Reply:
    """Raises Truncated where the server knows why the body ended, and answers accordingly."""
    request = visit.request
    try:
        return method(visit)
    except Declined as no:
        return declined(no, visit.reader)
    except AbriError as error:
        if isinstance(error, Truncated) and error is request.body.failure:
            raise
        return reply_to(error, request.method, request.href, visit.reader)
