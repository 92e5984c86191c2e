"""What somebody put into others' vaults lately, and whether they may still take it back: by the
same places, decisions and obstacles as the act (`davserver.gate.recovery.recalling`).

What is under a grant that has ended, or that the drive does not show, is not here either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from davserver.domain.actions import Action
from davserver.domain.decisions import Denial
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import NotFound, Reason
from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.domain.nodes import Node, NodeState
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.entries.received import received
from davserver.gate.places import Place
from davserver.gate.recovery.recalling import OPAQUE, RecalledDocument, obstacle, recall_at
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault import deposited
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import Row

_TELLING = OPAQUE | {What.READ.value, What.COPY.value}
"""What the trail says of somebody who may have opened a document."""


@dataclass(frozen=True, slots=True)
class PutIn:
    """A document, where it is on the drive of whoever put it there. It can be taken back until then
    (excluded, UTC), but for `why_not`. `removed`: it is in its owner's trash already.
    """

    node: NodeId
    path: DrivePath
    size: int
    made: datetime
    until: datetime
    removed: bool
    why_not: Reason | None


def put_in(sight: Sight) -> list[PutIn]:
    """Within the recall window, the latest first; in a number of statements that does not depend on
    how many there are, nor in how many vaults.
    """
    places = _places(sight, deposited.files_of(sight.tx, sight.who.id, sight.since))
    if not places:
        return []
    authors = deposited.earlier_authors(sight.tx, [_node(one).id for one in places])
    told = _told(sight, places)
    return [_put_in(sight, place, authors, told) for place in places]


def recall_node(sight: Sight, node: NodeId) -> RecalledDocument:
    """As `recall`, whatever it is called by now. Raises NotFound too for what they did not make."""
    places = _places(sight, deposited.file_of(sight.tx, sight.who.id, node))
    if not places:
        raise NotFound("nothing is there")
    return recall_at(sight, places[0])


def look_at(sight: Sight, node: NodeId) -> PutIn:
    """One of `put_in`. Raises NotFound."""
    for one in put_in(sight):
        if one.node == node:
            return one
    raise NotFound("nothing is there")


# ── where it is ─────────────────────────────────────────────────────────────────────────────────


def _places(sight: Sight, rows: Sequence[Row]) -> list[Place]:
    """In the same order, as far as they show on this person's drive."""
    if not rows or sight.who.vault is not None:
        return []
    shared = received(sight)
    vaults = {place.vault.id: place.vault for place, _ in shared if place.vault}
    nodes = [
        node
        for row in rows
        if row["vault_id"] in vaults
        for node in index.opened(vaults[VaultId(row["vault_id"])], [row])
    ]
    known = index.ancestors(sight.tx, vaults, {node.id for node in nodes})
    items = [item for _, some in shared for item in some]
    found = (_place(sight, items, index.chain_to(known, node.id)) for node in nodes)
    return [place for place in found if place is not None]


def _place(sight: Sight, items: Sequence[Place], chain: Sequence[Node]) -> Place | None:
    """Where `chain` ends, by the first item that leads there."""
    depths = {node.id: depth for depth, node in enumerate(chain)}
    for item in items:
        depth = depths.get(_node(item).id)
        found = None if depth is None else _down(sight, item, chain[depth + 1 :])
        if found is not None:
            return found
    return None


def _down(sight: Sight, item: Place, below: Sequence[Node]) -> Place | None:
    """As a path goes down, but for the last one: it may be in the trash of its owner."""
    at = item
    for node in below:
        above = (*at.above, _node(at))
        is_on_the_way = node is not below[-1]
        if is_on_the_way and not (node.is_folder and node.state is NodeState.LIVE):
            return None
        if kind_of_name(node.name) is not NameKind.DOCUMENT:
            return None
        if not sight.is_seen_in(at, above, node):
            return None
        grants = sight.covering(item.known, (*above, node))
        at = replace(at, path=at.path / node.name, node=node, above=above, grants=grants)
        at = replace(at, is_top=False, renamed_from=None)
    return at if at.grants else None


def _node(place: Place) -> Node:
    assert place.node is not None  # noqa: S101 — asked of items and what is in them
    return place.node


# ── may they ────────────────────────────────────────────────────────────────────────────────────


def _put_in(
    sight: Sight,
    place: Place,
    authors: Mapping[NodeId, set[PersonId]],
    told: Mapping[VaultId, list[TrailEntry]],
) -> PutIn:
    node = _node(place)
    return PutIn(
        node=node.id,
        path=place.path,
        size=node.content.size if node.content else 0,
        made=node.created,
        until=node.created + sight.tools.limits.recall,
        removed=node.state is not NodeState.LIVE,
        why_not=_why_not(sight, place, authors.get(node.id, set()), told[node.vault]),
    )


def _why_not(
    sight: Sight, place: Place, authors: set[PersonId], told: Iterable[TrailEntry]
) -> Reason | None:
    if place.is_top:
        return Reason.GRANT_ROOT
    decision = sight.decide(Action.RECALL, place)
    return (
        decision.reason if isinstance(decision, Denial) else obstacle(sight, place, authors, told)
    )


def _told(sight: Sight, places: Sequence[Place]) -> dict[VaultId, list[TrailEntry]]:
    """By vault, what others did there that may have been opening a document."""
    nodes = [_node(place) for place in places]
    first = min(node.created for node in nodes)
    every = sight.tools.trail.since_in(sight.tx, {node.vault for node in nodes}, first)
    return {
        vault: [one for one in some if one.who != sight.who.id and one.what in _TELLING]
        for vault, some in every.items()
    }
