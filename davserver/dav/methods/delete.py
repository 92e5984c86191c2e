"""DELETE (RFC 4918 §9.6): always the whole tree."""

from davserver.dav.bodies import no_body
from davserver.dav.looking import require_all_of_it
from davserver.dav.reply import DONE, Reply
from davserver.dav.visit import Visit


def delete(visit: Visit) -> Reply:
    request = visit.request
    no_body(request.body)
    require_all_of_it(visit)
    visit.services.writing.remove(visit.who, request.path, request.conditions(), visit.now)
    return DONE
