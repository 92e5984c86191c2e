"""DELETE (RFC 4918 §9.6): always the whole tree."""

from http import HTTPStatus

from davserver.dav import fields
from davserver.dav.bodies import no_body
from davserver.dav.fields import Depth
from davserver.dav.reply import Reply, empty
from davserver.dav.visit import Visit


def delete(visit: Visit) -> Reply:
    request = visit.request
    no_body(request.body)
    # A client that means less than everything must not lose everything.
    fields.depth(request.header("Depth"), frozenset({Depth.INFINITY}))
    visit.services.writing.remove(visit.who, request.path, request.conditions(), visit.now)
    return empty(HTTPStatus.NO_CONTENT)
