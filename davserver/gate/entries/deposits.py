"""Deposits: what a grant to put things in, and not to look, shows of a folder.

The granted folder shows, and in it what this person made and last wrote themselves within the
recall window. All else is absent for them, and so are its traces in ETags, times and locks.
"""

from collections.abc import Sequence

from davserver.domain.actions import Right
from davserver.domain.decisions import Permit
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Node
from davserver.gate.places import Place
from davserver.gate.sight import Sight
from davserver.vault import deposited


class Deposits:
    """A person's own deposits below the folders of one answer, read by one statement."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._by_folder: dict[NodeId, list[Node]] = {}

    def load(self, places: Sequence[Place]) -> None:
        """Before the entries of these, and of what is in them, are made."""
        into = [place for place in places if place.is_folder and _takes_deposits(place)]
        vaults = {place.vault.id: place.vault for place in into if place.vault}
        folders = {place.node.id for place in into if place.node}
        sight = self._sight
        self._by_folder = deposited.below(sight.tx, vaults, folders, sight.who.id, sight.since)

    def below(self, place: Place) -> list[Node]:
        """All of them that show in this folder or deeper, in a fixed order."""
        if place.node is None or not _takes_deposits(place):
            return []
        found: list[Node] = []
        waiting = [(*place.above, place.node)]
        while waiting:
            chain = waiting.pop()
            for node in self._by_folder.get(chain[-1].id, ()):
                if self._sight.is_seen_in(place, chain, node):
                    found.append(node)
                    waiting += [(*chain, node)]
        return sorted(found, key=lambda node: node.id)


def _takes_deposits(place: Place) -> bool:
    return any(grant.right is Right.DEPOSIT for grant in place.grants)


def is_describable(place: Place) -> bool:
    """Properties of a folder that somebody may only put things into are none of their business."""
    here = place.node_id
    return not (place.only_deposits and any(grant.node == here for grant in place.grants))


def seconds_while_seen(sight: Sight, permit: Permit, seconds: int) -> int:
    """No lock on a deposit outlives the moment when its holder can write it no more."""
    node, grant = permit.target.node, permit.target.grant
    if node is None or grant is None or grant.right is not Right.DEPOSIT:
        return seconds
    left = node.created - sight.since
    return max(1, min(seconds, int(left.total_seconds())))
