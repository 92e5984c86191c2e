"""Answers on their way out: error pages, and what every answer carries."""

from collections.abc import Callable, Iterable
from urllib.parse import quote

from werkzeug.wrappers import Response

from davserver.domain.drive import Piece
from davserver.domain.errors import AbriError, SlowDown, Unavailable
from davserver.web.errors import sentence_of, trouble_of
from davserver.web.headers import ALWAYS, NOT_KEPT
from davserver.web.visit import Visit, moved_to


def failed(visit: Visit, error: AbriError) -> Response:
    """A page that says what happened and what to do."""
    trouble = trouble_of(error)
    response = visit.page(
        "trouble.html",
        trouble.status,
        headline=visit.texts.gettext(trouble.headline),
        sentence=sentence_of(error, visit.texts),
    )
    if isinstance(error, SlowDown | Unavailable):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def streamed(body: Iterable[Piece], *headers: tuple[str, str]) -> Response:
    """What is too large to be held. Werkzeug passes pieces on to our server as they are."""
    return Response(body, headers=headers, direct_passthrough=True)  # type: ignore[arg-type]  # it knows no views, and looks at none


def fault_noted(visit: Visit, error: Exception) -> None:
    """In the server's log, by class and place. Raises it again where nobody keeps one."""
    note: Callable[[Exception], None] | None = visit.environ.get("abri.failed")
    if note is None:
        raise error
    note(error)


def sent_to_sign_in(visit: Visit) -> Response:
    """And back to the page that was asked for."""
    here = quote(visit.path, safe="/")
    return moved_to("/" if here == "/" else f"/?next={quote(here, safe='/')}")


def finished(visit: Visit, response: Response) -> Response:
    for name, value in ALWAYS:
        response.headers.setdefault(name, value)
    response.headers.setdefault(*NOT_KEPT)
    if visit.request_id:
        response.headers["X-Request-Id"] = visit.request_id
    if not visit.body.keeps_connection:
        # What is left of the body would be taken for the next request (RFC 9112 §9.3).
        response.headers["Connection"] = "close"
    return response
