"""The outermost layer: what may not come in does not reach sign-in or the gate."""

from collections.abc import Callable, Iterable
from http import HTTPStatus

from davserver.config import Listen
from davserver.dav.bodies import check_length
from davserver.dav.doorstep import Doorstep
from davserver.dav.environ import (
    Request,
    StartResponse,
    body_of,
    line_of,
    reader_for,
    send,
)
from davserver.dav.errors import Declined, declined, reply_to
from davserver.dav.methods.options import options
from davserver.dav.reply import Reply
from davserver.dav.urls import Mount, raw_path
from davserver.domain.drive import Piece
from davserver.domain.errors import AbriError, Truncated
from davserver.domain.paths import DrivePath
from davserver.http.environ import Environ, header, peer_of, take_certificate
from davserver.http.streams import Body

Inside = Callable[[Request], Reply]
"""May raise Truncated where the server knows why a body ended: it has its own answer to that."""

_HTTPS_ONLY = "This drive is reached over HTTPS only: begin its address with https."


class Guard:
    """The WSGI application. The order matters: framing, then privacy of the line, then path and
    size.
    """

    def __init__(self, mounts: tuple[Mount, ...], listen: Listen, inside: Inside) -> None:
        self._mounts = mounts
        self._listen = listen
        self._inside = inside
        self._doorstep = Doorstep(mounts)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[Piece]:
        body: Body | None = None
        try:
            body = body_of(environ)
            found = self._request_or_reply(environ, body)
        except Declined as no:
            found = declined(no, reader_for(environ))
        except AbriError as error:
            if body is not None and isinstance(error, Truncated) and error is body.failure:
                raise
            found = reply_to(error, str(environ["REQUEST_METHOD"]), "", reader_for(environ))
        reply = self._inside(found) if isinstance(found, Request) else found
        return send(reply, environ, start_response, body)

    def _request_or_reply(self, environ: Environ, body: Body) -> Request | Reply:
        """A request to a drive, or the answer for a place that is on none."""
        certificate = take_certificate(environ, self._listen)
        peer = peer_of(environ, self._listen)
        if not peer.private:
            # Never a 401 here: it would make the client send its password in the clear.
            raise Declined(HTTPStatus.FORBIDDEN, _HTTPS_ONLY)
        method, target = line_of(environ)
        if method == "OPTIONS" and target == "*":
            return options()
        raw = raw_path(target)
        if body.length:
            check_length(method, body)
        for mount in self._mounts:
            path = mount.inside(raw)
            if path is not None:
                slash, address = raw.endswith("/"), peer.address
                return Request(method, mount, path, slash, body, address, environ, certificate)
        return self._doorstep.answer(
            method, DrivePath.from_url(raw), body, header(environ, "Depth")
        )
