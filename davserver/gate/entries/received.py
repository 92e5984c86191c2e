"""What is shared with somebody: the first folder of a drive that has no vault of its own."""

from davserver.domain.paths import DrivePath
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.vault.nodes import index

Shared = tuple[Place, list[Place]]
"""A beneficiary's folder, and what shows in it."""


def received(sight: Sight) -> list[Shared]:
    """By name. A folder in which nothing shows is not there (DESIGN §2.2). The number of statements
    does not depend on how many there are.
    """
    folders = sight.tools.grants.folders_for(
        sight.tx, (sight.who.id, *sight.who.structures), sight.now
    )
    vaults = sight.open_vaults({one.vault for one in folders})
    places = [
        Place(
            DrivePath((one.name,)),
            PlaceKind.SHARED,
            sight.who,
            vaults[one.vault],
            grants=one.grants,
            known=one.grants,
        )
        for one in folders
        if one.vault in vaults
    ]
    wanted = {grant.node for place in places for grant in place.grants}
    nodes = index.ancestors(sight.tx, vaults, wanted)
    shown = [(place, sight.shown_items(place, place.path, nodes)) for place in places]
    return [(place, items) for place, items in shown if items]
