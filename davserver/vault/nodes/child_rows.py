"""The rows of what lies in one folder: read lean, and opened once.

What is the same for all of them is not read, and what mostly equals another column comes as NULL
then: SQLite takes as long to hand over a value as to find its row. What is opened from a row is
bound to all of it (FORMAT.md §4.5), whatever it was left out for: a row of which anything else is
true does not open.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from davserver.db.prepared import Prepared
from davserver.domain.errors import Damaged
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Kind, Node, NodeState
from davserver.vault.nodes.node_cache import WHOLE_FOLDER
from davserver.vault.nodes.rows import Columns, OpenVault, note_damaged, opened_from

_FILE, _LIVE = Kind.FILE.value, NodeState.LIVE.value
_ROWS = f"""
    SELECT n.id, NULLIF(n.kind, '{_FILE}'), n.blob_id, n.row_version, n.etag, n.created,
    NULLIF(n.modified, n.created), NULLIF(n.made_at, n.created), NULLIF(n.author_id, n.maker_id),
    NULLIF(n.maker_id, :owner), n.name_idx, n.name_ci_idx, n.twin, n.rec_ct, n.epoch,
    n.vault_id = :vault AND n.space_id = :space
    FROM node n WHERE
"""  # noqa: S608 — our own words
_INSIDE = f"parent_id = :folder AND state = '{_LIVE}'"
_RECORD = 13
_AT_ONCE = 256


@cache
def _statement(dialect: str) -> Prepared:
    if dialect == "sqlite":
        # In the order in which they are stored: thousands of rows lie on far more pages than
        # SQLite keeps, and the index has them in another order.
        return Prepared(text(f"{_ROWS} n.rowid IN (SELECT rowid FROM node WHERE {_INSIDE})"))  # noqa: S608 — as above
    return Prepared(text(_ROWS + _INSIDE))


def children(tx: Connection, vault: OpenVault, folder: NodeId) -> list[Node]:
    """All live nodes directly in `folder`, hidden ones included."""
    given = {"folder": folder, "owner": vault.owner, "vault": vault.id, "space": vault.space}
    batches = _statement(tx.dialect.name).batches(tx, given, _AT_ONCE)
    return _children_from(vault, folder, batches)


def _children_from(
    vault: OpenVault, folder: NodeId, batches: Iterable[Sequence[Columns]]
) -> list[Node]:
    """Rows that are known are let go batch by batch: all at once, they would be megabytes."""
    found: list[Node] = []
    opened: list[tuple[Sequence[Columns], list[Node | None]]] = []
    known, opens = vault.node_cache.inside(folder), _opener(vault, folder)
    for rows in batches:
        there = list(map(known.get, rows))
        if not all(there):
            there = [node or opens(row) for node, row in zip(there, rows, strict=True)]
            opened.append((rows, there))
        found += filter(None, there)
        if len(found) >= WHOLE_FOLDER:
            opened.clear()
    if len(found) < WHOLE_FOLDER and (opened or len(known) > len(found)):
        kept = _still(known, found)
        for rows, there in opened:
            kept |= zip(rows, there, strict=True)
        if len(kept) > len(found):
            kept = {row: node for row, node in kept.items() if node}
        vault.node_cache.keep_inside(folder, kept, sum(len(row[_RECORD]) for row in kept))
    return found


def _still(known: Mapping[Columns, Node], found: Sequence[Node]) -> dict[Columns, Any]:
    """Those of `known` that were found."""
    nodes = set(map(id, found)) if known else ()
    return {row: node for row, node in known.items() if id(node) in nodes}


def _opener(vault: OpenVault, folder: NodeId) -> Callable[[Columns], Node | None]:
    """Opens a row; gives None for one that was tampered with, and logs it."""

    def opened(row: Columns) -> Node | None:
        try:
            return opened_from(vault, _whole(vault, folder, row))
        except Damaged:
            note_damaged(row[0])
            return None

    return opened


def _whole(vault: OpenVault, folder: NodeId, row: Columns) -> Columns:
    """The columns NODE_COLUMNS."""
    (
        node, kind, blob, version, etag, created, modified, made_at, author, maker, idx, ci_idx,
        twin, record, epoch, is_here,
    ) = row  # fmt: skip
    if not is_here:
        raise Damaged("a row of another vault or space")
    maker = maker or vault.owner
    return (
        node, folder, kind or _FILE, _LIVE, blob, version, etag, created,
        created if modified is None else modified, created if made_at is None else made_at,
        author or maker, maker, idx, ci_idx, twin, record, vault.id, vault.space, epoch,
    )  # fmt: skip
