"""LOCK, its refresh, and UNLOCK (RFC 4918 §9.10–9.11)."""

from collections.abc import Collection
from datetime import datetime

from davserver.domain.actions import Action
from davserver.domain.conditions import Conditions
from davserver.domain.decisions import Permit
from davserver.domain.drive import LockRequest, LockView
from davserver.domain.errors import ConditionFailed, Locked, NoParent, NotLocked
from davserver.domain.lean import changed
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.acting import change, check, record, require_conditions, require_real
from davserver.gate.drive.scratch import Scratch
from davserver.gate.drive.writing import put_staged
from davserver.gate.entries.deposits import seconds_while_seen
from davserver.gate.entries.lock_views import lock_view
from davserver.gate.lock_holders import Holder
from davserver.gate.lock_reach import Standing, ids_of_way
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault.locks import expected, locks
from davserver.vault.locks.locks import Lock
from davserver.vault.staging import media_type_of


class Locking:
    def __init__(self, tools: Tools, scratch: Scratch) -> None:
        self._tools = tools
        self._scratch = scratch

    def lock(
        self,
        who: Principal,
        path: DrivePath,
        request: LockRequest,
        conditions: Conditions,
        now: datetime,
    ) -> tuple[LockView, bool]:
        """A new lock, and whether an empty file was made for it (RFC 4918 §7.3).

        Raises Locked, Refused, NoParent, ConditionFailed.
        """
        del now
        seconds = self._bounded(request.seconds)
        bounded = request if seconds == request.seconds else changed(request, seconds=seconds)
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.lock(who, path, bounded)
        return change(self._tools, who, lambda s: _lock(s, path, bounded, conditions))

    def refresh(
        self, who: Principal, path: DrivePath, seconds: int, conditions: Conditions, now: datetime
    ) -> LockView:
        """The lock whose token `conditions` submits, prolonged.

        Raises ConditionFailed when this person has no such lock there.
        """
        del now
        bounded = self._bounded(seconds)
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.refresh(who, path, bounded)
        return change(self._tools, who, lambda s: _refresh(s, path, bounded, conditions))

    def unlock(self, who: Principal, path: DrivePath, token: str, now: datetime) -> None:
        """Raises NotLocked when this person has no such lock there."""
        del now
        if kind_of_name(path.name) is NameKind.SCRATCH:
            self._scratch.unlock(who, path, token)
            return
        change(self._tools, who, lambda s: _unlock(s, path, token))

    def _bounded(self, seconds: int) -> int:
        limits = self._tools.limits
        return max(1, min(seconds or limits.lock_seconds, limits.longest_lock_seconds))


def _lock(
    sight: Sight, path: DrivePath, request: LockRequest, conditions: Conditions
) -> tuple[LockView, bool]:
    place = sight.place(path)
    if place.kind is PlaceKind.NOWHERE:
        raise NoParent("the folder that should hold it is not there")
    vault = require_real(place, Action.LOCK)
    permit = sight.require(Action.LOCK, place)
    created = not place.exists
    if created:
        check(sight, place, conditions)
        place, permit = _made_empty(sight, place)
    else:
        require_conditions(sight, place, conditions)
        _require_no_conflict(sight, place, request, permit)
    seconds = seconds_while_seen(sight, permit, request.seconds)
    if seconds != request.seconds:
        request = changed(request, seconds=seconds)
    lock = locks.take(sight.tx, vault, permit, request, sight.tools.entropy, sight.now)
    expected.expect(sight.tx, sight.who.id, lock.token, vault.id, ids_of_way(place))
    details = {"depth": "infinity" if lock.deep else "0"}
    record(sight, What.LOCK, place, permit, lock.node, (), details)
    return lock_view(lock, place, sight.now, request.owner), created


def _made_empty(sight: Sight, place: Place) -> tuple[Place, Permit]:
    """An empty file at a free name, so that there is something to lock."""
    vault = require_real(place, Action.PUT)
    put = sight.require(Action.PUT, place)
    name = place.path.name
    staged = sight.tools.staging.take_bytes(vault.id, b"", media_type_of(name, None), sight.now)
    put_staged(sight, place, put, staged, None)
    made = sight.place(place.path)
    return made, sight.require(Action.LOCK, made)


def _require_no_conflict(sight: Sight, place: Place, request: LockRequest, permit: Permit) -> None:
    """Raises Locked: an exclusive lock admits no other on anything that both bind, a shared one
    only shared ones.
    """
    tree = request.deep and place.is_folder
    standing = Standing.at(sight, place, tree=tree)
    if standing.none_at_all and not tree:
        return
    met = standing.on(place)
    if tree:
        met += standing.meeting(place, Holder.by(sight, permit))
    if any(request.exclusive or lock.exclusive for lock in met):
        raise Locked("somebody has locked it")


def _mine(sight: Sight, place: Place, tokens: Collection[str]) -> Lock | None:
    """The person's own lock of one of these tokens that binds the place."""
    if place.vault is None or place.node is None:
        return None
    return Standing.at(sight, place).held_at(place, tokens)


def _refresh(sight: Sight, path: DrivePath, seconds: int, conditions: Conditions) -> LockView:
    place = sight.place(path)
    mine = _mine(sight, place, conditions.tokens)
    if mine is None:
        raise ConditionFailed("no such lock here")
    require_conditions(sight, place, conditions)
    permit = sight.require(Action.LOCK, place)
    seconds = seconds_while_seen(sight, permit, seconds)
    expires = locks.prolong(sight.tx, mine, seconds, sight.now)
    return lock_view(changed(mine, timeout=seconds, expires=expires), place, sight.now)


def _unlock(sight: Sight, path: DrivePath, token: str) -> None:
    expected.prefetch(sight.tx, sight.who.id, token, sight.now)
    place = sight.place(path)
    lock = _mine(sight, place, (token,))
    if lock is None:
        raise NotLocked("no such lock here")
    locks.release(sight.tx, [lock])
    permit = sight.decided(Action.LIST, place)
    if isinstance(permit, Permit):
        record(sight, What.UNLOCK, place, permit, lock.node, ())
