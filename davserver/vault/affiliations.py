"""Rows of affiliations ↔ the domain's Affiliation. One whose MAC is wrong is absent."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, insert, or_, select, update

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import affiliation as table
from davserver.db.tables import grant, read_window
from davserver.domain.affiliations import IDLE, Affiliation, AffiliationState
from davserver.domain.alarms import Alarm, sound
from davserver.domain.ids import AffiliationId, PersonId, StructureId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp

Row = Mapping[str, Any]

_NOTED_EVERY = timedelta(days=1)
_CONFIRMED = table.c.state == AffiliationState.CONFIRMED.value

NAMES = tuple(column.name for column in table.columns)


def open_affiliation(keys: InstanceKeys, row: Row) -> Affiliation | None:
    """None when the row is not genuine."""
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=bytes(row["id"]).hex())
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


def of_vault(tx: Connection, keys: InstanceKeys, vault: VaultId) -> list[Affiliation]:
    """In whatever state, oldest first."""
    return _found(tx, keys, table.c.vault_id == vault)


def of_structures(
    tx: Connection, keys: InstanceKeys, structures: Collection[StructureId]
) -> list[Affiliation]:
    return _found(tx, keys, table.c.structure_id.in_(list(structures)))


def with_structure(
    tx: Connection, keys: InstanceKeys, structure: StructureId, vaults: Collection[VaultId]
) -> list[Affiliation]:
    """Those of these vaults with it, in whatever state."""
    among, asked = ids_of(tx.dialect.name, "ids"), {"ids": as_value(tx, vaults)}
    return _found(tx, keys, table.c.structure_id == structure, table.c.vault_id.in_(among), **asked)


def counted(
    tx: Connection, structure: StructureId, since: datetime, now: datetime
) -> tuple[int, int]:
    """How many are live, and how many of them were confirmed from `since` on. No row is opened: a
    sum gives nobody anything, and there may be ten thousand.
    """
    begun, lasts = table.c.confirmed_at <= to_us(now), table.c.last_activity > to_us(now - IDLE)
    not_over = or_(table.c.ends.is_(None), table.c.ends > to_us(now))
    new = func.count(case((table.c.confirmed_at >= to_us(since), 1)))
    wanted = select(func.count(), new).where(
        table.c.structure_id == structure, _CONFIRMED, begun, not_over, lasts
    )
    live, lately = tx.execute(wanted).one()
    return live, lately


def of_everybody(tx: Connection, keys: InstanceKeys) -> list[Affiliation]:
    return _found(tx, keys)


def over(tx: Connection, keys: InstanceKeys, now: datetime, most: int) -> list[Affiliation]:
    """Those that ended by themselves and are not yet told so, by date or after two idle years."""
    past = or_(table.c.ends <= to_us(now), table.c.last_activity <= to_us(now - IDLE))
    wanted = select(table).where(_CONFIRMED, past).order_by(table.c.id)
    found: list[Affiliation] = []
    with tx.execute(wanted, execution_options={"yield_per": most}) as rows:
        for row in rows.mappings():
            one = open_affiliation(keys, dict(row))
            if one is not None:
                found.append(one)
            if len(found) == most:
                break
    return found


def note_activity(tx: Connection, vault: VaultId, structure: StructureId, now: datetime) -> None:
    """Somebody of the structure changed something there. One statement; a row once a day."""
    asked = {"vault": vault, "structure": structure, "now": to_us(now)}
    _ACTIVE.send(tx, asked | {"stale": to_us(now - _NOTED_EVERY)})


def note_reads(tx: Connection, opened_until: datetime, now: datetime) -> None:
    """The same for what read windows tell that were opened by then, before they are closed."""
    inside = and_(grant.c.id == read_window.c.grant_id, grant.c.to_kind == "structure")
    pair = and_(table.c.vault_id == grant.c.vault_id, table.c.structure_id == grant.c.to_id)
    used = (
        select(table.c.id)
        .select_from(read_window.join(grant, inside).join(table, pair))
        .where(read_window.c.opened_at <= to_us(opened_until), _is_stale(now))
        .distinct()
    )
    ids = [one for (one,) in tx.execute(used)]
    if ids:
        tx.execute(update(table).where(table.c.id.in_(ids)).values(last_activity=to_us(now)))


def _is_stale(now: datetime) -> Any:
    """Not one that is idle for too long: what is over does not come back."""
    last = table.c.last_activity
    return and_(last <= to_us(now - _NOTED_EVERY), last > to_us(now - IDLE))


_ACTIVE = Prepared(
    update(table)
    .where(
        table.c.vault_id == bindparam("vault"),
        table.c.structure_id == bindparam("structure"),
        table.c.last_activity <= bindparam("stale"),
    )
    .values(last_activity=bindparam("now"))
)


def _found(tx: Connection, keys: InstanceKeys, *where: Any, **asked: Any) -> list[Affiliation]:
    wanted = select(table).where(*where).order_by(table.c.confirmed_at, table.c.id)
    opened = (open_affiliation(keys, dict(row)) for row in tx.execute(wanted, asked).mappings())
    return [one for one in opened if one is not None]


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
