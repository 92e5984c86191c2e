"""Whom we accompany: professionals ask, the person says yes or no, and either side ends it.

Nothing here tells whether anybody has a login that was typed: the same answers, the same list.
"""

from contextlib import suppress
from datetime import timedelta

from werkzeug.wrappers import Response

from davserver.domain.errors import AlreadyThere, BadInput, NotFound
from davserver.domain.ids import RequestId
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.affiliations.requesting import TooManyWaiting
from davserver.gate.affiliations.views import AffiliationView, RequestState
from davserver.web.errors import FilledInWrong
from davserver.web.marked import N_
from davserver.web.slices import sliced
from davserver.web.typed import end_of_day, id_typed
from davserver.web.visit import Visit, moved_to

STATES: dict[RequestState, str] = {
    RequestState.OPEN: N_("no answer yet"),
    RequestState.CONFIRMED: N_("accepted"),
    RequestState.REFUSED: N_("refused"),
    RequestState.EXPIRED: N_("expired without an answer"),
}

_DONE: dict[str, str] = {
    "ended": N_("This accompaniment has ended."),
    "asked": N_("Your request is made. If somebody has this sign-in name, they will see it."),
    "confirmed": N_("The code is right: you accompany this person from now on."),
}


def show(visit: Visit) -> Response:
    """The people whom my organisations accompany now."""
    found, _ = visit.services.affiliations.list(visit.who, visit.now)
    by_login = sorted(found, key=lambda one: (one.login.casefold(), one.structure_name))
    return visit.page(
        "accompanied.html",
        slice=sliced(by_login, visit.query.text("page")),
        several=len(visit.who.memberships) > 1,
        done=_DONE.get(visit.query.text("done"), ""),
    )


def end(visit: Visit) -> Response:
    """First a sentence of what will happen; then, with `sure`, it does."""
    structure, login = visit.form.text("structure"), visit.form.text("login")
    if not visit.form.is_set("sure"):
        return visit.page("accompanied_sure.html", one=_one(visit, structure, login))
    with suppress(NotFound):
        # Ended meanwhile, by whomever: that is what was wanted.
        visit.services.affiliations.release(visit.who, structure, login, visit.now)
    return moved_to("/accompanied?done=ended")


def _one(visit: Visit, structure: str, login: str) -> AffiliationView:
    """Raises NotFound for what is not on the list."""
    found, _ = visit.services.affiliations.list(visit.who, visit.now)
    for one in found:
        if (one.structure, one.login) == (structure, login):
            return one
    raise NotFound


# ── requests ────────────────────────────────────────────────────────────────────────────────────


def requests(visit: Visit) -> Response:
    _, found = visit.services.affiliations.list(visit.who, visit.now)
    newest = sorted(found, key=lambda one: one.requested, reverse=True)
    return visit.page(
        "requests.html",
        slice=sliced(newest, visit.query.text("page")),
        waiting=[one for one in newest if one.state is RequestState.OPEN],
        structures=[one.structure for one in visit.who.memberships],
        states=STATES,
        done=_DONE.get(visit.query.text("done"), ""),
        tomorrow=(visit.now + timedelta(days=1)).astimezone(visit.texts.zone).date().isoformat(),
    )


def ask(visit: Visit) -> Response:
    form = visit.form
    login, until = form.text("login"), end_of_day(visit, "until")
    if not login:
        raise FilledInWrong(N_("Write the sign-in name of the person."))
    wish = Wish(form.text("structure"), login, until)
    try:
        visit.services.affiliations.request(visit.who, wish, visit.now)
    except NotFound:
        raise FilledInWrong(N_("Choose one of your organisations."), at="") from None
    except AlreadyThere:
        raise FilledInWrong(
            N_("You have asked for this name already. Wait for the answer, or until that request "
               "has expired.")
        ) from None  # fmt: skip
    except TooManyWaiting:
        raise FilledInWrong(
            N_("Too many of your requests wait for an answer. Ask again when some have one.")
        ) from None
    except BadInput:
        raise FilledInWrong(N_("No sign-in name looks like this. Check it.")) from None
    return moved_to("/accompanied/requests?done=asked")


def confirm(visit: Visit) -> Response:
    """With the code that the person told."""
    choose = N_("Choose one of your requests.")
    request = RequestId(id_typed(visit.form.text("request"), choose))
    code = visit.form.text("code")
    try:
        visit.services.affiliations.confirm_with_code(visit.who, request, code, visit.now)
    except NotFound:
        raise FilledInWrong(
            N_("This code is not right, or cannot be used any more. Check it, or ask the person to "
               "accept your request themselves.")
        ) from None  # fmt: skip
    except BadInput:
        raise FilledInWrong(N_("A code has eight digits.")) from None
    return moved_to("/accompanied/requests?done=confirmed")
