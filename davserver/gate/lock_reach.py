"""What a lock binds: only what its holder may write (DESIGN §4). Judged for every thing by itself,
from the facts of the moment, so that a lock never reaches further than its holder's rights.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from davserver.domain.actions import Category
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Node, NodeState
from davserver.gate.lock_holders import Holder, HoldersSight, Member
from davserver.gate.places import Place
from davserver.gate.sight import Sight
from davserver.vault.locks import live as live_locks
from davserver.vault.locks.locks import Lock
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault


class Standing:
    """Live locks of one vault, as the person who looks may meet them."""

    def __init__(self, sight: Sight, vault: OpenVault, live: Sequence[Lock]) -> None:
        self._sight = sight
        self._vault = vault
        self._live = live
        self._judging: HoldersSight | None = None
        self._nodes: dict[NodeId, Node] | None = None
        self._taken: dict[NodeId, list[Lock]] = {}
        for lock in self._live:
            self._taken.setdefault(lock.node, []).append(lock)
        self._over_all: tuple[Sequence[Node], list[Lock]] = ((), [])

    @classmethod
    def at(cls, sight: Sight, *places: Place, tree: bool = False) -> "Standing":
        """To look at these places of one vault, and (`tree`) at all that is in the first of them:
        only the locks that may concern those are read. Nothing else may be asked of it.
        """
        return cls._read(sight, places, index.DEEPEST if tree else 0)

    @classmethod
    def listed(cls, sight: Sight, *places: Place) -> "Standing":
        """As `at`, with what is directly in the first of them."""
        return cls._read(sight, places, 1)

    @classmethod
    def _read(cls, sight: Sight, places: Sequence[Place], levels: int) -> "Standing":
        first = places[0]
        vault = first.vault
        assert vault is not None  # noqa: S101 — a place of a vault
        if sight.nothing_locked(vault):
            return cls(sight, vault, ())
        nodes = {one for place in places for one in ids_of_way(place)}
        if levels and first.node is not None and first.is_folder:
            around = live_locks.around(sight.tx, vault, nodes, first.node.id, sight.now, levels)
            return cls(sight, vault, around)
        return cls(sight, vault, live_locks.on(sight.tx, vault, nodes, sight.now))

    @property
    def _holders(self) -> HoldersSight:
        if self._judging is None:
            sight = self._sight
            self._judging = HoldersSight(sight.judge, self._vault.owner, sight.since)
        return self._judging

    @property
    def none_at_all(self) -> bool:
        """Whether nothing is locked, as nearly always: then nothing has to be asked."""
        return not self._live

    def on(self, place: Place) -> list[Lock]:
        """The locks that bind the thing itself."""
        node = place.node
        return [] if node is None else self._binding(place.above, node)

    def on_members(self, place: Place, category: Category | None = None) -> list[Lock]:
        """The locks that bind the list of members of the folder that `place` is in (RFC 4918
        §7.4), where their holders would notice: a member that is hidden from them is none.

        `category`: of what would come to a free name, if not the folder's own.
        """
        if place.parent is None:
            return []
        member = Member.at(place, category)
        return [
            lock
            for lock in self._binding(place.above[:-1], place.parent)
            if self._holders.shown(Holder.of(lock), member)
        ]

    def held_at(self, place: Place, tokens: Collection[str]) -> Lock | None:
        """The lock of the person who looks that has one of these tokens and binds the thing, or was
        taken on it.
        """
        me, node = self._sight.who.id, place.node_id
        for lock in self._live:
            mine = lock.token in tokens and lock.person == me
            if mine and (lock.node == node or lock in self.on(place)):
                return lock
        return None

    def in_tree(self, place: Place) -> list[Lock]:
        """The locks that may bind something in the folder."""
        return [*self._over(place), *self._inside(place)]

    def going_along(self, place: Place) -> list[Lock]:
        """The locks on the thing and in it: those that a MOVE of it ends."""
        if not (self._live or place.is_folder):
            return []
        on_it = (lock for lock in self._live if lock.node == place.node_id)
        return [*on_it, *self._inside(place)]

    def meeting(self, place: Place, holder: Holder) -> list[Lock]:
        """The locks that may bind something in the folder which a deep lock of `holder` on it
        would bind too.
        """
        chain = _chain(place)
        inside = [
            lock
            for lock in self._elsewhere(place)
            if (way := self._way_down(place, lock))
            and self._holders.writes(holder, (*chain, *way[:-1]), way[-1])
        ]
        return [*self._over(place), *inside]

    def _binding(self, above: Sequence[Node], node: Node) -> list[Lock]:
        found = [*self._deep_over(above), *self._taken.get(node.id, ())]
        if not found:
            return found
        return [lock for lock in found if self._holders.writes(Holder.of(lock), above, node)]

    def _deep_over(self, above: Sequence[Node]) -> list[Lock]:
        if above is not self._over_all[0]:
            over = [one for node in above for one in self._taken.get(node.id, ()) if one.deep]
            self._over_all = (above, over)
        return self._over_all[1]

    # ── a folder, and all that is in it ─────────────────────────────────────────────────────────

    def _over(self, place: Place) -> list[Lock]:
        node = place.node
        if node is None or not node.is_folder:
            return []
        covering_it = (lock for lock in self._live if lock.covers(node.id, place.above))
        return [lock for lock in covering_it if lock.deep and self._reaches(lock, _chain(place))]

    def _reaches(self, lock: Lock, chain: tuple[Node, ...]) -> bool:
        """Whether it may bind the last of `chain` or, being deep, something in it. A folder that
        its holder may only read counts: what is in it is not looked at one by one.
        """
        judge = self._holders.sees if lock.deep else self._holders.writes
        return judge(Holder.of(lock), chain[:-1], chain[-1])

    def _inside(self, place: Place) -> list[Lock]:
        """The locks in a folder: for the person who looks, those on what they do not see are none
        (DESIGN §4). One statement, whatever is locked and however much the folder holds.
        """
        found = [(lock, self._way_down(place, lock)) for lock in self._elsewhere(place)]
        return [lock for lock, way in found if way and self._is_seen(place, way)]

    def _elsewhere(self, place: Place) -> list[Lock]:
        if place.node is None or not place.is_folder:
            return []
        over = ids_of_way(place)
        there = [lock for lock in self._live if lock.node not in over]
        if not there and self._sight.shows_all(self._vault):
            return []  # otherwise it costs what it would with something locked that is hidden
        if self._nodes is None:
            locked = {lock.node for lock in there}
            self._nodes = index.with_above(self._sight.tx, self._vault, locked)
        return there

    def _way_down(self, place: Place, lock: Lock) -> list[Node]:
        """From the folder to what is locked in it, that last; empty where nothing in it is."""
        assert self._nodes is not None  # noqa: S101 — `_elsewhere` read them
        chain = index.chain_to(self._nodes, lock.node)
        at = next((i for i, node in enumerate(chain) if node.id == place.node_id), len(chain))
        way = chain[at + 1 :]
        if any(node.state is not NodeState.LIVE for node in way):
            return []
        return way if way and self._reaches(lock, tuple(chain)) else []

    def _is_seen(self, place: Place, way: Sequence[Node]) -> bool:
        """Whether the person who looks finds the last of `way`, each folder showing the next."""
        at = place
        for node in way:
            above = _chain(at)
            if not self._sight.is_seen_in(at, above, node):
                return False
            grants = self._sight.covering(at.known, (*above, node))
            at = replace(at, node=node, above=above, grants=grants)
        return True


def ids_of_way(place: Place) -> set[NodeId]:
    """Of the thing, and of the folders that it is in."""
    return {node.id for node in _chain(place)}


def _chain(place: Place) -> tuple[Node, ...]:
    return (*place.above, place.node) if place.node is not None else place.above
