"""What the people who run this service would share in my name: it counts when I say yes, and is
then what I saw.
"""

from werkzeug.wrappers import Response

from davserver.domain.errors import AlreadyThere, BadInput, ConditionFailed, NotFound
from davserver.domain.ids import OfferId
from davserver.web.errors import AnotherNow
from davserver.web.marked import N_
from davserver.web.pages.sharing import RIGHTS
from davserver.web.typed import id_typed
from davserver.web.visit import Visit, moved_to

_CHOOSE = N_("Choose one of the questions.")
_CLOSED = N_("This question is closed: it was answered, taken back, or waited for too long.")
_DONE: dict[str, str] = {
    "yes": N_("It is shared from now on."),
    "no": N_("You said no. Nothing was shared."),
}


def show(visit: Visit) -> Response:
    return visit.page(
        "offers.html",
        offers=visit.services.offers.waiting(visit.who, visit.now),
        rights=RIGHTS,
        done=_DONE.get(visit.query.text("done"), ""),
    )


def accept(visit: Visit) -> Response:
    """Only what was on the page: its form says what that was."""
    offer = OfferId(id_typed(visit.form.text("offer"), _CHOOSE))
    try:
        visit.services.offers.accept(visit.who, offer, visit.form.text("shown"), visit.now)
    except NotFound:
        raise AnotherNow(_CLOSED, at="") from None
    except ConditionFailed:
        raise AnotherNow(
            N_("It has changed meanwhile. Read it once more, then answer."), at=""
        ) from None
    except AlreadyThere:
        raise AnotherNow(
            N_("They have this already. You can say no here, or end that share first."), at=""
        ) from None
    except BadInput:
        raise AnotherNow(
            N_("This cannot be shared like that any more. You can say no."), at=""
        ) from None
    return moved_to("/offers?done=yes")


def refuse(visit: Visit) -> Response:
    offer = OfferId(id_typed(visit.form.text("offer"), _CHOOSE))
    try:
        visit.services.offers.end(visit.who, offer, visit.now)
    except NotFound:
        raise AnotherNow(_CLOSED, at="") from None
    return moved_to("/offers?done=no")
