"""Coming in and going out."""

import secrets
from dataclasses import replace
from http import HTTPStatus

from werkzeug.wrappers import Response

from authn.credentials import Password, from_login_and_secret
from authn.sessions import as_cookie, form_mark
from davserver.domain.errors import NotSignedIn, SlowDown
from davserver.domain.people import Principal, Role
from davserver.domain.secret import Secret
from davserver.web import cookies
from davserver.web.errors import FilledInWrong
from davserver.web.links import local
from davserver.web.marked import N_
from davserver.web.visit import Visit, Wrong, moved_to

_TOKEN_BYTES = 32

_NOT_LET_IN = N_(
    "The name or the password is not right. Try again; after several mistakes, wait five minutes. "
    "If you have forgotten it, ask the person who supports you."
)

HOME: dict[Role, str] = {
    Role.BENEFICIARY: "/documents/",
    Role.PROFESSIONAL: "/people",
    Role.MANAGER: "/teams",
    Role.ADMINISTRATOR: "/overview",
}


def show(visit: Visit) -> Response:
    """The sign-in form; whoever is signed in goes on to their first page."""
    if visit.session is not None:
        return moved_to(HOME[visit.who.person.role])
    return _form(visit, visit.query.text("next"))


def sign_in(visit: Visit) -> Response:
    """One answer for everybody who is not let in, whatever the reason. Raises Unavailable."""
    form = visit.form
    login, goal = form.text("login"), local(form.text("next"))
    try:
        who = _proved(visit, login, form.secret("password"))
    except (NotSignedIn, SlowDown):
        said = visit.texts.gettext(_NOT_LET_IN)
        wrong = Wrong("sign-in", "", said, HTTPStatus.FORBIDDEN)
        return _form(replace(visit, wrong=wrong, path="/"), goal, login)
    token = visit.services.sessions.begin(who, visit.now)
    _end_former(visit)
    response = moved_to(goal if goal != "/" else HOME[who.person.role])
    response.headers.add("Set-Cookie", cookies.kept_for_now(cookies.SESSION, as_cookie(token)))
    response.headers.add("Set-Cookie", cookies.forgotten(cookies.FORM))
    return response


def sign_out(visit: Visit) -> Response:
    _end_former(visit)
    response = moved_to("/")
    response.headers.add("Set-Cookie", cookies.forgotten(cookies.SESSION))
    # On a shared computer nothing of the visit stays (Clear-Site-Data, W3C).
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def choose_language(visit: Visit) -> Response:
    word = visit.form.text("language")
    if word not in visit.languages:
        raise FilledInWrong(N_("This language is not here yet."))
    response = moved_to(local(visit.form.text("next")))
    response.headers.add("Set-Cookie", cookies.kept_long(cookies.LANGUAGE, word))
    return response


def _proved(visit: Visit, login: str, secret: str) -> Principal:
    """Raises NotSignedIn, also for the password of a device: that one is for the device."""
    credential = from_login_and_secret(login, secret)
    if not isinstance(credential, Password):
        raise NotSignedIn
    return visit.services.login.sign_in(
        credential, visit.address, visit.now, visit.aside, visit.certificate
    )


def _end_former(visit: Visit) -> None:
    """The session that the browser came with ends: nobody goes on with it."""
    if visit.session is not None:
        visit.services.sessions.end(visit.session.token, visit.now)


def _form(visit: Visit, goal: str, login: str = "") -> Response:
    mark, new = visit.mark, None
    if not mark:
        new = Secret(secrets.token_bytes(_TOKEN_BYTES))
        mark = form_mark(new)
    visit = replace(visit, mark=mark)
    response = visit.page("sign_in.html", goal=local(goal), login=login)
    if new is not None:
        response.headers.add("Set-Cookie", cookies.kept_for_now(cookies.FORM, as_cookie(new)))
    return response
