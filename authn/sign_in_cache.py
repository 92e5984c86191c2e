"""A cache of sign-ins: who was here a moment ago, by the very words that they signed in with."""

from collections.abc import Callable
from datetime import datetime

from authn.cached_sign_in import ProvedSignIn, cached_principal
from authn.credentials import Credential
from authn.login import Login
from authn.memory import KeyedMemory
from davserver.db.aside import Aside
from davserver.domain.ids import Entropy
from davserver.domain.lean import changed
from davserver.domain.people import Principal
from davserver.domain.secret import Secret
from davserver.domain.tallies import Tally

_MOST = 8192


class SignInCache:
    """One per process, thread-safe: for fronts whose every request is revalidated by the gate, and
    who see to it that nothing is answered before (`Revalidation.require`).

    It remembers keyed hashes of the words and of the address that they came from, for as long as
    this process takes the password for proved, and never into another day: a first use on a day is
    noted. Those of a directory, and those with a certificate, it does not remember.
    """

    def __init__(self, login: Login, entropy: Entropy) -> None:
        self._login = login
        self._known: KeyedMemory[ProvedSignIn] = KeyedMemory(Secret(entropy(32)), _MOST)

    def sign_in(
        self,
        said: str,
        read: Callable[[str], Credential],
        address: str | None,
        now: datetime,
        aside: Aside,
    ) -> Principal:
        """As `Login.sign_in`, with what `read` makes of `said`; or a CachedPrincipal, without a
        query. Raises as both do.
        """
        words = said.encode(), (address or "").encode()
        proved = self._known.get(*words)
        if proved is None or not proved.since <= now <= proved.until:
            return self._anew(words, read(said), address, now, aside)
        tally = None if proved.who.tally is None else Tally()

        def sign_in() -> Principal:
            fresh = self._anew(words, read(said), address, now, aside)
            return changed(fresh, tally=tally)

        return cached_principal(proved, tally, sign_in)

    def _anew(
        self,
        words: tuple[bytes, bytes],
        credential: Credential,
        address: str | None,
        now: datetime,
        aside: Aside,
    ) -> Principal:
        self._known.forget(*words)
        proved = self._login.prove(credential, address, now, aside)
        if proved.until > now:
            self._known.put(proved, *words)
        return proved.who
