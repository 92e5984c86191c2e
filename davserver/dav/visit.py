"""What a method needs to answer: the request, who sends it, when, and the services."""

from datetime import datetime

from davserver.dav.environ import Request, reader_for
from davserver.domain.lean import lean
from davserver.domain.people import Principal
from davserver.http.reader import Reader
from davserver.wiring.services import Services


@lean(frozen=True, slots=True)
class Visit:
    request: Request
    who: Principal
    now: datetime
    services: Services

    @property
    def reader(self) -> Reader:
        return reader_for(self.request.environ, self.who.person.language)
