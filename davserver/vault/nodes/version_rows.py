"""Rows of earlier versions ↔ opened values (FORMAT.md §4.6). A version has no parent, so that it
can never stand in for a live row.
"""

from typing import Any

from davserver.db.clock import from_us, to_us
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Content, Node
from davserver.sealing.record import Fields, Record
from davserver.sealing.space import VersionContext
from davserver.vault.nodes.rows import OpenVault, Row, content_of, fields_of, required

VERSION_COLUMNS = (
    "node_id", "version", "vault_id", "space_id", "epoch", "blob_id", "etag", "rec_ct",
    "author_id", "made_at", "replaced_at",
)  # fmt: skip


@lean(frozen=True, slots=True)
class OldVersion:
    """An earlier version of a file, opened. `number` rises with time."""

    node: NodeId
    number: int
    etag: bytes
    content: Content
    author: PersonId
    made_at: int
    replaced_at: int
    record: Record


def version_columns(vault: OpenVault, node: Node, replaced_at: int) -> dict[str, Any]:
    """The row that keeps the present content of `node` when another replaces it."""
    context = VersionContext(
        vault.id, vault.space, vault.epoch, node.id, node.row_version, required(node.content).blob,
        node.etag, node.author, node.made_at,
    )  # fmt: skip
    return _sealed(vault, context, fields_of(node), replaced_at)


def sealed_version(vault: OpenVault, old: OldVersion) -> dict[str, Any]:
    context = VersionContext(
        vault.id, vault.space, vault.epoch, old.node, old.number, old.content.blob, old.etag,
        old.author, from_us(old.made_at),
    )  # fmt: skip
    return _sealed(vault, context, old.record.fields(), old.replaced_at)


def _sealed(
    vault: OpenVault, context: VersionContext, fields: Fields, replaced_at: int
) -> dict[str, Any]:
    return {
        "node_id": context.node,
        "version": context.version,
        "vault_id": context.vault,
        "space_id": context.space,
        "epoch": context.epoch,
        "blob_id": context.blob,
        "etag": context.etag,
        "rec_ct": vault.keys_of(context.epoch).seal_version(context, fields),
        "author_id": context.author,
        "made_at": to_us(context.time),
        "replaced_at": replaced_at,
    }


def version_from(vault: OpenVault, row: Row) -> OldVersion:
    """Raises Damaged when the row was altered (FORMAT.md §4.6)."""
    if row["vault_id"] != vault.id:
        raise Damaged("a version of another vault")
    context = _version_context(row)
    record = vault.keys_of(row["epoch"]).open_version(context, row["rec_ct"])
    return OldVersion(
        node=context.node,
        number=context.version,
        etag=context.etag,
        content=required(content_of(record, context.blob)),
        author=context.author,
        made_at=row["made_at"],
        replaced_at=row["replaced_at"],
        record=record,
    )


def _version_context(row: Row) -> VersionContext:
    try:
        return VersionContext(
            vault=VaultId(row["vault_id"]),
            space=SpaceId(row["space_id"]),
            epoch=row["epoch"],
            node=NodeId(row["node_id"]),
            version=row["version"],
            blob=BlobId(row["blob_id"]),
            etag=row["etag"],
            author=PersonId(row["author_id"]),
            time=from_us(row["made_at"]),
        )
    except (ValueError, OverflowError, TypeError):
        raise Damaged("a row holds what no row can hold") from None
