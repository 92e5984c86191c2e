"""From the name of a method to its function: one call of the gate each."""

from collections.abc import Callable
from functools import partial

from davserver.dav.environ import Request, request_id
from davserver.dav.errors import Declined, declined, reply_to
from davserver.dav.methods.copymove import copy, move
from davserver.dav.methods.delete import delete
from davserver.dav.methods.get import get, head
from davserver.dav.methods.lock import lock, unlock
from davserver.dav.methods.mkcol import mkcol
from davserver.dav.methods.propfind import propfind
from davserver.dav.methods.proppatch import proppatch
from davserver.dav.methods.put import put
from davserver.dav.methods.unknown import unknown
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.domain.errors import AbriError, Truncated
from davserver.domain.people import Principal
from davserver.http.streams import Closing
from davserver.wiring.services import Services

Method = Callable[[Visit], Reply]

TABLE: dict[str, Method] = {
    "COPY": copy,
    "DELETE": delete,
    "GET": get,
    "HEAD": head,
    "LOCK": lock,
    "MKCOL": mkcol,
    "MOVE": move,
    "PROPFIND": propfind,
    "PROPPATCH": proppatch,
    "PUT": put,
    "UNLOCK": unlock,
}
"""What is for those who have signed in. OPTIONS is for everybody (`login.py`)."""


class Requests:
    """Answers whoever has signed in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def __call__(self, request: Request, who: Principal) -> Reply:
        """What the policy answered is written before the answer begins, and once more at its end:
        a running download is decided again when rights change (docs/policy/replay.md).
        """
        services = self._services
        write, number = services.decisions.write, request_id(request.environ)
        try:
            reply = _reply(Visit(request, who, services.clock(), services))
        finally:
            write(who, number)
        if isinstance(reply.body, tuple):
            return reply
        again = partial(write, who, number)
        return Reply(reply.status, reply.headers, Closing(reply.body, again))


def _reply(visit: Visit) -> Reply:
    """Raises Truncated where the server knows why the body ended, and answers accordingly."""
    request = visit.request
    try:
        return TABLE.get(request.method, unknown)(visit)
    except Declined as no:
        return declined(no, visit.reader)
    except AbriError as error:
        if isinstance(error, Truncated) and error is request.body.failure:
            raise
        return reply_to(error, request.method, request.href, visit.reader)
