"""Rows of affiliations ↔ the domain's Affiliation. One whose MAC is wrong is absent."""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import affiliation as table
from davserver.domain.affiliations import Affiliation, AffiliationState
from davserver.domain.ids import AffiliationId, PersonId, StructureId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp

_log = structlog.get_logger("abri.alarm")

Row = Mapping[str, Any]

NAMES = tuple(column.name for column in table.columns)


def open_affiliation(keys: InstanceKeys, row: Row) -> Affiliation | None:
    """None when the row is not genuine."""
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        _log.error("row-mac-wrong", table=table.name, id=bytes(row["id"]).hex())
        return None
    return Affiliation(
        id=AffiliationId(row["id"]),
        vault=VaultId(row["vault_id"]),
        structure=StructureId(row["structure_id"]),
        state=AffiliationState(row["state"]),
        confirmed=from_us(row["confirmed_at"]),
        ends=from_us_or_none(row["ends"]),
        ended=from_us_or_none(row["ended_at"]),
        ended_by=None if row["ended_by"] is None else PersonId(row["ended_by"]),
        last_activity=from_us(row["last_activity"]),
        requested_by=None if row["requested_by"] is None else PersonId(row["requested_by"]),
        requested=from_us(row["requested_at"]),
    )


def between(
    tx: Connection, keys: InstanceKeys, vault: VaultId, structure: StructureId
) -> Affiliation | None:
    """The pair's affiliation in whatever state; None where there never was a genuine one."""
    pair = (table.c.vault_id == vault, table.c.structure_id == structure)
    row = tx.execute(select(table).where(*pair)).mappings().first()
    return None if row is None else open_affiliation(keys, dict(row))


def store(tx: Connection, keys: InstanceKeys, one: Affiliation) -> Stamp:
    """Writes it over the pair's row, or as its first one. Gives what the trail notes of it."""
    pair = (table.c.vault_id == one.vault, table.c.structure_id == one.structure)
    before = tx.execute(select(table.c.id, table.c.row_version).where(*pair)).first()
    version = 1 if before is None else before.row_version + 1
    columns = _columns(keys, one, AffiliationId(before.id) if before else one.id, version)
    if before is None:
        tx.execute(insert(table).values(columns))
    else:
        tx.execute(update(table).where(table.c.id == before.id).values(columns))
    return Stamp(table.name, columns["id"], version, columns["row_mac"])


def _columns(
    keys: InstanceKeys, one: Affiliation, identity: AffiliationId, version: int
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "id": identity,
        "vault_id": one.vault,
        "structure_id": one.structure,
        "state": one.state.value,
        "requested_by": one.requested_by,
        "requested_at": to_us(one.requested or one.confirmed),
        "confirmed_at": to_us(one.confirmed),
        "ends": to_us_or_none(one.ends),
        "ended_at": to_us_or_none(one.ended),
        "ended_by": one.ended_by,
        "last_activity": to_us(one.last_activity),
        "row_version": version,
    }
    return {**columns, "row_mac": keys.row_mac(table.name, covered(table, columns))}
