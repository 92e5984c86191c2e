"""Rows of nodes and versions ↔ opened values. The only module that seals or opens a record."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from davserver.db.clock import from_us, to_us
from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.nodes import Content, Kind, Node, NodeState
from davserver.sealing.index import VaultIndex
from davserver.sealing.record import Record
from davserver.sealing.space import RecordContext, SpaceKeys

Row = Mapping[str, Any] | RowMapping

NODE_COLUMNS = (
    "id", "vault_id", "space_id", "parent_id", "kind", "state", "name_idx", "name_ci_idx", "twin",
    "rec_ct", "row_version", "epoch", "blob_id", "etag", "maker_id", "author_id", "created",
    "modified", "made_at",
)  # fmt: skip


_MOST_SEEN = 5000
INSTEAD = 1_000_000
"""Added to the depth of a row that was read for one that is absent: deeper than any path."""


@dataclass(frozen=True, slots=True)
class OpenVault:
    """One vault with its keys in memory. `keys` by epoch; `epoch` is the one that seals."""

    id: VaultId
    owner: PersonId
    root: NodeId
    space: SpaceId
    epoch: int
    keys: Mapping[int, SpaceKeys]
    index: VaultIndex
    quota: int
    seen: dict[tuple[object, ...], Node] = field(default_factory=dict, repr=False, compare=False)
    """Nodes by the exact columns that they were opened from: the same bytes need no second
    opening. What was asked for and is not there has a place too (`take_as_long`). It lives as long
    as the opened keys do.
    """

    def keys_of(self, epoch: int) -> SpaceKeys:
        """Raises Damaged for an epoch that this vault never had."""
        try:
            return self.keys[epoch]
        except KeyError:
            raise Damaged("a row names an unknown key epoch") from None


def node_from(vault: OpenVault, row: Row) -> Node:
    """The opened node. Raises Damaged when anything in the row was altered (FORMAT.md §4.5)."""
    columns = tuple([row[name] for name in NODE_COLUMNS])
    node = vault.seen.get(columns)
    if node is None:
        node = _opened(vault, row)
        _remember(vault, columns, node)
    return node


def take_as_long(vault: OpenVault, instead: Sequence[Row], wanted: Sequence[bytes]) -> None:
    """A name that nothing has costs what opening something hidden of that name would: whoever asks
    for names must not learn from the time which of them are taken (DESIGN §2.2).

    `instead`: rows that were read for what is absent on the way down by the indexes `wanted`, their
    depths from INSTEAD on. They are opened once, as what is there would be remembered.
    """
    for row in instead:
        absent = (row["id"], *wanted[: row["depth"] - INSTEAD])
        with suppress(Damaged):
            node_from(vault, row)
            if absent not in vault.seen:
                _remember(vault, absent, _opened(vault, row))


def _remember(vault: OpenVault, key: tuple[object, ...], node: Node) -> None:
    if len(vault.seen) >= _MOST_SEEN:
        vault.seen.clear()
    vault.seen[key] = node


def _opened(vault: OpenVault, row: Row) -> Node:
    if row["vault_id"] != vault.id:
        raise Damaged("a row of another vault")
    context = _context_of(row)
    record = vault.keys_of(row["epoch"]).open_record(context, row["rec_ct"])
    if vault.index.name_index(record.name) != row["name_idx"]:
        raise Damaged("a row's index is not its name's")
    return Node(
        id=context.node,
        vault=context.vault,
        space=context.space,
        parent=context.parent,
        kind=context.kind,
        state=context.state,
        name=record.name,
        twin=context.twin,
        category=record.category,
        content=content_of(record, context.blob),
        etag=context.etag,
        row_version=context.row_version,
        epoch=context.epoch,
        maker=context.maker,
        author=context.author,
        created=context.created,
        modified=context.modified,
        made_at=context.made_at,
        origin=record.origin,
        properties=record.properties,
    )


def sealed_columns(vault: OpenVault, node: Node) -> dict[str, Any]:
    """All columns of NODE_COLUMNS for `node`, sealed under the vault's present epoch."""
    context = _context_for(vault, node)
    return {
        "id": node.id,
        "vault_id": node.vault,
        "space_id": node.space,
        "parent_id": node.parent,
        "kind": node.kind.value,
        "state": node.state.value,
        "name_idx": context.idx,
        "name_ci_idx": context.ci_idx,
        "twin": node.twin,
        "rec_ct": vault.keys_of(vault.epoch).seal_record(context, record_of(node)),
        "row_version": node.row_version,
        "epoch": vault.epoch,
        "blob_id": context.blob,
        "etag": node.etag,
        "maker_id": node.maker,
        "author_id": node.author,
        "created": to_us(node.created),
        "modified": to_us(node.modified),
        "made_at": to_us(node.made_at),
    }


def _context_for(vault: OpenVault, node: Node) -> RecordContext:
    return RecordContext(
        vault=node.vault,
        space=node.space,
        epoch=vault.epoch,
        node=node.id,
        parent=node.parent,
        kind=node.kind,
        state=node.state,
        blob=node.content.blob if node.content else None,
        row_version=node.row_version,
        etag=node.etag,
        created=node.created,
        modified=node.modified,
        made_at=node.made_at,
        author=node.author,
        maker=node.maker,
        idx=vault.index.name_index(node.name),
        ci_idx=vault.index.folded_index(node.name),
        twin=node.twin,
    )


def _context_of(row: Row) -> RecordContext:
    try:
        return RecordContext(
            vault=VaultId(row["vault_id"]),
            space=SpaceId(row["space_id"]),
            epoch=row["epoch"],
            node=NodeId(row["id"]),
            parent=None if row["parent_id"] is None else NodeId(row["parent_id"]),
            kind=Kind(row["kind"]),
            state=NodeState(row["state"]),
            blob=None if row["blob_id"] is None else BlobId(row["blob_id"]),
            row_version=row["row_version"],
            etag=row["etag"],
            created=from_us(row["created"]),
            modified=from_us(row["modified"]),
            made_at=from_us(row["made_at"]),
            author=PersonId(row["author_id"]),
            maker=PersonId(row["maker_id"]),
            idx=row["name_idx"],
            ci_idx=row["name_ci_idx"],
            twin=row["twin"],
        )
    except (ValueError, OverflowError, TypeError):
        raise Damaged("a row holds what no row can hold") from None


def record_of(node: Node) -> Record:
    content = node.content
    return Record(
        name=node.name,
        category=node.category,
        size=content.size if content else 0,
        sha256=content.sha256 if content else b"",
        media_type=content.media_type if content else "",
        maker=node.maker,
        origin=node.origin,
        file_key=content.key if content else None,
        properties=node.properties,
    )


def content_of(record: Record, blob: BlobId | None) -> Content | None:
    if (blob is None) != (record.file_key is None):
        raise Damaged("a row and its record disagree about content")
    if blob is None or record.file_key is None:
        return None
    return Content(blob, record.size, record.sha256, record.media_type, record.file_key)


def required(content: Content | None) -> Content:
    if content is None:
        raise Damaged("a version without content")
    return content


def category_of(chain: tuple[Node, ...]) -> Category:
    """The effective category of the last of `chain`: its own, else the nearest folder's."""
    for node in reversed(chain):
        if node.category is not None:
            return node.category
    return Category.UNCLASSIFIED
