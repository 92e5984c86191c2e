"""Whoever is let in from memory, and that they are asked about before anything comes of it.

Who somebody is the database is asked in every request, and nothing is believed for its age (DESIGN
§2.1). But a request looks at the database anyway, or takes its turn to change it; who signed in by
the very same words a moment ago is let in by that, and asked about there. So what is done and told
rests on what that snapshot says, or that transaction. Memory refuses nobody: whoever does not stand
there any more signs in once more as if for the first time, and what that says is told.
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


class Outdated(Exception):
    """Somebody let in from memory does not stand as they did. Never leaves the gate."""

    def __init__(self, doubt: "Doubt") -> None:
        super().__init__()
        self.doubt = doubt


class Proved:
    """A sign-in that was good from `since` to `until`: what the database was asked, and who it was,
    as they were when last asked about.
    """

    __slots__ = ("asked", "since", "until", "who")

    def __init__(self, who: Principal, asked: Asked, since: datetime, until: datetime) -> None:
        self.who = who
        self.asked = asked
        self.since = since
        self.until = until


class Doubt:
    """Of one request of somebody let in from memory. `settled`: they were asked about since."""

    __slots__ = ("_again", "_refusal", "proved", "settled")

    def __init__(self, proved: Proved, again: Callable[[], Principal]) -> None:
        self.proved = proved
        self.settled = False
        self._again = again
        self._refusal: AbriError | None = None

    def settle(self) -> None:
        """Returns when they were asked about. Raises what they were refused by."""
        if self._refusal is not None:
            raise self._refusal
        if not self.settled:
            self.afresh()

    def afresh(self) -> Principal:
        """Who this is by signing in anew. Raises as that does."""
        self.settled = False
        try:
            who = self._again()
        except AbriError as error:
            self._refusal = error
            raise
        self.settled = True
        return who


@lean(frozen=True, slots=True)
class Recalled(Principal):
    """Nobody may be told anything, nor anything be done for them, before `Login.still` has said who
    they are by now.
    """

    doubt: Doubt = field(kw_only=True, compare=False, repr=False)


def recalled(proved: Proved, tally: Tally | None, again: Callable[[], Principal]) -> Recalled:
    """`again`: the whole sign-in, without memory."""
    who = proved.who
    return Recalled(
        who.person, who.credential, who.strength, who.read_only, who.memberships, who.vault,
        who.epoch, who.address, None, who.generation, None, who.paused, tally,
        doubt=Doubt(proved, again),
    )  # fmt: skip


def confirmed(tx: Connection, genuine: Genuine, who: Recalled, now: datetime) -> Principal:
    """Who this is as `tx` sees them; the one statement of their sign-in. Raises Outdated."""
    doubt = who.doubt
    asked = doubt.proved.asked
    facts = facts_of_login(tx, genuine, asked, now)
    row = usable(facts, now)
    if facts.person is None or row is None or facts.account is not None:
        raise Outdated(doubt)
    if row.id != who.credential or row.generation != who.generation:
        raise Outdated(doubt)
    if asked.credential is None and seconds_to_wait(facts.pair, now):
        # Whoever guesses must not learn that it would have been right.
        raise Outdated(doubt)
    doubt.settled = True
    fresh = principal_of(facts, facts.person, row, who.address, who.tally)
    doubt.proved.who = fresh
    return fresh
