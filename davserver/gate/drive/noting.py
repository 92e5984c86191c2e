"""Readings are noted before a byte is sent; how often somebody reads the same, soon after."""

from datetime import datetime

from davserver.domain.decisions import Permit
from davserver.gate.denied import owners_path
from davserver.gate.places import Place
from davserver.gate.tools import Tools
from davserver.trail import Actor, Opening


def note_reading(tools: Tools, place: Place, permit: Permit, now: datetime) -> None:
    """Returns when it is sure to be known, though the process were killed (DESIGN §2.7). Raises
    NoSpace, Unavailable: nothing may be read then.
    """
    node = permit.target.node
    assert node is not None  # noqa: S101 — a permit to read names its file
    if not tools.readings.repeated(permit.who.id, node.etag, now):
        tools.readings.note(_opening(place, permit), now)


def _opening(place: Place, permit: Permit) -> Opening:
    node, grant = permit.target.node, permit.target.grant
    assert node is not None  # noqa: S101 — see above
    return Opening(
        person=permit.who.id,
        actor=Actor.of(permit.who),
        vault=node.vault,
        node=node.id,
        etag=node.etag,
        path=owners_path(place),
        grant=grant.id if grant else None,
    )
