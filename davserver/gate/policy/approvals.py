"""Four eyes: a set that widens access comes into force by two administrators who signed in for it.

Whoever edits the files is nobody's account: the two are those whose passwords said yes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.ids import ID_BYTES, PersonId
from davserver.domain.people import AccountState, Person, Principal, Role
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from policies import generations, proposals
from policies.generations import Generation, Origin, Proposed
from policies.proposals import NEEDED, Proposal

Put = Callable[[Connection, Proposed, int, Principal, datetime], Generation]
"""Puts a set in force, with its entry in the trail."""


@dataclass(frozen=True, slots=True)
class Approved:
    """`number`: of the generation that it became; None while others have to say yes."""

    digest: str
    approvals: int
    number: int | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A set that waits: so many of `needed` administrators said yes to it up to now."""

    proposal: Proposal
    approvals: int
    needed: int


class Approvals:
    def __init__(self, tools: Tools, *, must_be_signed: bool = False) -> None:
        self._tools = tools
        self._must_be_signed = must_be_signed
        self._registered = Registered(tools.keys)

    def propose(
        self, files: Mapping[str, bytes], instead_of: int, signed: datetime | None, now: datetime
    ) -> Proposal:
        """The set that waits then; with its approvals, if it waited already."""
        keys = self._tools.keys
        new = proposals.made(files, instead_of, signed, self._tools.entropy, now)
        return self._tools.db.write(lambda tx: proposals.propose(tx, keys, new, now))[0]

    def pending(self, tx: Connection) -> Pending | None:
        """What administrators can say yes to now."""
        found = proposals.waiting(tx, self._tools.keys)
        if found is None or self._obstacle(tx, found):
            return None
        said = proposals.approvers(tx, self._tools.keys, found)
        return Pending(found, self._still_administrators(tx, said), NEEDED)

    def approve(self, digest: str, who: Principal, now: datetime, put: Put) -> Approved:
        """Raises NotFound, Refused; NotSignedIn when the account was lost meanwhile."""
        if not is_administrator(who):
            raise Refused(Reason.POLICY)

        def work(tx: Connection) -> Approved:
            fresh = self._tools.login.refreshed(tx, who, now)
            found = self._waiting(tx, digest)
            one = self._tools.entropy(ID_BYTES)
            said = proposals.approve(tx, self._tools.keys, found, fresh.id, one, now)
            event = Event(None, What.POLICY_APPROVE, fresh, details={"digest": found.digest})
            self._tools.trail.record(tx, event, now)
            counted = self._still_administrators(tx, said)
            if counted < NEEDED:
                return Approved(found.digest, counted, None)
            proposals.withdraw(tx)
            new = Proposed(found.files, Origin.APPROVE, signed=found.signed)
            made = put(tx, new, found.instead_of, fresh, now)
            return Approved(found.digest, counted, made.number)

        return self._tools.db.write(work)

    def _waiting(self, tx: Connection, digest: str) -> Proposal:
        found = proposals.waiting(tx, self._tools.keys)
        is_it = found is not None and bool(digest) and found.digest.startswith(digest)
        if found is None or not is_it:
            raise NotFound("no policy of that digest waits: `abri policy approve` shows what does")
        obstacle = self._obstacle(tx, found)
        if obstacle:
            raise NotFound(obstacle)
        return found

    def _obstacle(self, tx: Connection, found: Proposal) -> str:
        """Why nobody can say yes to it any more; empty where they can."""
        if self._must_be_signed and found.signed is None:
            return "what waits is of a time when no signature was asked for"
        if found.instead_of != generations.number_in_force(tx):
            return (
                "another policy came into force meanwhile: look at the files again with "
                "`abri policy apply`"
            )
        return ""

    def _still_administrators(self, tx: Connection, said: frozenset[PersonId]) -> int:
        people = self._registered.people(tx, set(said)).values()
        return sum(_administers(person) for person in people)


def is_administrator(who: Principal) -> bool:
    """Somebody who proved that they are one: not somebody at the machine, who needs no password."""
    return who.operator is None and _administers(who.person)


def _administers(person: Person) -> bool:
    return person.role is Role.ADMINISTRATOR and person.state is AccountState.ACTIVE
