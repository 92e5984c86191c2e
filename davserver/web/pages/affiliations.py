"""Who accompanies me: organisations that ask, those that do, and how it ends."""

from werkzeug.wrappers import Response

from davserver.domain.ids import RequestId
from davserver.gate.affiliations.views import AffiliationViewState, RequestState
from davserver.web.marked import N_
from davserver.web.typed import id_typed
from davserver.web.visit import Visit, moved_to

_CHOOSE = N_("Choose one of the requests.")


def show(visit: Visit) -> Response:
    affiliations, requests = visit.services.affiliations.list(visit.who, visit.now)
    return visit.page(
        "affiliations.html",
        affiliations=[one for one in affiliations if one.state is AffiliationViewState.LIVE],
        requests=[one for one in requests if one.state is RequestState.OPEN],
        codes=visit.services.affiliations.codes(visit.who, visit.now),
    )


def accept(visit: Visit) -> Response:
    request = RequestId(id_typed(visit.form.text("request"), _CHOOSE))
    visit.services.affiliations.confirm(visit.who, request, visit.now)
    return moved_to("/affiliations")


def refuse(visit: Visit) -> Response:
    request = RequestId(id_typed(visit.form.text("request"), _CHOOSE))
    visit.services.affiliations.refuse(visit.who, request, visit.now)
    return moved_to("/affiliations")


def leave(visit: Visit) -> Response:
    """And everything that was shared with that organisation ends with it."""
    visit.services.affiliations.leave(visit.who, visit.form.text("structure"), visit.now)
    return moved_to("/affiliations")
