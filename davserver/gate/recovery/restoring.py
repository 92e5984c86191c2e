"""Getting things back: earlier versions and the trash, in the owner's own vault."""

from dataclasses import replace

from authn.registered import Registered
from davserver.db.clock import from_us
from davserver.domain.actions import Action
from davserver.domain.conditions import NONE
from davserver.domain.decisions import Permit
from davserver.domain.errors import AlreadyThere, BadInput, NoParent, NotFound, Reason
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.acting import check, record, refuse
from davserver.gate.conditions import Reach
from davserver.gate.places import Place, PlaceKind
from davserver.gate.recovery.vault_views import TrashView, VersionView
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault import trash as vault_trash
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault


def versions(sight: Sight, path: DrivePath) -> list[VersionView]:
    """Latest first. Raises NotFound, BadInput."""
    place, node, vault = _file(sight, path)
    permit = sight.require(Action.GET, place)
    found = vault_trash.versions(sight.tx, vault, node.id)
    logins = Registered(sight.tools.keys).logins(sight.tx, {one.author for one in found})
    note_look(sight, place, permit, "versions")
    return [
        VersionView(
            number=one.number,
            size=one.content.size,
            author=logins.get(one.author, ""),
            written=from_us(one.made_at),
            replaced=from_us(one.replaced_at),
        )
        for one in found
    ]


def restore_version(sight: Sight, path: DrivePath, number: int) -> None:
    """Raises NotFound, BadInput, Locked, Denied."""
    place, node, vault = _file(sight, path)
    permit = sight.require(Action.PUT, place)
    check(sight, place, NONE)
    done = vault_trash.restore_version(
        sight.tx, vault, permit, number, sight.tools.entropy, sight.now
    )
    record(sight, What.RESTORE, place, permit, node.id, done.stamps, {"version": str(number)})


def trash(sight: Sight) -> list[TrashView]:
    """Latest first."""
    place = own_drive(sight)
    assert place.vault is not None  # noqa: S101 — one's own drive is a vault
    permit = sight.require(Action.LIST, place)
    found = vault_trash.in_trash(sight.tx, place.vault)
    folders = {one.node.parent for one in found if one.node.parent is not None}
    above = index.ancestors(sight.tx, {place.vault.id: place.vault}, folders)
    note_look(sight, place, permit, "trash")
    return [
        TrashView(
            id=one.node.id,
            path=_path([*_chain(above, one.node.parent), one.node]),
            kind=one.node.kind,
            size=one.node.content.size if one.node.content else None,
            since=one.since,
        )
        for one in found
    ]


def restore_trash(sight: Sight, node: NodeId, to: DrivePath | None) -> DrivePath:
    """Raises NotFound, AlreadyThere, NoParent, Locked, Denied."""
    drive = own_drive(sight)
    assert drive.vault is not None  # noqa: S101 — as above
    sight.require(Action.LIST, drive)
    found = vault_trash.one_in_trash(sight.tx, drive.vault, node)
    goal = _former_place(sight, drive.vault, found) if to is None else _goal(sight, to)
    permit = sight.require(Action.MKCOL if found.is_folder else Action.PUT, goal)
    check(sight, goal, NONE, Reach(category=found.category))
    done = vault_trash.restore(
        sight.tx, drive.vault, node, list(goal.above), goal.path.name, sight.now
    )
    record(sight, What.RESTORE, goal, permit, node, done.stamps, {"from": "trash"})
    return goal.path


def require_all(sight: Sight) -> None:
    """Raises Denied."""
    place = own_drive(sight)
    for action in (Action.LIST, Action.GET, Action.AUDIT):
        sight.require(action, place)


def own_drive(sight: Sight) -> Place:
    """The root of the vault of `sight.who`. Raises BadInput for somebody without one."""
    if sight.who.vault is None:
        raise BadInput(f"“{sight.who.person.login}” has no vault of their own")
    place = sight.place(DrivePath())
    if not place.exists:
        raise NotFound("the vault's first folder is missing: see `abri vault check`")
    return place


def note_look(sight: Sight, place: Place, permit: Permit, command: str) -> None:
    """An operator who sees names of documents is told of in the trail; owners look as they like."""
    if sight.who.operator is not None:
        node = place.node.id if place.node else None
        record(sight, What.OPERATOR, place, permit, node, (), {"command": command})


def _file(sight: Sight, path: DrivePath) -> tuple[Place, Node, OpenVault]:
    own_drive(sight)
    place = sight.place(path)
    if not place.exists or place.node is None or place.vault is None:
        raise NotFound(f"nothing is at {path}")
    if place.is_folder:
        raise BadInput(f"{path} is a folder: only files have versions")
    return place, place.node, place.vault


def _goal(sight: Sight, to: DrivePath) -> Place:
    if kind_of_name(to.name) is NameKind.SCRATCH:
        raise refuse(sight.place(to), Action.PUT, Reason.SCRATCH)
    place = sight.place(to)
    if place.kind is PlaceKind.NOWHERE:
        raise NoParent(f"the folder that should hold {to} is not there; make it first")
    if place.exists:
        raise AlreadyThere(f"there is something at {to} already; choose another name")
    return place


def _former_place(sight: Sight, vault: OpenVault, node: Node) -> Place:
    """The free name that it had."""
    folder = None if node.parent is None else sight.place_of(vault.id, node.parent)
    if folder is None or folder.node is None:
        raise NoParent("the folder that held it is gone; say where to put it")
    above = (*folder.above, folder.node)
    there = index.live_named(sight.tx, vault, folder.node.id, vault.index.name_index(node.name))
    path = _path([*above, node])
    if there:
        raise AlreadyThere(f"there is something at {path} already; say where to put it")
    return replace(folder, path=path, kind=PlaceKind.FREE, node=None, above=above, is_top=False)


def _chain(above: dict[NodeId, Node], last: NodeId | None) -> list[Node]:
    return [] if last is None else index.chain_to(above, last)


def _path(chain: list[Node]) -> DrivePath:
    """Without the vault's first folder, which has no name."""
    return DrivePath(tuple(node.name for node in chain if node.parent is not None))
