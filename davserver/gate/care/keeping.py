"""Keeping vaults healthy, as commands do it: what there is, whether it is whole, and getting things
back. What is done on somebody's behalf is in their trail, with the operator's name.
"""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select

from authn.register import Register
from authn.registered import Registered
from davserver.db import tables
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Target
from davserver.domain.errors import AbriError, BadInput
from davserver.domain.events import Events
from davserver.domain.ids import LockId, NodeId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import change, look
from davserver.gate.care import lock_keeping
from davserver.gate.care.checking import Checking, Progress, Report, owners_of
from davserver.gate.people.desk import Barred, Desk, Front
from davserver.gate.recovery import restoring
from davserver.gate.recovery.vault_views import HeldLock, TrashView, VaultView, VersionView
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import pace

log = Events(__name__)


class Keeping:
    """`who` is somebody at the machine: on nobody's behalf for `vaults` and `check`, on the vault's
    owner's for the rest (`People.operator`, `People.operator_for`); there, owners may act too.

    All raise Refused or NotFound for whoever may not.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        registered = Registered(tools.keys)
        self._front = Front(tools, registered, Register(tools.keys, tools.entropy))

    # ── vaults ──────────────────────────────────────────────────────────────────────────────────

    def vaults(self, who: Principal, now: datetime) -> list[VaultView]:
        """By owner's login. Numbers only: nothing of what is in them."""

        def work(desk: Desk) -> list[VaultView]:
            _allow(desk)
            return _views(desk, owners_of(desk.tx, desk.registered))

        return self._front.look(who, now, work)

    def check(
        self,
        who: Principal,
        login: str | None,
        now: datetime,
        *,
        deep: bool,
        progress: Progress = lambda _done, _total: None,
    ) -> Report:
        """Everything that is wrong with one vault and its trail; `login` None: with every vault,
        with the instance's own rows, and with bytes that no row knows. `deep` reads and opens every
        content. Changes nothing.

        Raises NotFound for an unknown login, BadInput for somebody without a vault, Unavailable.
        """

        def owners(desk: Desk) -> dict[VaultId, str]:
            _allow(desk)
            every = owners_of(desk.tx, desk.registered)
            return every if login is None else _only(desk, every, login)

        checking = Checking(self._tools, self._front.look(who, now, owners), progress, deep=deep)
        report = checking.run(everything=login is None)
        self._note_check(who, login, report, now, deep=deep)
        return report

    def _note_check(
        self, who: Principal, login: str | None, report: Report, now: datetime, *, deep: bool
    ) -> None:
        details = {"command": "vault check", "troubles": str(len(report.troubles))}
        details |= {"deep": "yes"} if deep else {}
        details |= {"login": login} if login else {}
        event = Event(vault=None, what=What.OPERATOR, who=who, details=details)
        try:
            self._tools.db.write(lambda tx: self._tools.trail.record(tx, event, now))
        except AbriError as error:
            # A check is for bad days: a damaged trail or a full disk must not hide what it found.
            log.warning("check-not-recorded", kind=type(error).__name__)

    # ── versions and trash ──────────────────────────────────────────────────────────────────────

    def versions(self, who: Principal, path: DrivePath) -> list[VersionView]:
        """The earlier versions of a file, latest first. Raises NotFound, BadInput for a folder."""
        return change(self._tools, who, lambda sight: restoring.versions(sight, path))

    def trash(self, who: Principal) -> list[TrashView]:
        """What the owner removed, or others took back; latest first."""
        return change(self._tools, who, restoring.trash)

    def require_all(self, who: Principal, now: datetime) -> None:
        """Before somebody takes all of their own away, with what happened to it: Refused where a
        rule keeps them from it now.
        """
        look(self._tools, who, now, restoring.require_all)

    def restore_version(self, who: Principal, path: DrivePath, number: int) -> None:
        """An earlier version becomes the present one, which is kept as an earlier one.

        Raises NotFound, Locked, Refused.
        """
        change(self._tools, who, lambda sight: restoring.restore_version(sight, path, number))

    def restore_trash(self, who: Principal, node: NodeId, to: DrivePath | None) -> DrivePath:
        """Out of the trash, to where it was or as `to`; the place where it is now.

        Raises NotFound, AlreadyThere, NoParent (its folder is gone: say where), Locked, Refused.
        """
        return change(self._tools, who, lambda sight: restoring.restore_trash(sight, node, to))

    # ── locks ───────────────────────────────────────────────────────────────────────────────────

    def locks(self, who: Principal) -> list[HeldLock]:
        """The live locks in the owner's vault, by path."""
        return change(self._tools, who, lock_keeping.locks)

    def break_lock(self, who: Principal, lock: LockId) -> HeldLock:
        """Whoever holds it is told at their next write that it is gone. Raises NotLocked."""
        return change(self._tools, who, lambda sight: lock_keeping.break_lock(sight, lock))


def _allow(desk: Desk) -> None:
    """Whoever may read the instance's log may know how its vaults are. Raises Barred."""
    target = Target(vault=None, relation=Relation.NONE, category=Category.UNCLASSIFIED)
    decision = desk.judged(Action.AUDIT, target)
    if isinstance(decision, Denial):
        raise Barred(desk.who, decision)


def _only(desk: Desk, every: dict[VaultId, str], login: str) -> dict[VaultId, str]:
    person = desk.registered.find_person(desk.tx, login)
    wanted = select(tables.vault.c.id).where(tables.vault.c.owner_id == person.id)
    found = desk.tx.execute(wanted).scalar()
    if found is None:
        raise BadInput(f"“{person.login}” has no vault; `abri vault list` shows who has one")
    return {VaultId(found): every[VaultId(found)]}


def _views(desk: Desk, owners: dict[VaultId, str]) -> list[VaultView]:
    tx = desk.tx
    node, version = tables.node, tables.node_version
    rows = {row.id: row for row in tx.execute(select(tables.vault))}
    kinds: Counter[tuple[bytes, str, str]] = Counter()
    counted = select(node.c.vault_id, node.c.kind, node.c.state, func.count())
    for one, kind, state, count in tx.execute(
        counted.group_by(node.c.vault_id, node.c.kind, node.c.state)
    ):
        kinds[one, kind, state] = count
    old = select(version.c.vault_id, func.count()).group_by(version.c.vault_id)
    for one, count in tx.execute(old):
        kinds[one, "version", ""] = count
    paused = _paused(desk)
    return [
        VaultView(
            id=one,
            owner=login,
            used=rows[one].used,
            quota=rows[one].quota,
            folders=max(0, kinds[one, "folder", "live"] - 1),
            files=kinds[one, "file", "live"],
            versions=kinds[one, "version", ""],
            trash=kinds[one, "file", "trash"] + kinds[one, "folder", "trash"],
            paused=paused.get(one, ()),
        )
        for one, login in owners.items()
    ]


def _paused(desk: Desk) -> dict[VaultId, tuple[str, ...]]:
    """By vault, in the order in which it happened."""
    found = pace.pauses(desk.tx)
    logins = desk.registered.logins(desk.tx, {one.person for one in found})
    by_vault: dict[VaultId, tuple[str, ...]] = {}
    for one in found:
        login = logins.get(one.person, one.person.hex())
        by_vault[one.vault] = (*by_vault.get(one.vault, ()), login)
    return by_vault
