"""People who share with me: what, and until when."""

from werkzeug.wrappers import Response

from davserver.web.pages.sharing import RIGHTS
from davserver.web.slices import sliced
from davserver.web.visit import Visit

_PEOPLE_AT_ONCE = 40


def show(visit: Visit) -> Response:
    found = visit.services.sharing.received(visit.who, visit.now)
    shown = sliced(found, visit.query.text("page"), _PEOPLE_AT_ONCE)
    return visit.page("people.html", slice=shown, rights=RIGHTS)
