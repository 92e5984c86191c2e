"""What a page needs to answer: who asks, when, in which language, what was sent, the services."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

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
class Visit:
    """One request of a browser. `mark` goes into each form; `session` None: nobody is signed in."""

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
    aside: Aside = nullcontext

    @property
    def who(self) -> Principal:
        """Raises NotSignedIn."""
        if self.session is None:
            raise NotSignedIn
        return self.session.who

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        """A page of ours, in the visitor's language."""
        text = self.templates.get_template(template).render(visit=self, **values)
        return Response(text, status=status, content_type="text/html; charset=utf-8")


def moved_to(path: str) -> Response:
    """After a POST: the page that shows what came of it (RFC 9110 §15.4.4)."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
