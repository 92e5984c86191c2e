"""Resolving a path: from what a walk found below a place to the place that is meant.

Step by step, each thing judged on the way; or, where nothing is hidden from whoever looks, at once.
"""

from collections.abc import Sequence
from dataclasses import replace

from davserver.domain.actions import Category, Right
from davserver.domain.grants import Grant
from davserver.domain.ids import NodeId
from davserver.domain.lean import changed
from davserver.domain.nodes import FOLDER, Node
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import any_half_saved
from davserver.gate.listed import Looking, count_free, count_missing
from davserver.gate.places import FREE, NODE, NOWHERE, Place
from davserver.vault.nodes.index import choose
from davserver.vault.nodes.walk import Found
from davserver.vault.nodes.walk_statements import NOTHING_HERE, PERHAPS, Hidden

_EVERY = len(Category)
_DEPOSIT = Right.DEPOSIT

Below = Sequence[Sequence[Found]]
"""For each name what could be meant by it."""


def hidden_below(
    sight: Looking, shared: Place, top: NodeId, path: DrivePath, then: DrivePath | None
) -> Hidden:
    """What may be hidden from this person of what these paths could mean below a granted thing.

    Nothing may, where one grant on that very thing shows every category. `is_seen_in` asks two
    questions of a thing that lies further down. Is its category one that a grant shows which
    covers it? That grant lies on each way to it; it is not to deposit, which would cover what
    is theirs alone, and no re-share, which would have to lie within its parent: so it covers
    it, and shows whatever category it has. And has somebody else half saved it? Then each name
    says so by which it could be asked for.
    """
    assert shared.vault is not None  # noqa: S101 — a shared folder has a vault
    if any_half_saved(path.parts) or (then and any_half_saved(then.parts)):
        return PERHAPS
    for one in shared.grants:
        wide = one.node == top and one.right is not _DEPOSIT and one.within is None
        if wide and len(sight.shown_by(shared.vault.id, one)) == _EVERY:
            return NOTHING_HERE
    return PERHAPS


def resolve_unhidden(
    sight: Looking, top: Place, path: DrivePath, names: Sequence[str], below: Below
) -> Place:
    """What `path` means, which goes on with `names` where `top` is: one place is made, of what is
    at its end, and nothing is judged.
    """
    if not names:
        return top
    who, vault, known = top.who, top.vault, top.known
    node, above, renamed_from = top.node, top.above, None
    for name, found in zip(names, below, strict=True):
        if node is None or node.kind is not FOLDER:
            return Place(path, NOWHERE, who, vault, None, above, top.grants, known)
        above = (*above, node)
        inside = _inside(node.id, found)
        one = _meant(inside, name)
        if one is None:
            is_last = len(above) == len(top.above) + len(names)
            grants = _grants(sight, top, above)
            free = Place(
                path, FREE if is_last else NOWHERE, who, vault, None, above, grants, known,
                untaken=not inside,
            )  # fmt: skip
            # The folder shows that it is not there: that is what was answered.
            count_free(sight, free, node.id)
            return free
        node, renamed_from = one.node, one.renamed_from
    assert node is not None  # noqa: S101 — found below
    grants = _grants(sight, top, (*above, node))
    return Place(path, NODE, who, vault, node, above, grants, known, renamed_from=renamed_from)


def _grants(sight: Looking, top: Place, chain: tuple[Node, ...]) -> tuple[Grant, ...]:
    """An only grant is the one that shows all that is below `top`; and owners need none."""
    return top.grants if len(top.known) <= 1 else sight.covering(top.known, chain)


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


def resolve_judged(
    sight: Looking, top: Place, path: DrivePath, names: Sequence[str], below: Below
) -> Place:
    """The same for whoever may meet something hidden: as much work for it as for what is absent."""
    at = top if top.path is path else replace(top, path=path)
    for depth, (name, found) in enumerate(zip(names, below, strict=True)):
        if at.node is None or not at.node.is_folder:
            return replace(at, kind=NOWHERE, node=None)
        above = (*at.above, at.node)
        inside = [one for one in found if one.node.parent == at.node.id]
        visible = [one.node for one in inside if sight.is_seen_in(at, above, one.node)]
        if not inside:
            # As much work as judging something hidden of that name (DESIGN §2.2).
            sight.is_seen_in(at, at.above, at.node)
        meant = choose(visible, name)
        if meant is None:
            count_missing(sight, at, inside)
            kind = FREE if depth == len(names) - 1 else NOWHERE
            return changed(at, kind=kind, node=None, above=above, is_top=False)
        at = _step(sight, top, path, above, next(o for o in inside if o.node.id == meant.id))
    return at


def _step(
    sight: Looking, top: Place, path: DrivePath, above: tuple[Node, ...], one: Found
) -> Place:
    """One name further below `top`: made in one go."""
    node, known = one.node, top.known
    grants = sight.covering(known, (*above, node))
    return Place(
        path, NODE, top.who, top.vault, node, above, grants, known, renamed_from=one.renamed_from
    )
