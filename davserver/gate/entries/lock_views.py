"""Locks as one person may see them."""

from datetime import datetime

from davserver.domain.drive import LockView
from davserver.domain.paths import DrivePath
from davserver.gate.places import Place
from davserver.vault.locks.live import owner_of
from davserver.vault.locks.locks import Lock


def lock_view(lock: Lock, place: Place, now: datetime, owner: str | None = None) -> LockView:
    """A lock as this person may see it: its root is never above what they can see. `owner`: what
    its holder wrote about themselves, if that is known.
    """
    if owner is None:
        assert place.vault is not None  # noqa: S101 — something in it is locked
        owner = owner_of(place.vault, lock)
    return LockView(
        root=_root_of(lock, place),
        token=lock.token if lock.person == place.who.id else None,
        exclusive=lock.exclusive,
        deep=lock.deep,
        owner=owner,
        seconds_left=lock.seconds_left(now),
    )


def _root_of(lock: Lock, place: Place) -> DrivePath:
    if place.node is not None and lock.node == place.node.id:
        return place.path
    # An owner's path begins below the first folder; others' with the person and the granted item.
    top = 0 if place.owned else 2
    deepest_first = enumerate(reversed(place.above), start=1)
    up = next((up for up, folder in deepest_first if folder.id == lock.node), len(place.above))
    return DrivePath(place.path.parts[: max(top, len(place.path.parts) - up)])
