"""Sign-in: from the Authorization header to a principal, once per request."""

import binascii
from collections.abc import Callable
from datetime import datetime

from authn.cached_sign_in import CachedPrincipal
from authn.credentials import Credential, from_login_and_secret
from authn.login import Login
from authn.sign_in_cache import SignInCache
from davserver.dav.environ import Request, reader_for
from davserver.dav.errors import reply_to
from davserver.dav.methods.options import options
from davserver.dav.reply import Reply
from davserver.db.aside import wait_by
from davserver.domain.errors import AbriError, NotSignedIn
from davserver.domain.people import Principal
from davserver.http.environ import aside_in

Signed = Callable[[Request, Principal], Reply]


class SignIn:
    """Nothing behind it runs for a stranger. Whoever was here a moment ago it lets in from memory:
    the gate asks who they are by now, and where it was not asked, this does before it answers.
    """

    def __init__(
        self,
        login: Login,
        sign_in_cache: SignInCache,
        clock: Callable[[], datetime],
        inside: Signed,
    ) -> None:
        self._login = login
        self._sign_in_cache = sign_in_cache
        self._clock = clock
        self._inside = inside

    def __call__(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            # Needs no credential: it says the same of every place, whether it is there or not.
            return options()
        try:
            aside = aside_in(request.environ)
            wait_by(aside)
            said, shown = request.header("Authorization"), request.certificate
            address, now = request.address, self._clock()
            if shown is None:
                who = self._sign_in_cache.sign_in(said or "", parse_basic, address, now, aside)
            else:
                # A certificate alone is enough; a password beside it must be right.
                credential = parse_basic(said) if said is not None else None
                who = self._login.sign_in(credential, address, now, aside, shown)
        except AbriError as error:
            return _refusal(request, error)
        reply = self._inside(request, who)
        if isinstance(who, CachedPrincipal):
            try:
                who.revalidation.require()
            except AbriError as error:
                return _refusal(request, error)
        return reply


def _refusal(request: Request, error: AbriError) -> Reply:
    return reply_to(error, request.method, request.href, reader_for(request.environ))


def parse_basic(value: str | None) -> Credential:
    """RFC 7617. Raises NotSignedIn for anything that is no name and password.

    Programs that do not read `charset` send Latin-1.
    """
    scheme, _, encoded = (value or "").strip().partition(" ")
    if scheme.lower() != "basic":
        raise NotSignedIn
    try:
        raw = binascii.a2b_base64(encoded.strip(), strict_mode=True)
    except (binascii.Error, ValueError):
        raise NotSignedIn from None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    login, colon, secret = text.partition(":")
    if not colon or not login.strip():
        raise NotSignedIn
    return from_login_and_secret(login.strip(), secret)
