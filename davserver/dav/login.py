"""Sign-in: from the Authorization header to a principal, once per request."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime

from authn.credentials import Credential, from_login_and_secret
from authn.login import Login
from davserver.dav.environ import StartResponse, reader_for, request_in, send, server_of, sign
from davserver.dav.errors import reply_to
from davserver.db.aside import wait_by
from davserver.domain.errors import AbriError, NotSignedIn
from davserver.http.environ import Environ, aside_in

Application = Callable[[Environ, StartResponse], Iterable[bytes]]

OPEN = frozenset({"OPTIONS"})
"""Methods that need no credential: they say the same of every place, whether it is there or not."""


class SignIn:
    """WSGI middleware: nothing behind it runs for a stranger."""

    def __init__(self, login: Login, clock: Callable[[], datetime], inside: Application) -> None:
        self._login = login
        self._clock = clock
        self._inside = inside

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = request_in(environ)
        if request.method in OPEN:
            return self._inside(environ, start_response)
        aside = aside_in(environ)
        wait_by(aside)
        try:
            said, shown = request.header("Authorization"), request.certificate
            # A certificate alone is enough; a password beside it must be right.
            credential = parse_basic(said) if said is not None or shown is None else None
            who = self._login.sign_in(credential, request.address, self._clock(), aside, shown)
            sign(environ, who)
        except AbriError as error:
            reply = reply_to(error, request.method, request.href, reader_for(environ))
            return send(reply, environ, server_of(environ), request.body)
        return self._inside(environ, start_response)


def parse_basic(value: str | None) -> Credential:
    """RFC 7617. Raises NotSignedIn for anything that is no name and password.

    Programs that do not read `charset` send Latin-1.
    """
    scheme, _, encoded = (value or "").strip().partition(" ")
    if scheme.lower() != "basic":
        raise NotSignedIn
    try:
        raw = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise NotSignedIn from None
    login, colon, secret = _decoded(raw).partition(":")
    if not colon or not login.strip():
        raise NotSignedIn
    return from_login_and_secret(login.strip(), secret)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
