"""From a WSGI environ to a visit: who asks, in which language, and whether the form is theirs."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from authn.sessions import Session, form_mark, from_cookie, is_form_mark
from davserver.domain.errors import NotSignedIn
from davserver.domain.languages import USUAL
from davserver.http.environ import Environ, aside_in, peer_of, take_certificate
from davserver.http.reader import wished_of
from davserver.http.streams import Body
from davserver.web import cookies
from davserver.web.errors import FormExpired
from davserver.web.forms import MARK, fields_of, form_of
from davserver.web.languages import languages_with
from davserver.web.rendering import environments
from davserver.web.texts import Texts
from davserver.web.visit import Visit
from davserver.wiring.services import Services


class Reception:
    """One per process; shared between threads."""

    def __init__(self, services: Services) -> None:
        zone = ZoneInfo(services.settings.pages.time_zone)
        self._services = services
        spoken = languages_with(services.settings.pages.catalogues)
        self._texts = {one.code: Texts(one, zone) for one in spoken}
        self._templates = environments(self._texts.values())

    def stranger(self, environ: Environ) -> Visit:
        """The visit before anybody has looked at cookies. Never raises."""
        listen = self._services.settings.listen
        asking = peer_of(environ, listen)
        wished = wished_of(environ.get("HTTP_ACCEPT_LANGUAGE"), self._texts)
        language = wished or USUAL
        return Visit(
            services=self._services,
            templates=self._templates[language],
            texts=self._texts[language],
            languages=self._texts.keys(),
            now=self._services.clock(),
            address=asking.address,
            is_private=asking.private,
            certificate=take_certificate(environ, listen),
            aside=aside_in(environ),
            path=str(environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace"),
            body=_body(environ),
            content_type=str(environ.get("CONTENT_TYPE", "")),
            mark="",
            request_id=str(environ.get("abri.request_id", "")),
            environ=environ,
        )

    def welcome(self, visit: Visit) -> Visit:
        """With the session of the browser, if it has one that lives.

        Raises BadInput for a query that cannot be read, Unavailable.
        """
        jar = cookies.cookies_of(visit.environ.get("HTTP_COOKIE"))
        session = self._session(visit, jar)
        token = session.token if session else from_cookie(jar.get(cookies.FORM, ""))
        own = session.who.person.language if session else None
        language = self._language(visit, jar, own)
        return replace(
            visit,
            session=session,
            mark=form_mark(token) if token else "",
            templates=self._templates[language],
            texts=self._texts[language],
            query=fields_of(str(visit.environ.get("QUERY_STRING", ""))),
        )

    def _session(self, visit: Visit, jar: Mapping[str, str]) -> Session | None:
        token = from_cookie(jar.get(cookies.SESSION, ""))
        if token is None:
            return None
        try:
            return self._services.sessions.resume(token, visit.address, visit.now, visit.aside)
        except NotSignedIn:
            return None

    def _language(self, visit: Visit, jar: Mapping[str, str], own: str | None) -> str:
        """What was chosen in this browser, else the person's, else what the browser likes."""
        chosen = (jar.get(cookies.LANGUAGE), own)
        return next((one for one in chosen if one in self._texts), visit.texts.language)


def with_form(visit: Visit) -> Visit:
    """Raises FormExpired for a form that no page of this browser sent, BadInput, TooLarge."""
    form = form_of(visit.body, visit.content_type)
    require_mark(visit, form.text(MARK))
    return replace(visit, form=form)


def require_mark(visit: Visit, sent: str) -> None:
    """Raises FormExpired."""
    if not is_form_mark(visit.mark, sent):
        raise FormExpired


def _body(environ: Environ) -> Body:
    announced = str(environ.get("CONTENT_LENGTH") or "0")
    is_chunked = environ.get("HTTP_TRANSFER_ENCODING") is not None
    return Body(environ["wsgi.input"], None if is_chunked else int(announced or 0))
