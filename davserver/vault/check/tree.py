"""Whether everything in a vault can be reached, and hangs where it may."""

from collections.abc import Iterator, Mapping

from sqlalchemy import RowMapping

from davserver.domain.ids import NodeId
from davserver.domain.nodes import Node, NodeState
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Opened, Rows
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.stamps import NODE, VERSION, version_id

_LEFT = ("left_parent", "left_idx", "left_at", "left_by")


def check_tree(vault: OpenVault, rows: Rows, opened: Opened) -> Iterator[Finding]:
    yield from _root(vault, opened)
    yield from _unreached(vault, opened.nodes)
    for row in rows.nodes:
        yield from _marks(vault, row)
        yield from _maker(vault, row)
    for one in opened.nodes.values():
        if one.is_folder is not (one.content is None):
            yield Finding(Flaw.MISPLACED, vault.id, NODE, one.id.hex(), "kind")
    yield from _versions(vault, opened)


def _root(vault: OpenVault, opened: Opened) -> Iterator[Finding]:
    root = opened.nodes.get(vault.root)
    good = root is not None and root.is_folder and root.parent is None
    if not good or root is None or root.state is not NodeState.LIVE:
        yield Finding(Flaw.NO_ROOT, vault.id, NODE, vault.root.hex())


def _unreached(vault: OpenVault, nodes: Mapping[NodeId, Node]) -> Iterator[Finding]:
    """Only the topmost of what hangs in the air is told; of a circle, all."""
    inside: dict[NodeId | None, list[NodeId]] = {}
    for one in nodes.values():
        inside.setdefault(one.parent, []).append(one.id)
    adrift = [
        one
        for one in nodes.values()
        if one.id != vault.root and not _hangs_in_folder(nodes, one.parent)
    ]
    for one in adrift:
        yield Finding(Flaw.NO_FOLDER, vault.id, NODE, one.id.hex())
    seen = _below(inside, [vault.root, *(one.id for one in adrift)])
    for one in nodes.values():
        if one.id not in seen:
            yield Finding(Flaw.CIRCLE, vault.id, NODE, one.id.hex())


def _hangs_in_folder(nodes: Mapping[NodeId, Node], parent: NodeId | None) -> bool:
    return parent is not None and parent in nodes and nodes[parent].is_folder


def _below(inside: Mapping[NodeId | None, list[NodeId]], tops: list[NodeId]) -> set[NodeId]:
    seen: set[NodeId] = set()
    waiting = list(tops)
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += inside.get(one, [])
    return seen


def _marks(vault: OpenVault, row: RowMapping) -> Iterator[Finding]:
    """What stands beside the sealed record: it cannot be proved, but it must make sense."""
    trashed = row["state"] == NodeState.TRASH.value
    since, by = row["trashed_at"], row["trashed_by"]
    if (since is None) is trashed or (by is None) is trashed or not _is_number(since):
        yield Finding(Flaw.ALTERED, vault.id, NODE, shown(row["id"]), "trashed_at, trashed_by")
    left = [row[name] is None for name in _LEFT]
    if any(left) is not all(left) or not _is_number(row["left_at"]):
        yield Finding(Flaw.ALTERED, vault.id, NODE, shown(row["id"]), ", ".join(_LEFT))


def _maker(vault: OpenVault, row: RowMapping) -> Iterator[Finding]:
    if row["made_by_other"] is not (row["maker_id"] != vault.owner):
        yield Finding(Flaw.ALTERED, vault.id, NODE, shown(row["id"]), "made_by_other")


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int)


def _versions(vault: OpenVault, opened: Opened) -> Iterator[Finding]:
    for old in opened.versions:
        of = opened.nodes.get(old.node)
        if of is None or of.is_folder or old.number >= of.row_version:
            key = version_id(old.node, old.number).hex()
            yield Finding(Flaw.MISPLACED, vault.id, VERSION, key)
