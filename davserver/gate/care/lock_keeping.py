"""Locks as their vault's owner meets them: owners break any lock (DESIGN §4)."""

from collections.abc import Mapping

from authn.registered import Registered
from davserver.domain.actions import Action
from davserver.domain.errors import NotLocked
from davserver.domain.ids import LockId, PersonId
from davserver.domain.paths import DrivePath
from davserver.gate.acting import record
from davserver.gate.denied import owners_path
from davserver.gate.places import Place
from davserver.gate.recovery.restoring import note_look, own_drive
from davserver.gate.recovery.vault_views import HeldLock
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault.locks import live as live_locks
from davserver.vault.locks import locks as vault_locks
from davserver.vault.locks.locks import Lock
from davserver.vault.nodes.rows import OpenVault


def locks(sight: Sight) -> list[HeldLock]:
    """All live locks of the vault, by path."""
    drive = own_drive(sight)
    assert drive.vault is not None  # noqa: S101 — one's own drive is a vault
    permit = sight.require(Action.LIST, drive)
    live = live_locks.live(sight.tx, drive.vault, sight.now)
    logins = Registered(sight.tools.keys).logins(sight.tx, {one.person for one in live})
    vault = drive.vault
    views = [_view(vault, one, _place(sight, one), logins) for one in live]
    note_look(sight, drive, permit, "locks")
    return sorted(views, key=lambda view: (str(view.path or ""), view.id))


def break_lock(sight: Sight, lock: LockId) -> HeldLock:
    """The lock that is no more. Raises NotLocked, Denied."""
    drive = own_drive(sight)
    assert drive.vault is not None  # noqa: S101 — as above
    live = live_locks.live(sight.tx, drive.vault, sight.now)
    one = next((found for found in live if found.id == lock), None)
    if one is None:
        raise NotLocked("there is no such lock; it may have run out by itself")
    place = _place(sight, one)
    permit = sight.require(Action.LOCK, place or drive)
    vault_locks.release(sight.tx, [one])
    details = {"person": one.person.hex(), "lock": one.id.hex()}
    record(sight, What.LOCK_BREAK, place or drive, permit, one.node, (), details)
    logins = Registered(sight.tools.keys).logins(sight.tx, {one.person})
    return _view(drive.vault, one, place, logins)


def _place(sight: Sight, lock: Lock) -> Place | None:
    assert sight.who.vault is not None  # noqa: S101 — asked by `own_drive` before
    return sight.place_of(sight.who.vault, lock.node)


def _view(
    vault: OpenVault, lock: Lock, place: Place | None, logins: Mapping[PersonId, str]
) -> HeldLock:
    return HeldLock(
        id=lock.id,
        path=None if place is None else DrivePath.parse(owners_path(place)),
        holder=logins.get(lock.person, ""),
        owner=live_locks.owner_of(vault, lock),
        exclusive=lock.exclusive,
        deep=lock.deep,
        expires=lock.expires,
    )
