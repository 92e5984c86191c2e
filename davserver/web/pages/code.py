"""Codes for sharing: eight letters to show to somebody who wants to share documents."""

from werkzeug.wrappers import Response

from davserver.web.marked import N_
from davserver.web.visit import Visit, moved_to

_DONE: dict[str, str] = {
    "made": N_("The new code works from now on. An earlier one works no more."),
    "ended": N_("The code works no more. What was shared with it stays shared."),
}


def show(visit: Visit) -> Response:
    return visit.page(
        "code.html",
        sides=visit.services.sharing_codes.list(visit.who, visit.now),
        done=_DONE.get(visit.query.text("done"), ""),
    )


def make(visit: Visit) -> Response:
    """For the person themselves, or for one of their organisations."""
    visit.services.sharing_codes.make(visit.who, visit.form.text("side"), visit.now)
    return moved_to("/code?done=made")


def end(visit: Visit) -> Response:
    visit.services.sharing_codes.end(visit.who, visit.form.text("side"), visit.now)
    return moved_to("/code?done=ended")
