"""People who share with me: what, and until when."""

from werkzeug.wrappers import Response

from davserver.web.pages.sharing import RIGHTS
from davserver.web.visit import Visit


def show(visit: Visit) -> Response:
    found = visit.services.sharing.received(visit.who, visit.now)
    return visit.page("people.html", people=found, rights=RIGHTS)
