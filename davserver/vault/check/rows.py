"""All rows of one vault, read in one snapshot for a check, and those of them that open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, func, select

from davserver.db.tables import (
    affiliation,
    blob,
    grant,
    grant_offer,
    grant_suspension,
    lock,
    node,
    node_version,
)
from davserver.db.tables import vault as vault_table
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, NodeId, VaultId
from davserver.domain.nodes import Content, Node
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.nodes.rows import OpenVault, node_from
from davserver.vault.nodes.version_rows import OldVersion, version_from
from davserver.vault.stamps import NODE, VERSION, version_id


@dataclass(frozen=True, slots=True)
class Rows:
    """As the database has them: nothing here is believed yet. Blob rows come without content."""

    id: VaultId
    vault: RowMapping
    nodes: Sequence[RowMapping]
    versions: Sequence[RowMapping]
    blobs: Sequence[RowMapping]
    grants: Sequence[RowMapping]
    locks: Sequence[RowMapping]
    affiliations: Sequence[RowMapping]
    suspensions: Sequence[RowMapping]
    offers: Sequence[RowMapping]


@dataclass(frozen=True, slots=True)
class Named:
    """A content, and the node or version row that names it."""

    table: str
    id: str
    content: Content


@dataclass(slots=True)
class Opened:
    """What opened of the rows."""

    nodes: dict[NodeId, Node] = field(default_factory=dict)
    versions: list[OldVersion] = field(default_factory=list)

    def contents(self) -> Iterator[Named]:
        for one in self.nodes.values():
            if one.content:
                yield Named(NODE, one.id.hex(), one.content)
        for old in self.versions:
            yield Named(VERSION, version_id(old.node, old.number).hex(), old.content)


def load(tx: Connection, vault: VaultId) -> Rows:
    """Everything that says it is this vault's, and every blob that something of it names."""
    tables = (node, node_version, grant, lock, affiliation, grant_offer)
    whole = (select(one).where(one.c.vault_id == vault) for one in tables)
    nodes, versions, grants, locks, affiliations, offers = (
        tx.execute(one).mappings().all() for one in whole
    )
    of_grants = select(grant.c.id).where(grant.c.vault_id == vault)
    resting = select(grant_suspension).where(grant_suspension.c.grant_id.in_(of_grants))
    return Rows(
        id=vault,
        vault=tx.execute(select(vault_table).where(vault_table.c.id == vault)).mappings().one(),
        nodes=nodes,
        versions=versions,
        blobs=_blobs(tx, vault, {row["blob_id"] for row in (*nodes, *versions)} - {None}),
        grants=grants,
        locks=locks,
        affiliations=affiliations,
        suspensions=tx.execute(resting).mappings().all(),
        offers=offers,
    )


def _blobs(tx: Connection, vault: VaultId, named: set[bytes]) -> Sequence[RowMapping]:
    columns = [column for column in blob.c if column.name != "inline_ct"]
    every = select(*columns, func.length(blob.c.inline_ct).label("inline_bytes"))
    own = tx.execute(every.where(blob.c.vault_id == vault)).mappings().all()
    if named <= {row["id"] for row in own}:
        return own
    # Gone, or said to be another vault's: no index leads there, for nothing else asks.
    of_nodes = select(node.c.blob_id).where(node.c.vault_id == vault)
    of_versions = select(node_version.c.blob_id).where(node_version.c.vault_id == vault)
    others = blob.c.vault_id != vault, blob.c.id.in_(of_nodes) | blob.c.id.in_(of_versions)
    return [*own, *tx.execute(every.where(*others)).mappings().all()]


def opened(vault: OpenVault, rows: Rows, findings: list[Finding]) -> Opened:
    """What opens; the rest is ALTERED."""
    done = Opened()
    for row in rows.nodes:
        try:
            node_opened = node_from(vault, row)
        except Damaged:
            findings.append(Finding(Flaw.ALTERED, vault.id, NODE, shown(row["id"])))
        else:
            done.nodes[node_opened.id] = node_opened
    for row in rows.versions:
        try:
            done.versions.append(version_from(vault, row))
        except Damaged:
            findings.append(Finding(Flaw.ALTERED, vault.id, VERSION, shown_version(row)))
    return done


def shown_version(row: RowMapping) -> str:
    key = stamped_version_id(row)
    return f"{shown(row['node_id'])}/{row['version']!r:.20}" if key is None else key.hex()


def stamped_version_id(row: RowMapping) -> bytes | None:
    """None where no version can be numbered so."""
    try:
        return version_id(row["node_id"], row["version"])
    except (AttributeError, TypeError, OverflowError):
        return None


def ids_of_blobs(rows: Rows) -> dict[BlobId, RowMapping]:
    return {BlobId(row["id"]): row for row in rows.blobs}
