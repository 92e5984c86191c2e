"""What others share with somebody: the two upper levels of their drive, with what they may do there
and until when. What the drive does not show is not here either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import Action, Right
from davserver.domain.grants import Grant
from davserver.domain.paths import DrivePath
from davserver.gate.entries.entries import Entries
from davserver.gate.entries.received import received
from davserver.gate.places import Place
from davserver.gate.sight import Sight


@dataclass(frozen=True, slots=True)
class Given:
    """One right, and when it ends."""

    right: Right
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SharedItem:
    """`given`: the widest right first. `takes`: whether documents may be put into it."""

    path: DrivePath
    is_folder: bool
    given: tuple[Given, ...]
    takes: bool


@dataclass(frozen=True, slots=True)
class Sharer:
    """Somebody who shares: their folder on this drive, with what is in it."""

    path: DrivePath
    items: tuple[SharedItem, ...]


def shared_items(sight: Sight) -> list[Sharer]:
    """By name, in a number of statements that does not depend on how many there are. Nothing for
    whoever has a vault of their own.
    """
    if sight.who.vault is not None:
        return []
    entries = Entries(sight)
    return [
        Sharer(place.path, tuple(_item(sight, entries, item) for item in items))
        for place, items in received(sight)
    ]


def _item(sight: Sight, entries: Entries, place: Place) -> SharedItem:
    return SharedItem(
        path=place.path,
        is_folder=place.is_folder,
        given=_given(sight, place),
        takes=place.is_folder and Action.PUT in entries.may(place),
    )


def _given(sight: Sight, place: Place) -> tuple[Given, ...]:
    """By the grants on this very thing that show it."""
    assert place.vault is not None  # noqa: S101 — a shared item has a vault
    here = [one for one in place.grants if one.node == place.node_id]
    showing = [one for one in here if place.category in sight.shown_by(place.vault.id, one)]
    ordered: Sequence[Grant] = sorted(showing, key=lambda one: one.right.value, reverse=True)
    return tuple(dict.fromkeys(Given(one.right, one.until) for one in ordered))
