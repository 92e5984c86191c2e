"""Rows that carry authority: people, credentials, keys, grants (DESIGN §5.1)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from davserver.db import tables
from davserver.db.authority import COVERED, UNTOLD, covered, told
from davserver.domain.errors import Damaged
from davserver.domain.ids import CredentialId, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Rows
from davserver.vault.check.trail import Present, Stamps, compared
from davserver.vault.grants.rows import label_of

_OF_A_SPACE = ("space_epoch", "key_wrap")
_OF_PEOPLE = (
    "person",
    "credential",
    "structure",
    "membership",
    "principal_key",
    "affiliation_request",
    "sharing_code",
    "directory_account",
    "directory_sync",
)
_TOLD_OF = (
    "person",
    "credential",
    "structure",
    "membership",
    "affiliation_request",
    "directory_account",
)
"""Those of which every change leaves a stamp in the instance's trail. A request's stands there too,
because it may be for somebody who has no vault.
"""

_BELONGS_TO_VAULT = (
    "node",
    "node_version",
    "blob",
    "grant",
    "lock",
    "space",
    "read_window",
    "affiliation",
    "affiliation_request",
    "grant_offer",
)


def check_vault_authority(tx: Connection, keys: InstanceKeys, rows: Rows) -> Iterator[Finding]:
    """The vault's own rows and those of its keys and grants."""
    yield from _forged(keys, tables.vault, dict(rows.vault), rows.id)
    for grant in rows.grants:
        if label_of(keys, dict(grant)) is None:
            yield Finding(Flaw.FORGED, rows.id, tables.grant.name, shown(grant["id"]))
    beside = (
        (tables.affiliation, rows.affiliations),
        (tables.grant_suspension, rows.suspensions),
        (tables.grant_offer, rows.offers),
    )
    for table, found in beside:
        for one in found:
            yield from _forged(keys, table, dict(one), rows.id)
    for row in _all(tx, tables.space, tables.space.c.vault_id == rows.id):
        yield from _forged(keys, tables.space, row, rows.id)
    spaces = select(tables.space.c.id).where(tables.space.c.vault_id == rows.id)
    for name in _OF_A_SPACE:
        table = tables.metadata.tables[name]
        for row in _all(tx, table, table.c.space_id.in_(spaces)):
            yield from _forged(keys, table, row, rows.id)


def check_people(tx: Connection, keys: InstanceKeys, stamps: Stamps | None) -> Iterator[Finding]:
    """Accounts, against their MACs and the instance's trail (`stamps`; None: it is unreadable)."""
    present: list[Present] = []
    for name in _OF_PEOPLE:
        table = tables.metadata.tables[name]
        for row in _all(tx, table):
            yield from _forged(keys, table, row, None)
            if name in _TOLD_OF:
                present.append(Present(name, row["id"], _number(row), _told(keys, table, row)))
            if name == "credential":
                yield from _verifier(keys, row)
    yield from _actors(tx, keys)
    if stamps is None:
        yield Finding(Flaw.NO_TELLING, None, "trail", "")
        return
    yield from compared(None, present, {k: s for k, s in stamps.items() if k[0] in _TOLD_OF})


def _number(row: Mapping[str, Any]) -> object:
    """Which state of the row it is, in tables that count them."""
    return row.get("generation", row.get("row_version"))


def _told(keys: InstanceKeys, table: Table, row: Mapping[str, Any]) -> object:
    """By what the trail knows the row: its MAC, without what changes untold."""
    if table.name not in UNTOLD:
        return row["row_mac"]
    try:
        return keys.row_mac(table.name, told(table, row))
    except (TypeError, ValueError):
        return None


def _verifier(keys: InstanceKeys, row: Mapping[str, Any]) -> Iterator[Finding]:
    """No MAC covers it: it is sealed with the credential's id and generation."""
    try:
        keys.open_password_hash(CredentialId(row["id"]), row["generation"], row["verifier_ct"])
    except Damaged:
        yield Finding(Flaw.ALTERED, None, "credential", shown(row["id"]), "verifier_ct")


def _actors(tx: Connection, keys: InstanceKeys) -> Iterator[Finding]:
    """The keys under which the trail says who acted. Whoever is forgotten leaves no trace of it in
    the entries (`Trail.forget`): an entry that still has one without a key was robbed of it.
    """
    actor, named = tables.trail_actor, tables.trail.c.actor_id
    for row in tx.execute(select(actor.c.person_id, actor.c.key_ct)):
        try:
            keys.trail.open_actor_key(PersonId(row.person_id), row.key_ct)
        except Damaged:
            yield Finding(Flaw.ALTERED, None, actor.name, shown(row.person_id))
    without = select(named).where(named.is_not(None), named.not_in(select(actor.c.person_id)))
    for one in tx.execute(without.distinct()).scalars():
        yield Finding(Flaw.VANISHED_ROW, None, actor.name, shown(one))


def check_strays(tx: Connection) -> Iterator[Finding]:
    """Rows that belong to no vault, or to nothing that exists: no check of a vault meets them."""
    vaults = select(tables.vault.c.id)
    for one in tx.execute(vaults).scalars():
        if not isinstance(one, bytes):
            yield Finding(Flaw.STRAY, None, "vault", shown(one))
    for name in _BELONGS_TO_VAULT:
        table = tables.metadata.tables[name]
        key = table.c.node_id if name in {"node_version", "read_window"} else table.c.id
        for one in tx.execute(select(key).where(table.c.vault_id.not_in(vaults))).scalars():
            yield Finding(Flaw.STRAY, None, name, shown(one))
    yield from _resting_nothing(tx)
    spaces, nodes = select(tables.space.c.id), select(tables.node.c.id)
    for name in _OF_A_SPACE:
        table = tables.metadata.tables[name]
        lost = select(table.c.space_id).where(table.c.space_id.not_in(spaces))
        for one in tx.execute(lost).scalars():
            yield Finding(Flaw.STRAY, None, name, shown(one))
    counters = tables.folder_change.c.folder_id
    for one in tx.execute(select(counters).where(counters.not_in(nodes)).distinct()).scalars():
        yield Finding(Flaw.STRAY, None, "folder_change", shown(one))
    yield from _strange_trails(tx)


def _resting_nothing(tx: Connection) -> Iterator[Finding]:
    table = tables.grant_suspension
    lost = select(table.c.id).where(table.c.grant_id.not_in(select(tables.grant.c.id)))
    for one in tx.execute(lost).scalars():
        yield Finding(Flaw.STRAY, None, table.name, shown(one))


def _strange_trails(tx: Connection) -> Iterator[Finding]:
    known = select(tables.vault.c.id)
    own = bytes(tables.ID_BYTES)
    for table in (tables.trail_head, tables.trail):
        column = table.c.vault_id
        lost = select(column).where(column.not_in(known), column != own).distinct()
        for one in tx.execute(lost).scalars():
            yield Finding(Flaw.STRAY, None, table.name, shown(one))


def _forged(
    keys: InstanceKeys, table: Table, row: Mapping[str, Any], vault: VaultId | None
) -> Iterator[Finding]:
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        yield Finding(Flaw.FORGED, vault, table.name, shown(row.get("id", row.get("space_id"))))


def _all(tx: Connection, table: Table, *where: Any) -> list[Mapping[str, Any]]:
    assert table.name in COVERED  # noqa: S101 — only these have a MAC
    return [dict(row) for row in tx.execute(select(table).where(*where)).mappings()]
