"""What is directly in a folder, as one person sees it. Ten thousand children are of a few kinds:
each kind is judged once, by one of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter, itemgetter
from typing import Generic, TypeVar

from davserver.domain.grants import Grant
from davserver.domain.ids import NodeId
from davserver.domain.nodes import FOLDER, Node
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import is_half_saved
from davserver.gate.listed import count_children
from davserver.gate.places import Place, PlaceKind, is_recallable
from davserver.gate.sight import Sight
from davserver.vault import changes, deposited
from davserver.vault.changes import Change
from davserver.vault.nodes import child_rows
from davserver.vault.nodes.index import shown_names
from davserver.vault.nodes.listing_cache import listing_cache

T = TypeVar("T")


Member = tuple[str, bool, Node, T]
"""The name as this person sees it; whether it is a folder; the node; and what was made of the place
of one of its kind. A plain tuple, as thousands are made.
"""


def members(sight: Sight, folder: Place, judged: Callable[[Place], T]) -> list[Member[T]]:
    """The visible ones, by name. `judged`: asked once for each kind of them, about one of it."""
    found = _found_in(sight, folder)
    count_children(sight, folder, found)
    kinds = _Kinds(sight, folder, judged)
    key_of, known = kinds.key_of(), kinds.known
    seen = []
    for node in found:
        key = key_of(node)
        kind = known[key] if key in known else kinds.judge(key, node)
        if kind is not None:
            seen.append((node, kind))
    return sorted(_named(seen), key=itemgetter(0))


def children(sight: Sight, folder: Place) -> list[Place]:
    """The same as places, each with its name as shown in its path."""
    parts = folder.path.parts
    return [
        replace(kind, path=DrivePath((*parts, name)), node=node)
        for name, _, node, kind in members(sight, folder, lambda place: place)
    ]


def _found_in(sight: Sight, folder: Place) -> list[Node]:
    """Where only a person's own deposits show, what else is there is not even opened: it would
    take time.
    """
    vault, node = folder.vault, folder.node
    assert vault is not None and node is not None  # noqa: S101, PT018 — a NODE
    if folder.only_deposits:
        return deposited.in_folder(sight.tx, vault, node.id, sight.who.id, sight.since)
    return listing_cache(sight.tx).cached(
        ("in", sight.who.id, vault.id, node.id),
        lambda: child_rows.children(sight.tx, vault, node.id),
    )


def changes_in(sight: Sight, folder: NodeId) -> dict[NodeId, list[Change]]:
    """The counters of a folder, and of those in it."""
    return listing_cache(sight.tx).cached(
        ("changes", sight.who.id, folder), lambda: changes.of_parent(sight.tx, folder)
    )


def _named(seen: Sequence[tuple[Node, T]]) -> list[Member[T]]:
    if len({node.name for node, _ in seen}) == len(seen):
        return [(node.name, node.kind is FOLDER, node, kind) for node, kind in seen]
    names = {one.id: one.name for one in shown_names([node for node, _ in seen])}
    return [(names[node.id], node.kind is FOLDER, node, kind) for node, kind in seen]


class _Kinds(Generic[T]):
    """`known`: by what tells one kind from another; None where such children are hidden."""

    def __init__(self, sight: Sight, folder: Place, judged: Callable[[Place], T]) -> None:
        assert folder.node is not None  # noqa: S101 — a NODE
        self._sight = sight
        self._folder = folder
        self._judged = judged
        self._above = (*folder.above, folder.node)
        self._grants = _GrantsThere(folder, self._above)
        self.known: dict[object, T | None] = {}

    def key_of(self) -> Callable[[Node], object]:
        """Everything that a decision about a child depends on, but for its folder: its category,
        for others also whether it is theirs, and what is granted on it alone.
        """
        usual = attrgetter("category", "kind")
        if self._folder.owned:
            return usual
        me, since, alone = self._sight.who.id, self._sight.since, self._grants.alone

        def key(node: Node) -> object:
            theirs = node.maker == me
            if not theirs and node.id not in alone and not is_half_saved(node.name):
                return usual(node)
            half = not theirs and is_half_saved(node.name)
            taken_back = theirs and is_recallable(node, me, since)
            itself = node.id if node.id in alone else None
            return (node.category, node.kind, half, taken_back, itself)

        return key

    def judge(self, key: object, node: Node) -> T | None:
        sight, folder = self._sight, self._folder
        kind = None
        if sight.is_seen_in(folder, self._above, node):
            grants = sight.covering(self._grants.at(node.id), (*self._above, node))
            path = DrivePath((*folder.path.parts, node.name))
            kind = self._judged(
                Place(
                    path, PlaceKind.NODE, folder.who, folder.vault, node, self._above, grants,
                    folder.known,
                )
            )  # fmt: skip
        self.known[key] = kind
        return kind


class _GrantsThere:
    """Those of a person's grants in the vault that may cover what is in one folder: very many
    grants may lie on other things.
    """

    def __init__(self, folder: Place, above: Sequence[Node]) -> None:
        over = {node.id for node in above}
        self._known = folder.known
        self._over = [at for at, grant in enumerate(self._known) if grant.node in over]
        self._on: dict[NodeId, list[int]] = {}
        for at, grant in enumerate(self._known):
            if grant.node not in over:
                self._on.setdefault(grant.node, []).append(at)
        inside = (grant.within for grant in self._known if grant.within is not None)
        self.alone = frozenset(self._on).union(inside)
        """What may be covered otherwise than what lies beside it."""

    def at(self, node: NodeId) -> tuple[Grant, ...]:
        """In the same order as all of them."""
        some = self._on.get(node, ())
        return tuple([self._known[at] for at in sorted((*self._over, *some))])
