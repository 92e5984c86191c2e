"""What a page needs to answer: who asks, when, in which language, what was sent, the services."""

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from werkzeug.wrappers import Response

from authn.sessions import Session
from davserver.db.aside import Aside
from davserver.domain.errors import NotSignedIn
from davserver.domain.people import Principal
from davserver.http.streams import Body
from davserver.web.forms import Fields
from davserver.web.texts import Texts
from davserver.wiring.services import Services


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a form came back: `form` is the name of its route, `at` the field, "" the whole of it."""

    form: str
    at: str
    said: str
    status: HTTPStatus


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser. `mark` goes into each form; `session` None: nobody is signed in;
    `wrong` where a form is shown again.
    """

    services: Services
    templates: Environment
    texts: Texts
    now: datetime
    address: str
    path: str
    body: Body
    content_type: str
    mark: str
    query: Fields = field(default_factory=Fields)
    form: Fields = field(default_factory=Fields)
    session: Session | None = None
    request_id: str = ""
    environ: Mapping[str, Any] = field(default_factory=dict)
    is_private: bool = True
    """Whether nobody on the way can read along."""
    certificate: bytes | None = None
    """The client's, in DER, its key proved."""
    languages: Collection[str] = ()
    """The codes of those that can be chosen."""
    aside: Aside = nullcontext
    wrong: Wrong | None = None

    @property
    def who(self) -> Principal:
        """Raises NotSignedIn."""
        if self.session is None:
            raise NotSignedIn
        return self.session.who

    @property
    def is_asked(self) -> bool:
        """Whether something waits for a beneficiary's yes or no: one statement."""
        session = self.session
        return session is not None and self.services.offers.is_asked(session.who, self.now)

    @property
    def here(self) -> str:
        """The address of this page, for links and forms."""
        return quote(self.path, safe="/")

    def fault(self, form: str, at: str = "") -> str:
        """What is wrong with that field of that form; "" where nothing is."""
        found = self.wrong
        return found.said if found and (found.form, found.at) == (form, at) else ""

    def filled(self, form: str, at: str, otherwise: str = "") -> str:
        """What stands in a field: what was typed, where the form is shown again and had it."""
        again = self.wrong is not None and self.wrong.form == form and at in self.form.values
        return self.form.text(at) if again else otherwise

    def page(self, template: str, status: HTTPStatus | None = None, **values: object) -> Response:
        """A page of ours, in the visitor's language."""
        status = status or (self.wrong.status if self.wrong else HTTPStatus.OK)
        text = self.templates.get_template(template).render(visit=self, **values)
        return Response(text, status=status, content_type="text/html; charset=utf-8")


def moved_to(path: str) -> Response:
    """After a POST: the page that shows what came of it (RFC 9110 §15.4.4)."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
