"""What a look around showed and hid, counted for the decision log.

A place that is not found is one answer, hidden or absent: both are as much work (DESIGN §2.2).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from davserver.domain.actions import Action, Category, Right
from davserver.domain.decisions import Denial, Target
from davserver.domain.grants import Grant
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.nodes import Node, NodeState
from davserver.domain.people import Principal
from davserver.domain.sidefiles import is_half_saved
from davserver.gate.counting import Counting
from davserver.gate.judging import UNTIED
from davserver.gate.places import Place, PlaceKind, under, wide_first
from davserver.vault.nodes.rows import category_of
from davserver.vault.nodes.walk import Found
from policies.invariants import NOBODY


class Looking(Protocol):
    """What a `Sight` knows that is asked here."""

    who: Principal
    counting: Counting

    def visible(self, place: Place, *, deposits: bool = False) -> frozenset[Category]: ...

    def shown_by(self, vault: VaultId, grant: Grant | None) -> frozenset[Category]: ...

    def is_seen_in(self, near: Place, above: tuple[Node, ...], node: Node) -> bool: ...

    def is_recallable(self, node: Node) -> bool: ...

    def covering(self, known: tuple[Grant, ...], chain: tuple[Node, ...]) -> tuple[Grant, ...]: ...


_ABSENT = Denial(Action.LIST, NOBODY.reason, NOBODY.rule)


def count_children(sight: Looking, folder: Place, found: Sequence[Node]) -> None:
    """All that lie in the folder, by category; half-saved files of others are nobody's to judge."""
    if sight.who.tally is None or folder.node is None:
        return
    inherited = category_of((*folder.above, folder.node))
    me = sight.who.id
    judged = (
        found
        if folder.owned
        else [one for one in found if one.maker == me or not is_half_saved(one.name)]
    )
    # Whoever only deposits finds nothing there that is not theirs.
    theirs = folder.only_deposits
    for category, times in Counter([node.category for node in judged]).items():
        of = ("in", folder.node.id, category)
        _count(sight, folder, category or inherited, of, times, deposits=theirs)


def count_missing(sight: Looking, at: Place, inside: Sequence[Found]) -> None:
    """The name was not found in `at`: what is hidden there, or else the folder, was judged."""
    if sight.who.tally is None or at.node is None:
        return
    above = (*at.above, at.node)
    for one in inside:
        theirs = sight.is_recallable(one.node)
        category = category_of((*above, one.node))
        if category not in sight.visible(at, deposits=theirs):
            _count(sight, at, category, one.node.id, deposits=theirs)
            return
    _count(sight, at, category_of(above), at.node.id, deposits=True)


def count_free(sight: Looking, place: Place, folder: NodeId) -> None:
    """Nothing has the name, and nothing in the folder is hidden: the folder shows so."""
    if sight.who.tally is None or place.vault is None:
        return
    if place.owned:
        sight.counting.listed_own(place.vault.id, place.category, folder)
    else:
        shown = _shown_as(sight, place, place.category, deposits=True)
        sight.counting.listed_once(shown, folder)


def count_absent(sight: Looking, place: Place) -> Place:
    """Nothing is granted under that name. Gives `place`."""
    sight.counting.decision(_ABSENT, UNTIED, place.path)
    return place


def count_top(sight: Looking, shared: Place, chain: Sequence[Node], top: Place | None) -> bool:
    """The root of a grant, `top` where it is visible. False where it is not there any more."""
    if sight.who.tally is None:
        return True
    place = top or _hidden_top(sight, shared, chain)
    if place is None or place.node is None:
        return False
    _count(sight, place, place.category, ("top", place.node.id), deposits=True)
    return True


def _hidden_top(sight: Looking, shared: Place, chain: Sequence[Node]) -> Place | None:
    if not chain or any(node.state is not NodeState.LIVE for node in chain):
        return None
    grants = sight.covering(shared.known, tuple(chain))
    if not grants:
        return None
    above = tuple(chain[:-1])
    return replace(shared, kind=PlaceKind.NODE, node=chain[-1], above=above, grants=grants)


def _count(
    sight: Looking,
    near: Place,
    category: Category,
    of: object,
    times: int = 1,
    *,
    deposits: bool,
) -> None:
    sight.counting.listed(_shown_as(sight, near, category, deposits=deposits), of, times)


def _shown_as(sight: Looking, near: Place, category: Category, *, deposits: bool) -> Target:
    """By the first way that shows such a thing; else by the first of all."""
    assert near.vault is not None  # noqa: S101 — what is judged lies in a vault
    vault = near.vault.id
    ways = _ways(near, deposits=deposits)
    way = ways[0]
    if len(ways) > 1:
        way = next((one for one in ways if category in sight.shown_by(vault, one)), way)
    return under(sight.who, vault, way, category)


def _ways(near: Place, *, deposits: bool) -> Sequence[Grant | None]:
    """The widest grant first, as `Place.targets` has them; None: by ownership."""
    if near.owned:
        return (None,)
    widest = wide_first(near.grants)
    able = [one for one in widest if deposits or one.right is not Right.DEPOSIT]
    return able or widest
