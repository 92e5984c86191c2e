"""The WSGI application of the pages: routes come from one table, everything else is no page."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from davserver.db.aside import wait_by
from davserver.domain.drive import Piece
from davserver.domain.errors import AbriError, NotFound, NotSignedIn
from davserver.web import reception
from davserver.web.again import CORRECTABLE, shown_again
from davserver.web.answering import failed, fault_noted, finished, sent_to_sign_in
from davserver.web.errors import FormExpired, NoSuchMethod, NotPrivate
from davserver.web.reception import Reception
from davserver.web.routes import ROUTES, Route
from davserver.web.visit import Visit
from davserver.wiring.services import Services

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[Piece]]


def make_pages(services: Services) -> Application:
    """Thread-safe; made once per process."""
    desk = Reception(services)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for route in ROUTES:
        app.add_url_rule(
            route.rule,
            endpoint=route.name,
            view_func=partial(_answer, desk, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    # What fails even then is the server's to log and to answer, not Flask's.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.register_error_handler(HTTPException, partial(_no_page, desk))
    return app.wsgi_app


def _answer(desk: Reception, route: Route, **place: str) -> Response:
    visit = desk.stranger(request.environ)
    wait_by(visit.aside)
    try:
        visit = _come_in(desk, visit)
        return finished(visit, _counted(visit, route, place))
    except NotSignedIn as error:
        if route.method == "GET" and not isinstance(error, FormExpired):
            return finished(visit, sent_to_sign_in(visit))
        return finished(visit, failed(visit, error))
    except AbriError as error:
        return finished(visit, failed(visit, error))
    except Exception as error:  # noqa: BLE001 — a fault of ours is told like any other trouble
        fault_noted(visit, error)
        return finished(visit, failed(visit, AbriError()))


def _come_in(desk: Reception, visit: Visit) -> Visit:
    if not visit.is_private:
        # Never a form here: it would make somebody send their password in the clear.
        raise NotPrivate
    return desk.welcome(visit)


def _counted(visit: Visit, route: Route, place: dict[str, str]) -> Response:
    """What the policy answered is written before the answer begins, and once more at its end: a
    running download is decided again when rights change (docs/policy/replay.md).
    """
    if visit.session is None:
        return _answered(visit, route, place)
    decisions, number = visit.services.decisions, visit.request_id or None
    write = partial(decisions.write, visit.session.who, number)
    try:
        response = _answered(visit, route, place)
    finally:
        write()
    response.call_on_close(write)
    return response


def _answered(visit: Visit, route: Route, place: dict[str, str]) -> Response:
    if route.audience is not None and visit.who.person.role not in route.audience:
        # For these people the page does not exist.
        raise NotFound
    if route.method == "POST" and not route.has_files:
        visit = reception.with_form(visit)
    try:
        return route.page(visit, **place)
    except CORRECTABLE as error:
        if not route.again:
            raise
        return shown_again(visit, error, route, place)


def _no_page(desk: Reception, error: HTTPException) -> Response:
    visit = desk.stranger(request.environ)
    with suppress(AbriError):  # An error page is for everybody; it only lacks the menu.
        visit = desk.welcome(visit)
    if not isinstance(error, MethodNotAllowed):
        return finished(visit, failed(visit, NotFound()))
    response = failed(visit, NoSuchMethod())
    # RFC 9110 §15.5.6: which there are instead.
    methods = sorted(error.valid_methods or ())
    response.headers["Allow"] = ", ".join(methods)
    return finished(visit, response)
