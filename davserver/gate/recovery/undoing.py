"""Undo: what one person did in somebody's vault is taken back, from some moment on.

Each round looks anew at what is left to do and does some of it in one transaction: whatever was cut
short is finished by running it again. The order matters: first what they took back and moved, so
that nothing of others' is inside what they made when that goes to the trash.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from davserver.domain.actions import Action
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Node, NodeState
from davserver.domain.paths import DrivePath
from davserver.gate.denied import owners_path
from davserver.gate.places import Place, PlaceKind
from davserver.gate.recovery.undone import Act, Left, Undone, Why
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault import trash, undo
from davserver.vault.locks import live as live_locks
from davserver.vault.locks import locks
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault, category_of
from davserver.vault.stamps import Stamp
from davserver.vault.undo import Deeds


@dataclass(frozen=True, slots=True)
class _Former:
    """Where something was before they moved it. `inherited`: its category was its folder's."""

    folder: NodeId
    name: str
    inherited: bool


@dataclass
class Round:
    """One transaction's part, at most `most` things. `sight` is the owner's."""

    sight: Sight
    vault: OpenVault
    deeds: Deeds
    most: int
    done: list[Undone] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)

    def run(self) -> None:
        formers, taken_back = self._told()
        self._bring_back()
        self._put_back(formers)
        self._restore_states()
        self._trash_theirs()
        self._take_free_names([*formers, *taken_back])

    @property
    def finished(self) -> bool:
        return len(self.done) < self.most

    def _told(self) -> tuple[dict[NodeId, _Former], list[NodeId]]:
        """From the trail: where they found what they moved, and what they took back. What somebody
        else moved later is that one's choice.
        """
        formers: dict[NodeId, _Former] = {}
        taken_back: list[NodeId] = []
        for entry in self.sight.tools.trail.since(self.sight.tx, self.vault.id, self.deeds.since):
            if not entry.node:
                continue
            node, theirs = NodeId(bytes.fromhex(entry.node)), entry.who == self.deeds.person
            if entry.what == What.RECALL.value and theirs:
                taken_back.append(node)
            if entry.what != What.MOVE.value or "onto" in entry.details:
                continue
            if theirs:
                formers.setdefault(node, _former(entry.details))
            else:
                formers.pop(node, None)
        return formers, taken_back

    # ── what they took back ─────────────────────────────────────────────────────────────────────

    def _bring_back(self) -> None:
        for node in undo.touched(self.sight.tx, self.vault, self.deeds):
            if node.state is not NodeState.TRASH or self.deeds.made(node) or self._is_full():
                continue
            if not self._took_back(node):
                continue
            goal = None if node.parent is None else self._goal(node.parent, node.name)
            if goal is None:
                self.left.append(Left(f"/…/{node.name}", Why.NO_FOLDER))
                continue
            put = self.sight.require(_making(node), goal)
            done = undo.bring_back(self.sight.tx, self.vault, put, node, self.sight.now)
            self._did(Act.BROUGHT_BACK, done.node, owners_path(goal), done.stamps)

    def _took_back(self, node: Node) -> bool:
        taken = trash.taken_by(self.sight.tx, node.id)
        return taken is not None and taken[0] == self.deeds.person and taken[1] >= self.deeds.since

    # ── what they moved ─────────────────────────────────────────────────────────────────────────

    def _put_back(self, formers: dict[NodeId, _Former]) -> None:
        """The last moved first; whatever would lie in itself waits for what holds it."""
        waiting = undo.by_ids(self.sight.tx, self.vault, list(reversed(formers)))
        waiting = [one for one in waiting if not self.deeds.made(one)]
        while waiting:
            later = [one for one in waiting if not self._put_one_back(one, formers[one.id])]
            if len(later) == len(waiting):
                break
            waiting = later

    def _put_one_back(self, node: Node, former: _Former) -> bool:
        """False where it has to wait."""
        if (node.parent, node.name) == (former.folder, former.name) or self._is_full():
            return True
        place = self._place(node.id)
        if place is None:
            self.left.append(Left(f"/…/{node.name}", Why.IN_TRASH))
            return True
        goal = self._goal(former.folder, former.name)
        if goal is None:
            self.left.append(Left(owners_path(place), Why.NO_FOLDER))
            return True
        if any(one.id == node.id for one in goal.above):
            return False
        take = self.sight.require(Action.MOVE, place)
        put = self.sight.require(_making(node), goal)
        own = node.category
        if former.inherited and category_of(goal.above) is place.category:
            own = None
        self._unlock(node)
        done = undo.put_back(self.sight.tx, self.vault, take, put, self.sight.now, own)
        self._did(Act.PLACE, done.node, owners_path(place), done.stamps)
        return True

    # ── what they wrote ─────────────────────────────────────────────────────────────────────────

    def _restore_states(self) -> None:
        for node in undo.touched(self.sight.tx, self.vault, self.deeds):
            if not self.deeds.wrote(node) or self.deeds.made(node) or node.is_folder:
                continue
            if self._is_full():
                return
            self._restore_state(node)

    def _restore_state(self, node: Node) -> None:
        place = self._place(node.id)
        if place is None:
            self.left.append(Left(f"/…/{node.name}", Why.IN_TRASH))
            return
        old = undo.state_before(trash.versions(self.sight.tx, self.vault, node.id), self.deeds)
        if old is None:
            self.left.append(Left(owners_path(place), Why.NO_VERSION))
            return
        permit = self.sight.require(Action.PUT, place)
        self._unlock(node)
        done = undo.restore_state(self.sight.tx, self.vault, permit, old, self.sight.now)
        self._did(Act.CONTENT, done.node, owners_path(place), done.stamps)

    # ── what they made ──────────────────────────────────────────────────────────────────────────

    def _trash_theirs(self) -> None:
        """Folders come before what is in them: most of it is gone with its folder then."""
        made = [
            node
            for node in undo.touched(self.sight.tx, self.vault, self.deeds)
            if node.state is NodeState.LIVE and self.deeds.made(node)
        ]
        for node in self._from_the_top(made):
            if self._is_full():
                return
            place = self._place(node.id)
            if place is None:
                continue
            why = self._why_not_trash(node)
            if why is not None:
                self.left.append(Left(owners_path(place), why))
                continue
            permit = self.sight.require(Action.DELETE, place)
            done = trash.trash(self.sight.tx, self.vault, permit, self.sight.now)
            self._did(Act.TRASHED, done.node, owners_path(place), done.stamps)

    def _from_the_top(self, nodes: list[Node]) -> list[Node]:
        ids = {one.id for one in nodes}
        known = index.ancestors(self.sight.tx, {self.vault.id: self.vault}, ids)
        return sorted(nodes, key=lambda one: len(index.chain_to(known, one.id)))

    def _why_not_trash(self, node: Node) -> Why | None:
        if node.author != self.deeds.person:
            return Why.WRITTEN_SINCE
        below = index.subtree(self.sight.tx, self.vault, node.id) if node.is_folder else []
        theirs = all(self.deeds.made(one) and one.author == self.deeds.person for one in below)
        return None if theirs else Why.HOLDS_OTHERS

    # ── names that were taken for a moment ──────────────────────────────────────────────────────

    def _take_free_names(self, ids: list[NodeId]) -> None:
        if not self.finished:
            return
        for node in undo.by_ids(self.sight.tx, self.vault, list(dict.fromkeys(ids))):
            if node.twin == 0 or node.state is not NodeState.LIVE:
                continue
            twin, place = undo.free_name(self.sight.tx, self.vault, node), self._place(node.id)
            if place is None or twin >= node.twin:
                continue
            take = self.sight.require(Action.MOVE, place)
            done = undo.take_free_name(self.sight.tx, self.vault, take, twin, self.sight.now)
            self.stamps += done.stamps

    # ── common ──────────────────────────────────────────────────────────────────────────────────

    def _is_full(self) -> bool:
        return len(self.done) >= self.most

    def _did(self, act: Act, node: Node, was: str, stamps: tuple[Stamp, ...]) -> None:
        self.stamps += stamps
        place = self._place(node.id)
        self.done.append(Undone(act, owners_path(place) if place else was, was))

    def _place(self, node: NodeId) -> Place | None:
        """None for what cannot be reached from the vault's root: it is in the trash."""
        return self.sight.place_of(self.vault.id, node)

    def _goal(self, folder: NodeId, name: str) -> Place | None:
        """The name in that folder, whether anything bears it or not."""
        holder = self._place(folder)
        if holder is None or holder.node is None or not holder.is_folder:
            return None
        above = (*holder.above, holder.node)
        names = (*(one.name for one in above[1:]), name)
        path = DrivePath(names)
        return replace(holder, path=path, kind=PlaceKind.FREE, node=None, above=above, is_top=False)

    def _unlock(self, node: Node) -> None:
        """Owners break any lock: whoever holds one finds at their next save that it is gone."""
        there = live_locks.on(self.sight.tx, self.vault, {node.id}, self.sight.now)
        locks.release(self.sight.tx, there)


def _former(details: dict[str, str]) -> _Former:
    name = details["from"].rpartition("/")[2]
    folder = NodeId(bytes.fromhex(details["from_folder"]))
    return _Former(folder, name, "inherited" in details)


def _making(node: Node) -> Action:
    return Action.MKCOL if node.is_folder else Action.PUT


def counts(done: list[Undone]) -> Iterator[tuple[str, str]]:
    """How many of each, for the trail; what did not happen is left out."""
    for act in Act:
        number = sum(one.act is act for one in done)
        if number:
            yield act.value, str(number)
