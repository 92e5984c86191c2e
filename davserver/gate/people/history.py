"""Trails as people read and check them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.login_name import login_key
from authn.registered import Registered
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Target
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import AbriError, NotFound, Refused
from davserver.domain.events import Events
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import Principal
from davserver.gate.counting import judged
from davserver.gate.tools import Tools
from davserver.trail import INSTANCE, Event, ExportedHead, Finding, What

PAGE = 200

log = Events(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `heads` are those to keep elsewhere; `erased`: how many entries have
    lost their content, which a retention rule does, and whoever can write to the database.
    """

    findings: tuple[Finding, ...]
    heads: tuple[ExportedHead, ...]
    erased: int


class History:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._registered = Registered(tools.keys)

    def show(
        self,
        who: Principal,
        login: str | None,
        now: datetime,
        *,
        limit: int = PAGE,
        before: int | None = None,
        by_name: bool = False,
    ) -> list[TrailEntry]:
        """The last `limit` entries of a beneficiary's trail, newest last; with `before`, those of
        lower numbers. `login` None: the instance's own trail. `by_name`: names for logins.

        For the beneficiary; and for somebody at the machine, who also sees addresses, and whose
        look is itself an entry. Raises NotFound, Refused.
        """
        page = _Page(login, limit, before, by_name)
        self._tools.readings.settle(now)
        if who.operator is None:
            with self._tools.db.read() as tx:
                return self._own(tx, self._tools.login.refreshed(tx, who, now), page, now)
        return self._tools.db.write(lambda tx: self._as_operator(tx, who, page, now))

    def close(self) -> None:
        """At the end of a process: what it noted stands in the database, if that can be."""
        self._settle()
        self._tools.readings.close()

    def in_their_name(self, who: Principal, since: datetime, now: datetime) -> int:
        """How many of the last entries of their own trail an operator made in somebody's name; 0
        for whom the rules do not show it now. `who` was read at the start of this very request. Two
        statements.
        """
        if who.vault is None:
            return 0
        target = Target(who.vault, Relation.OWNER, Category.UNCLASSIFIED)
        with self._tools.db.read() as tx:
            judge = self._tools.policy.judge(tx, who.epoch.policy)
            if isinstance(judge.decide(who, Action.AUDIT, target, now), Denial):
                return 0
            return self._tools.trail.by_operators(tx, who.vault, since, PAGE)

    def check(self, exported: Iterable[ExportedHead] = ()) -> Checked:
        """Verifies every trail, against heads that were kept elsewhere too. Opens nothing."""
        kept = tuple(exported)
        trail = self._tools.trail
        self._settle()
        with self._tools.db.read() as tx:
            return Checked(
                findings=tuple(trail.verify(tx, exported=kept)),
                heads=tuple(trail.export_heads(tx)),
                erased=trail.erased(tx),
            )

    def heads(self) -> tuple[ExportedHead, ...]:
        """The end of every trail, as it stands now. Nothing is verified: it takes as long as there
        are trails, however long they are.
        """
        self._settle()
        with self._tools.db.read() as tx:
            return tuple(self._tools.trail.export_heads(tx))

    def _settle(self) -> None:
        try:
            self._tools.readings.settle(self._tools.clock())
        except AbriError as error:
            log.warning("readings-not-told", error=type(error).__name__)

    def _own(
        self, tx: Connection, who: Principal, page: "_Page", now: datetime
    ) -> list[TrailEntry]:
        mine = page.login is not None and login_key(page.login) == login_key(who.person.login)
        if who.vault is None or not mine:
            raise NotFound("no such trail")
        self._require(tx, who, who.vault, now)
        return self._entries(tx, who.vault, page, full=False)

    def _as_operator(
        self, tx: Connection, who: Principal, page: "_Page", now: datetime
    ) -> list[TrailEntry]:
        fresh = self._tools.login.refreshed(tx, who, now)
        vault = INSTANCE if page.login is None else self._vault(tx, page.login, now)
        rule = self._require(tx, fresh, vault, now)
        found = self._entries(tx, vault, page, full=True)
        event = Event(
            vault=vault,
            what=What.OPERATOR,
            who=fresh,
            rule=rule,
            details={"command": "trail show"},
        )
        self._tools.trail.record(tx, event, now)
        return found

    def _require(self, tx: Connection, who: Principal, vault: VaultId, now: datetime) -> str:
        """The rule that lets `who` see it, as its owner or as an administrator."""
        own = who.vault == vault
        relation = Relation.OWNER if own else Relation.NONE
        target = Target(vault if own else None, relation, Category.UNCLASSIFIED)
        judge = self._tools.policy.judge(tx, who.epoch.policy)
        decision = judged(judge, who, Action.AUDIT, target, now)
        if isinstance(decision, Denial):
            raise Refused(decision.reason, decision.remedy)
        return decision.rule

    def _vault(self, tx: Connection, login: str, now: datetime) -> VaultId:
        person = self._registered.find_person(tx, login)
        vault = self._registered.vault_of(tx, person.id, now)
        if vault is None:
            raise NotFound(f"“{person.login}” has no vault, and so no trail of one")
        return vault

    def _called(
        self, tx: Connection, people: Collection[PersonId], *, by_name: bool
    ) -> dict[PersonId, str]:
        called = self._registered.names if by_name else self._registered.logins
        return called(tx, people)

    def _entries(
        self, tx: Connection, vault: VaultId, page: "_Page", *, full: bool
    ) -> list[TrailEntry]:
        return self._tools.trail.entries(
            tx,
            vault,
            limit=page.limit,
            before=page.before,
            names=lambda people: self._called(tx, people, by_name=page.by_name),
            full=full,
        )


@dataclass(frozen=True, slots=True)
class _Page:
    login: str | None
    limit: int
    before: int | None
    by_name: bool
