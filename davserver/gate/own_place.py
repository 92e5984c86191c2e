"""An owner's places, where the rules hide nothing of the vault from them.

Nothing is judged on the way down, and one place is made, of what is at its end. Whoever may meet
something hidden goes step by step: `Sight`.
"""

from collections.abc import Sequence

from davserver.domain.ids import NodeId
from davserver.domain.nodes import FOLDER, Node
from davserver.domain.paths import DrivePath
from davserver.gate.listed import Looking
from davserver.gate.places import FREE, NODE, NOWHERE, Place
from davserver.vault.index import choose
from davserver.vault.rows import OpenVault, category_of
from davserver.vault.way import Found, Left


def own_place(
    sight: Looking,
    vault: OpenVault,
    path: DrivePath,
    root: Node,
    below: Sequence[Sequence[Found]],
) -> Place:
    """What `path` means. `below`: for each of its names what could be meant by it."""
    who, names, node = sight.who, path.parts, root
    above: tuple[Node, ...] = ()
    left: Left | None = None
    for name, found in zip(names, below, strict=True):
        if node.kind is not FOLDER:
            return Place(path, NOWHERE, who, vault, None, above)
        above = (*above, node)
        inside = _inside(node.id, found)
        one = _meant(inside, name)
        if one is None:
            # The folder shows that it is not there: that is what was answered.
            sight.counting.listed_own(vault.id, category_of(above), node.id)
            kind = FREE if len(above) == len(names) else NOWHERE
            return Place(path, kind, who, vault, None, above, untaken=not inside)
        node, left = one.node, one.left
    return Place(path, NODE, who, vault, node, above, is_top=not names, left=left)


def _inside(folder: NodeId, found: Sequence[Found]) -> Sequence[Found]:
    """Those of them that lie in it: a twin of the folder may hold others."""
    if len(found) == 1 and found[0].node.parent == folder:
        return found
    return [one for one in found if one.node.parent == folder]


def _meant(inside: Sequence[Found], name: str) -> Found | None:
    if len(inside) == 1 and inside[0].node.name == name:
        return inside[0]
    node = choose([one.node for one in inside], name) if inside else None
    return None if node is None else next(one for one in inside if one.node.id == node.id)
