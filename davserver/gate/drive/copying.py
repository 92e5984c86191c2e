"""COPY. Contents are sealed anew under keys of their own: either copy can be erased alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from davserver.domain.actions import Action, Category
from davserver.domain.conditions import Conditions
from davserver.domain.decisions import Permit
from davserver.domain.errors import ConditionFailed
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import change, look, record, require_conditions, require_real
from davserver.gate.conditions import Reach, require_unlocked
from davserver.gate.denied import owners_path
from davserver.gate.drive.moving import (
    cleared,
    existing,
    goal_of,
    is_save_onto,
    permits_there,
    require_no_disclosure,
)
from davserver.gate.drive.pacing import count_overwrite
from davserver.gate.entries.members import children as children_of
from davserver.gate.lock_reach import Standing
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault import writing
from davserver.vault.contents import OpenContent, open_content
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.nodes.walk import Stored
from davserver.vault.staging import INLINE_BYTES, Replay, Staged
from davserver.vault.writing import Changed, NewNode

_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked."""

    source: DrivePath
    destination: DrivePath
    deep: bool
    overwrite: bool
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class _Copied:
    """One node of what is being copied, its content sealed anew and staged."""

    node: Node
    staged: Staged | None


@dataclass(frozen=True, slots=True)
class _Top:
    """Where the copy goes, by which right, and of what."""

    free: Place
    permit: Permit
    start: Place


class _SourceChanged(Exception):
    """The source was written between staging and publishing: stage again."""


class _NotSmall(Exception):
    """What is copied takes longer to seal than others should wait."""


class Copying:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def copy(
        self,
        who: Principal,
        source: DrivePath,
        destination: DrivePath,
        *,
        deep: bool,
        overwrite: bool,
        conditions: Conditions,
        now: datetime,
    ) -> bool:
        """Whether something new is at `destination`; False if what was there was replaced.

        What this person cannot see is not copied; `deep` False copies a folder without its
        members. A file copied onto a file becomes its new version. Raises NotFound, NoParent,
        Refused, Locked, ConditionFailed, NoSpace.
        """
        order = _Order(source, destination, deep, overwrite, conditions)
        try:
            return change(self._tools, who, partial(_copy_small, order=order))
        except _NotSmall:
            return self._copy_staged(who, order, now)

    def _copy_staged(self, who: Principal, order: _Order, now: datetime) -> bool:
        for _ in range(_TRIES):
            staged = self._staged(who, order, now)
            try:
                return change(self._tools, who, partial(_copy, order=order, copied=staged))
            except _SourceChanged:
                self._discard(staged)
            except BaseException:
                self._discard(staged)
                raise
        raise ConditionFailed("what was to be copied keeps changing")

    def _staged(self, who: Principal, order: _Order, now: datetime) -> list[_Copied]:
        nodes = look(self._tools, who, now, partial(_to_copy, order=order))
        copied: list[_Copied] = []
        try:
            copied.extend(_Copied(node, self._sealed_anew(node, now)) for node in nodes)
        except BaseException:
            self._discard(copied)
            raise
        return copied

    def _sealed_anew(self, node: Node, now: datetime) -> Staged | None:
        if node.content is None:
            return None
        with self._tools.db.read() as tx:
            content = open_content(tx, self._tools.blobs, node.vault, node.content)
        return _sealed(self._tools, node, content, now)

    def _discard(self, copied: list[_Copied]) -> None:
        for one in copied:
            if one.staged is not None:
                self._tools.staging.discard(one.staged)


def _sealed(tools: Tools, node: Node, content: OpenContent, now: datetime) -> Staged:
    assert node.content is not None  # noqa: S101 — it was opened
    try:
        replay = Replay(content.read, content.size)
        return tools.staging.take_pieces(node.vault, replay, node.content.media_type, now)
    finally:
        content.close()


def _to_copy(sight: Sight, order: _Order) -> list[Node]:
    """What is to be copied: the top first, parents before children, only what is visible."""
    start = _start(sight, order)
    goal = _goal(sight, start, order)
    onto = is_save_onto(start, goal)
    require_no_disclosure(sight, start, goal, onto=onto)
    permits_there(sight, start, goal, onto=onto)
    assert start.node is not None  # noqa: S101 — real and there
    nodes = [start.node]
    waiting = [start] if order.deep and start.is_folder else []
    while waiting:
        children = children_of(sight, waiting.pop(0))
        nodes += [child.node for child in children if child.node]
        waiting += [child for child in children if child.is_folder]
    return nodes


def _start(sight: Sight, order: _Order, stored: Stored | None = None) -> Place:
    start = existing(sight, order.source, order.destination, stored)
    require_real(start, Action.GET)
    sight.require(Action.GET, start)
    return start


def _goal(sight: Sight, start: Place, order: _Order) -> Place:
    return goal_of(
        sight,
        start,
        order.destination,
        Action.GET,
        overwrite=order.overwrite,
        deep=order.deep,
    )


def _copy_small(sight: Sight, order: _Order) -> bool:
    """A file that lies in its row is judged, opened and sealed anew in one transaction: less work
    than to judge it twice. Raises _NotSmall.
    """
    stored: Stored = {}
    start = _start(sight, order, stored)
    node = start.node
    if node is None or node.content is None or node.content.size > INLINE_BYTES:
        raise _NotSmall
    return _copy_to(sight, start, order, partial(_sealed_here, sight, node, stored))


def _sealed_here(sight: Sight, node: Node, stored: Stored) -> list[_Copied]:
    content = node.content
    assert content is not None  # noqa: S101 — it is a file
    row = stored.get(content.blob)
    opened = open_content(sight.tx, sight.tools.blobs, node.vault, content, row)
    return [_Copied(node, _sealed(sight.tools, node, opened, sight.now))]


def _copy(sight: Sight, order: _Order, copied: list[_Copied]) -> bool:
    start = _start(sight, order)
    top = copied[0].node
    if start.node is None or (start.node.id, start.node.etag) != (top.id, top.etag):
        raise _SourceChanged
    return _copy_to(sight, start, order, lambda: copied)


def _copy_to(
    sight: Sight, start: Place, order: _Order, sealed: Callable[[], list[_Copied]]
) -> bool:
    """`sealed` is asked once all is judged."""
    goal = _goal(sight, start, order)
    onto = is_save_onto(start, goal)
    require_no_disclosure(sight, start, goal, onto=onto)
    put, removal = permits_there(sight, start, goal, onto=onto)
    require_conditions(sight, start, order.conditions)
    if onto:
        _write_onto(sight, start, goal, put, order, sealed()[0])
        return False
    vault = require_real(goal, Action.PUT)
    free = cleared(sight, vault, goal, removal, order.conditions)
    arriving = Reach(category=start.category)
    require_unlocked(free, Standing.at(sight, free), order.conditions, arriving)
    _make_tree(sight, vault, _Top(free, put, start), sealed())
    return not goal.exists


def _write_onto(
    sight: Sight, start: Place, goal: Place, permit: Permit, order: _Order, top: _Copied
) -> None:
    vault = require_real(goal, Action.PUT)
    assert top.staged is not None  # noqa: S101 — a file
    require_unlocked(goal, Standing.at(sight, goal), order.conditions)
    count_overwrite(sight, goal)
    done = writing.write(
        sight.tx,
        vault,
        permit,
        top.staged,
        None,
        sight.tools.entropy,
        sight.now,
        properties=top.node.properties,
    )
    details = {"from": owners_path(start), "source": top.node.id.hex()}
    record(sight, What.COPY, goal, permit, done.node.id, done.stamps, details)


def _make_tree(sight: Sight, vault: OpenVault, top: _Top, copied: list[_Copied]) -> None:
    """All nodes of the copy; the top gets the source's effective category (DESIGN §2.3)."""
    first, *below = copied
    new = _like(first.node, top.start.category, untaken=top.free.untaken)
    made = _made(sight, vault, top.permit, new, first)
    stamps, named = [*made.stamps], set()
    places = {first.node.id: _filled(top.free, made.node)} if below else {}
    for one in below:
        folder, key = places[one.node.parent or first.node.id], (one.node.parent, one.node.name)
        place = _child(folder, one.node)
        # Only what is copied is in the folder, which this transaction has made.
        new = _like(one.node, one.node.category, untaken=key not in named)
        done = _made(sight, vault, sight.require(_making_of(one.node), place), new, one)
        places[one.node.id] = _filled(place, done.node)
        stamps += done.stamps
        named.add(key)
    details = {"from": owners_path(top.start), "source": first.node.id.hex()}
    record(sight, What.COPY, top.free, top.permit, made.node.id, stamps, details)


def _made(sight: Sight, vault: OpenVault, permit: Permit, new: NewNode, one: _Copied) -> Changed:
    return writing.make(sight.tx, vault, permit, new, one.staged, sight.tools.entropy, sight.now)


def _making_of(node: Node) -> Action:
    return Action.MKCOL if node.is_folder else Action.PUT


def _like(node: Node, category: Category | None, *, untaken: bool) -> NewNode:
    origin = f"copy of {node.id.hex()}"
    return NewNode(node.kind, node.modified, category, node.properties, origin, untaken)


def _filled(place: Place, node: Node) -> Place:
    return replace(place, kind=PlaceKind.NODE, node=node)


def _child(folder: Place, node: Node) -> Place:
    assert folder.node is not None  # noqa: S101 — just made
    return replace(
        folder,
        path=DrivePath((*folder.path.parts, node.name)),
        kind=PlaceKind.FREE,
        node=None,
        above=(*folder.above, folder.node),
        is_top=False,
    )
