"""DELETE: into the owner's trash, back to whoever made it, or the last step of a save."""

from dataclasses import replace
from datetime import timedelta

from davserver.db.clock import from_us
from davserver.domain.actions import Action
from davserver.domain.conditions import Conditions
from davserver.domain.decisions import Permit
from davserver.domain.errors import NotFound, Reason
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.gate.acting import check, record, refuse, require_movable, require_real
from davserver.gate.conditions import WHOLE
from davserver.gate.places import Place
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault import moving, trash
from davserver.vault.nodes import index
from davserver.vault.nodes.walk import walk

_BEFORE = timedelta(minutes=5)
"""The new content may have been written before the old was renamed away."""


def remove(sight: Sight, path: DrivePath, conditions: Conditions) -> None:
    """In one transaction. Raises NotFound, Locked, ConditionFailed, Denied."""
    place = sight.place(path)
    if not place.exists:
        raise NotFound("nothing is there")
    vault = require_movable(place, Action.DELETE)
    successor = _successor(sight, place)
    if successor is not None:
        put = sight.require(Action.PUT, place)
        check(sight, place, conditions, WHOLE)
        _reunite(sight, place, put, successor)
        return
    permit, what = permit_to_remove(sight, place)
    check(sight, place, conditions, WHOLE)
    unlocked = sight.nothing_locked(vault)
    done = trash.trash(sight.tx, vault, permit, sight.now, unlocked=unlocked)
    record(sight, what, place, permit, done.node.id, done.stamps)


def permit_to_remove(sight: Sight, place: Place) -> tuple[Permit, What]:
    """For an owner to delete; for others to take back what they made a while ago, if all of it is
    theirs (DESIGN §2.2, §4). Raises Denied.
    """
    if place.owned:
        return sight.require(Action.DELETE, place), What.REMOVE
    permit = sight.require(Action.RECALL, place)
    assert place.node is not None and place.vault is not None  # noqa: S101, PT018 — a real place
    if not sight.is_recallable(place.node):
        raise refuse(place, Action.DELETE, Reason.NOT_YOURS)
    if place.is_folder and not index.is_all_of(sight.tx, place.node.id, sight.who.id, sight.since):
        raise refuse(place, Action.DELETE, Reason.FOLDER_NOT_ALL_YOURS)
    return permit, What.RECALL


def _successor(sight: Sight, place: Place) -> Node | None:
    """What took the name that this file left a moment ago, both by this person: then deleting it
    is the end of a save, not a removal (DESIGN §2.5).
    """
    left, node, vault = place.renamed_from, place.node, place.vault
    if left is None or node is None or vault is None or node.is_folder:
        return None
    too_late = sight.now - from_us(left.at) > sight.tools.limits.one_save
    if too_late or left.by != sight.who.id:
        return None
    there = index.live_named(sight.tx, vault, left.parent, left.index)
    made_here = (one for one in there if one.maker == sight.who.id and not one.is_folder)
    return next((one for one in made_here if one.created >= from_us(left.at) - _BEFORE), None)


def _reunite(sight: Sight, place: Place, permit: Permit, successor: Node) -> None:
    vault = require_real(place, Action.PUT)
    folders = walk(sight.tx, vault, successor.id, ()).above[:-1]
    done = moving.reunite(
        sight.tx, vault, permit, successor, folders, sight.tools.entropy, sight.now
    )
    saved = replace(place, node=done.node, above=tuple(folders))
    record(sight, What.WRITE, saved, permit, done.node.id, done.stamps, {"save": "reunited"})
