"""The last of WsgiDAV's middleware, in place of its own resolver: it serves our request server."""

from collections.abc import Iterable

from davserver.dav.environ import StartResponse, provider_of
from davserver.dav.requests import Requests
from davserver.http.environ import Environ
from davserver.wiring.services import Services


class Resolver:
    def __init__(self, services: Services) -> None:
        self._services = services

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer: Iterable[bytes] = Requests(provider_of(environ), self._services)(
            environ, start_response
        )
        return answer
