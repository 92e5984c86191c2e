"""MKCOL (RFC 4918 §9.3)."""

from davserver.dav.bodies import no_body
from davserver.dav.reply import MADE, Reply
from davserver.dav.visit import Visit


def mkcol(visit: Visit) -> Reply:
    request = visit.request
    no_body(request.body)
    visit.services.writing.make_folder(visit.who, request.path, request.conditions(), visit.now)
    return MADE
