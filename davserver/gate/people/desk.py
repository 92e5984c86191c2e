"""What every use case on accounts does alike: who may, what was done, and telling those concerned.

The relation that the rules are asked about is `owner` for one's own account and `none` for anything
else, which only administrators have. Somebody at the machine acts as one of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from authn.credentials import CredentialKind
from authn.login_name import login_key
from authn.register import Register
from authn.registered import Registered
from authn.rows import CredentialRow, Stamp
from authn.texts import quoted
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import AlreadyThere, NotFound, Reason, Refused
from davserver.domain.ids import CredentialId
from davserver.domain.people import Person, Principal, Role, Structure
from davserver.gate.counting import begins, judged, stands
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from policies.decider import Judge

T = TypeVar("T")


class Barred(Exception):
    """Raised inside a transaction, which it undoes; never leaves the gate."""

    def __init__(self, who: Principal, denial: Denial) -> None:
        super().__init__(denial.reason.value)
        self.who = who
        self.denial = denial


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an account: the rows written, and what the trail says beside them."""

    what: What
    rule: str
    stamps: tuple[Stamp, ...]
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """One use case on accounts in one transaction. `who` was read in it."""

    tools: Tools
    tx: Connection
    who: Principal
    now: datetime
    registered: Registered
    register: Register

    @property
    def me(self) -> Person | None:
        """Who asks for themselves. An operator has no account: who is called like them is not."""
        return self.who.person if self.who.operator is None else None

    @property
    def judge(self) -> Judge:
        return self.tools.policy.judge(self.tx, self.who.epoch.policy)

    def allow(self, person: Person | None = None) -> str:
        """The rule by which `who` may see to this account, or (None) administer accounts.

        Raises Barred.
        """
        own = person is not None and person.id == self.who.id
        target = Target(
            vault=None,
            relation=Relation.OWNER if own else Relation.NONE,
            category=Category.UNCLASSIFIED,
            person=person.id if person else None,
        )
        decision = self.judged(Action.ACCOUNT, target)
        if isinstance(decision, Denial):
            raise Barred(self.who, decision)
        return decision.rule

    def judged(self, action: Action, target: Target) -> Permit | Denial:
        """The decision on something that is on no drive."""
        return judged(self.judge, self.who, action, target, self.now)

    def account(self, login: str) -> tuple[Person, str]:
        """Whose credentials are concerned, and by which rule: one's own, or an administrator's
        choice. Whoever may not ask learns nothing: the question comes before the look-up.
        """
        me = self.me
        if me is not None and login_key(login) == login_key(me.login):
            return me, self.allow(me)
        rule = self.allow()
        return self.registered.find_person(self.tx, login), rule

    def device(
        self, credential: CredentialId, kind: CredentialKind
    ) -> tuple[CredentialRow, Person, str]:
        """As `account`, from the id of an app password or a certificate."""
        me = self.me
        if me is not None:
            for mine in self.registered.devices(self.tx, me.id, kind):
                if mine.id == credential:
                    return mine, me, self.allow(me)
        rule = self.allow()
        row = self.registered.find_device(self.tx, credential, kind)
        person = self.registered.people(self.tx, {row.person}).get(row.person)
        if person is None:
            raise NotFound(f"the account of this {kind.value} is damaged: see the log")
        return row, person, rule

    def record(self, change: Change, person: Person | None = None) -> None:
        """In the instance's trail; and in the person's own, if they have a vault, because whoever
        changes their account touches what protects their papers.
        """
        about = {"person": person.id.hex()} if person else {}
        event = Event(
            vault=None,
            what=change.what,
            who=self.who,
            rule=change.rule,
            rows=row_stamps(change.stamps),
            details=about | change.details,
        )
        events = [event]
        vault = self.registered.vault_of(self.tx, person.id, self.now) if person else None
        if vault is not None:
            events.append(replace(event, vault=vault, rows=()))
        self.tools.trail.record_all(self.tx, events, self.now)


def row_stamps(stamps: Iterable[Stamp]) -> tuple[RowStamp, ...]:
    return tuple(RowStamp(one.table, one.id, one.version, one.mac) for one in stamps)


def workplace(desk: Desk, slug: str, roles: set[Role]) -> Structure:
    """The structure of that name where `desk.who` works now in such a role. Raises NotFound, the
    same for one that does not exist.
    """
    for membership in desk.who.memberships:
        if membership.structure.slug == slug and desk.who.person.role in roles:
            return membership.structure
    raise NotFound(f"{quoted(slug)} is no structure that you can act for")


@dataclass(frozen=True, slots=True)
class Front:
    """Where somebody's wish becomes a transaction."""

    tools: Tools
    registered: Registered
    register: Register

    def change(self, who: Principal, now: datetime, work: Callable[[Desk], T]) -> T:
        """Runs `work` in one durable transaction, on facts read in it; perhaps several times.

        Raises Refused once the refusal is recorded, NotFound for what `who` may not know of.
        """
        stands(who)
        try:
            return self.tools.db.write(lambda tx: work(self._desk(tx, who, now)))
        except Barred as barred:
            self._record_refusal(barred, now)
            raise _answer(barred.denial) from None
        except IntegrityError:
            # Another process was faster between our look and our insert.
            raise AlreadyThere("somebody else added this at the same moment") from None

    def look(self, who: Principal, now: datetime, work: Callable[[Desk], T]) -> T:
        """Runs `work` on one snapshot. Raises as `change`."""
        stands(who)
        try:
            with self.tools.db.read() as tx:
                return work(self._desk(tx, who, now))
        except Barred as barred:
            self._record_refusal(barred, now)
            raise _answer(barred.denial) from None

    def _desk(self, tx: Connection, who: Principal, now: datetime) -> Desk:
        begins(who)
        fresh = self.tools.login.refreshed(tx, who, now)
        return Desk(self.tools, tx, fresh, now, self.registered, self.register)

    def _record_refusal(self, barred: Barred, now: datetime) -> None:
        event = Event(
            vault=None,
            what=What.REFUSED,
            who=barred.who,
            rule=barred.denial.rule or "",
            reason=barred.denial.reason,
            details={"action": barred.denial.action.value},
        )
        self.tools.db.write(lambda tx: self.tools.trail.record(tx, event, now))


def _answer(denial: Denial) -> Refused | NotFound:
    if denial.reason is Reason.NO_GRANT:
        return NotFound("no such account")
    return Refused(denial.reason, denial.remedy)
