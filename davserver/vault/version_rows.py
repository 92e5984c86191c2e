"""Rows of earlier versions ↔ opened values (FORMAT.md §4.6). A version has no parent, so that it
can never stand in for a live row.
"""

from typing import Any

from davserver.db.clock import from_us, to_us
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Content, Node
from davserver.sealing.record import Record
from davserver.sealing.space import VersionContext
from davserver.vault.rows import OpenVault, Row, content_of, record_of, required

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
    return sealed_version(
        vault,
        OldVersion(
            node=node.id,
            number=node.row_version,
            etag=node.etag,
            content=required(node.content),
            author=node.author,
            made_at=to_us(node.made_at),
            replaced_at=replaced_at,
            record=record_of(node),
        ),
    )


def sealed_version(vault: OpenVault, old: OldVersion) -> dict[str, Any]:
    context = VersionContext(
        vault=vault.id,
        space=vault.space,
        epoch=vault.epoch,
        node=old.node,
        version=old.number,
        blob=old.content.blob,
        etag=old.etag,
        author=old.author,
        time=from_us(old.made_at),
    )
    return {
        "node_id": old.node,
        "version": old.number,
        "vault_id": vault.id,
        "space_id": vault.space,
        "epoch": vault.epoch,
        "blob_id": old.content.blob,
        "etag": old.etag,
        "rec_ct": vault.keys_of(vault.epoch).seal_version(context, old.record),
        "author_id": old.author,
        "made_at": old.made_at,
        "replaced_at": old.replaced_at,
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
