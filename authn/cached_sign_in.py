"""A sign-in from the cache, and its revalidation before anything comes of it.

Who somebody is the database is asked in every request, and nothing is believed for its age (DESIGN
§2.1). But a request reads or changes the database anyway: whoever signed in by the very same words
a moment ago is let in from the cache (`sign_in_cache`), and revalidated in that read snapshot or
write transaction. So what is done and told rests on what it shows. The cache refuses nobody: where
the sign-in is stale, the person signs in once more as if for the first time, and is told what comes
of that.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import datetime

from sqlalchemy import Connection

from authn.facts import Asked, Genuine, facts_of_login
from authn.principals import principal_of
from authn.standing import usable
from authn.throttle import seconds_to_wait
from davserver.domain.errors import AbriError
from davserver.domain.lean import lean
from davserver.domain.people import Principal
from davserver.domain.tallies import Tally


class StaleSignIn(Exception):
    """Somebody let in from the cache may not sign in as they did. Never leaves the gate."""

    def __init__(self, revalidation: "Revalidation") -> None:
        super().__init__()
        self.revalidation = revalidation


class ProvedSignIn:
    """A sign-in that was good from `since` to `until`: what the database was asked, and who it was,
    as they were when last asked about.
    """

    __slots__ = ("asked", "since", "until", "who")

    def __init__(self, who: Principal, asked: Asked, since: datetime, until: datetime) -> None:
        self.who = who
        self.asked = asked
        self.since = since
        self.until = until


class Revalidation:
    """Of one request of somebody let in from the cache. `done`: it took place."""

    __slots__ = ("_refusal", "_sign_in", "done", "proved")

    def __init__(self, proved: ProvedSignIn, sign_in: Callable[[], Principal]) -> None:
        self.proved = proved
        self.done = False
        self._sign_in = sign_in
        self._refusal: AbriError | None = None

    def require(self) -> None:
        """Returns when it took place, and lets it take place if need be. Raises what the person was
        refused by.
        """
        if self._refusal is not None:
            raise self._refusal
        if not self.done:
            self.sign_in_anew()

    def sign_in_anew(self) -> Principal:
        """Who this is by the whole sign-in. Raises as that does."""
        self.done = False
        try:
            who = self._sign_in()
        except AbriError as error:
            self._refusal = error
            raise
        self.done = True
        return who


@lean(frozen=True, slots=True)
class CachedPrincipal(Principal):
    """Nobody may be told anything, nor anything be done for them, before `Login.refreshed` has said
    who they are by now.
    """

    revalidation: Revalidation = field(kw_only=True, compare=False, repr=False)


def cached_principal(
    proved: ProvedSignIn, tally: Tally | None, sign_in: Callable[[], Principal]
) -> CachedPrincipal:
    """`sign_in`: the whole of it, without the cache."""
    who = proved.who
    return CachedPrincipal(
        who.person, who.credential, who.strength, who.read_only, who.memberships, who.vault,
        who.epoch, who.address, None, who.generation, None, who.paused, tally,
        revalidation=Revalidation(proved, sign_in),
    )  # fmt: skip


def revalidated(tx: Connection, genuine: Genuine, who: CachedPrincipal, now: datetime) -> Principal:
    """Who this is as `tx` sees them; the one statement of their sign-in. Raises StaleSignIn."""
    revalidation = who.revalidation
    asked = revalidation.proved.asked
    facts = facts_of_login(tx, genuine, asked, now)
    row = usable(facts, now)
    if facts.person is None or row is None or facts.account is not None:
        raise StaleSignIn(revalidation)
    if row.id != who.credential or row.generation != who.generation:
        raise StaleSignIn(revalidation)
    if asked.credential is None and seconds_to_wait(facts.pair, now):
        # Whoever guesses must not learn that it would have been right.
        raise StaleSignIn(revalidation)
    revalidation.done = True
    fresh = principal_of(facts, facts.person, row, who.address, who.tally)
    revalidation.proved.who = fresh
    return fresh
