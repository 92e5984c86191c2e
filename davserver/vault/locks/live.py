"""Live locks as they are read, each with the right by which its holder took it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    LargeBinary,
    TextualSelect,
    and_,
    bindparam,
    case,
    column,
    exists,
    not_,
    or_,
    select,
    text,
)

from davserver.db.clock import from_us, to_us
from davserver.db.id_list import as_value, id_list, ids_of
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import grant as grant_table
from davserver.db.tables import lock as lock_table
from davserver.db.tables import membership as membership_table
from davserver.db.tables import person as person_table
from davserver.db.tables import structure as structure_table
from davserver.domain.actions import Relation, Right
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import GrantId, LockId, NodeId, PersonId, StructureId, VaultId
from davserver.domain.people import AccountState, Role, Structure, StructureKind
from davserver.vault.grants.suspensions import RESTS
from davserver.vault.locks.locks import Lock, Way
from davserver.vault.locks.statements import locked_around
from davserver.vault.nodes.index import DEEPEST
from davserver.vault.nodes.rows import OpenVault

_NOW: BindParameter[int] = bindparam("now")
_THEIRS = and_(
    membership_table.c.person_id == lock_table.c.person_id,
    membership_table.c.starts <= _NOW,
    or_(membership_table.c.ends.is_(None), membership_table.c.ends > _NOW),
)
_OF_THE_TEAM = grant_table.c.to_kind == "structure"
_LONGEST = (
    # Whom somebody with a grant by name acts for: as `acting_membership` of the policies.
    select(membership_table.c.structure_id)
    .where(_THEIRS)
    .order_by(membership_table.c.starts, membership_table.c.id)
    .limit(1)
    .correlate(lock_table)
    .scalar_subquery()
)
_STILL_IN_IT = exists(
    select(membership_table.c.id)
    .where(_THEIRS, membership_table.c.structure_id == grant_table.c.to_id)
    .correlate(lock_table, grant_table)
)
# A lock ends with the account, the grant and the membership that it needs, without anybody writing.
_ROWS = (
    select(
        lock_table,
        grant_table.c.node_id.label("way_root"),
        grant_table.c.right.label("way_right"),
        grant_table.c.to_kind.label("way_to"),
        person_table.c.role.label("way_role"),
        structure_table.c.id.label("way_structure"),
        structure_table.c.slug.label("way_slug"),
        structure_table.c.name.label("way_name"),
        structure_table.c.kind.label("way_kind"),
        structure_table.c.time_zone.label("way_zone"),
    )
    .join(person_table, person_table.c.id == lock_table.c.person_id)
    .outerjoin(grant_table, grant_table.c.id == lock_table.c.grant_id)
    .outerjoin(
        structure_table,
        structure_table.c.id == case((_OF_THE_TEAM, grant_table.c.to_id), else_=_LONGEST),
    )
    .where(
        lock_table.c.expires_at > _NOW,
        person_table.c.state == AccountState.ACTIVE.value,
        or_(
            lock_table.c.grant_id.is_(None),
            and_(
                grant_table.c.ended_at.is_(None),
                not_(RESTS),
                or_(grant_table.c.until.is_(None), grant_table.c.until > _NOW),
                or_(~_OF_THE_TEAM, _STILL_IN_IT),
            ),
        ),
    )
)
_OF_VAULT = _ROWS.where(lock_table.c.vault_id == bindparam("vault"))
_LIVE = Prepared(_OF_VAULT)


@lru_cache(maxsize=8)
def _on(dialect: str, count: int) -> Prepared:
    return Prepared(_OF_VAULT.where(lock_table.c.node_id.in_(_these(dialect, count))))


def _these(dialect: str, count: int) -> list[BindParameter[bytes]] | TextualSelect:
    """`count` 0: any number, as a table that SQLite makes first (`davserver.db.id_list`)."""
    if not count:
        return ids_of(dialect, "nodes")
    return [bindparam(f"node{number}") for number in range(count)]


@cache
def _around(dialect: str) -> Prepared:
    found = locked_around(id_list(dialect, "nodes"), dialect, " AND expires_at > :now")
    if dialect == "postgresql":
        # In an array: of a list it might rather go through all locks that there are.
        return Prepared(_OF_VAULT.where(text(f"lock.node_id = ANY (ARRAY({found}))")))
    nodes = text(found).columns(column("node_id", LargeBinary))
    return Prepared(_OF_VAULT.where(lock_table.c.node_id.in_(nodes)))


def live(tx: Connection, vault: OpenVault, now: datetime) -> list[Lock]:
    """All live locks of a vault: one statement."""
    return _opened(_LIVE.all(tx, {"vault": vault.id, "now": to_us(now)}))


def on(tx: Connection, vault: OpenVault, nodes: Collection[NodeId], now: datetime) -> list[Lock]:
    """Those on these nodes: one statement, which costs the same however much else is locked."""
    statement, given = _asked(tx, vault.id, nodes, now)
    return _opened(statement.all(tx, given))


def prefetch(tx: Connection, vault: VaultId, nodes: Collection[NodeId], now: datetime) -> None:
    """`on` will be asked for these nodes at this moment, in this transaction."""
    statement, given = _asked(tx, vault, nodes, now)
    statement.prefetch(tx, given)


def _asked(
    tx: Connection, vault: VaultId, nodes: Collection[NodeId], now: datetime
) -> tuple[Prepared, dict[str, Any]]:
    given: dict[str, Any] = {"vault": vault, "now": to_us(now)}
    count = len(nodes)
    most = _FEW if count <= _FEW else _SOME if count <= _SOME else 0
    if most and count:
        # In one order, however they were found.
        named = sorted(nodes)
        named += named[:1] * (most - count)
        given.update(zip(_NAMES, named))  # noqa: B905 — there may be more names
    else:
        most, given["nodes"] = 0, as_value(tx, nodes)
    return _on(tx.dialect.name, most), given


_FEW, _SOME = 4, 8
"""How many nodes a statement asks for, the first of them said again where there are fewer."""
_NAMES = tuple(f"node{number}" for number in range(_SOME))


def around(
    tx: Connection,
    vault: OpenVault,
    nodes: Collection[NodeId],
    folder: NodeId,
    now: datetime,
    levels: int = DEEPEST,
) -> list[Lock]:
    """Those on these nodes, and on whatever is in `folder`, so many levels deep: one statement."""
    given = {
        "vault": vault.id,
        "now": to_us(now),
        "nodes": as_value(tx, nodes),
        "folder": folder,
        "levels": levels,
    }
    return _opened(_around(tx.dialect.name).all(tx, given))


def _opened(rows: Sequence[Row]) -> list[Lock]:
    return [
        Lock(
            id=LockId(row["id"]),
            token=row["token"],
            vault=VaultId(row["vault_id"]),
            node=NodeId(row["node_id"]),
            person=PersonId(row["person_id"]),
            grant=None if row["grant_id"] is None else GrantId(row["grant_id"]),
            exclusive=row["exclusive"],
            deep=row["deep"],
            owner_ct=row["owner_ct"],
            timeout=row["timeout"],
            expires=from_us(row["expires_at"]),
            way=_way(row),
        )
        for row in rows
    ]


def _way(row: Row) -> Way | None:
    if row["grant_id"] is None:
        return None
    try:
        return Way(
            root=NodeId(row["way_root"]),
            right=Right(row["way_right"]),
            role=Role(row["way_role"]),
            relation=Relation.VIA_STRUCTURE if row["way_to"] == "structure" else Relation.GRANTEE,
            structure=None if row["way_structure"] is None else _structure(row),
        )
    except (ValueError, TypeError):
        sound(Alarm.ROW_DAMAGED, table="lock", id=bytes(row["id"]).hex())
        return None


def _structure(row: Row) -> Structure:
    return Structure(
        StructureId(row["way_structure"]),
        row["way_slug"],
        row["way_name"],
        StructureKind(row["way_kind"]),
        row["way_zone"],
    )


def owner_of(vault: OpenVault, lock: Lock) -> str:
    """What its holder wrote about themselves. Changes ask for none of it."""
    for keys in vault.keys.values():
        try:
            return keys.open_lock_owner(lock.id, lock.node, lock.owner_ct)
        except Damaged:
            continue
    # The lock still binds; only what its holder wrote about themselves is lost.
    sound(Alarm.ROW_DAMAGED, table="lock", id=lock.id.hex())
    return ""
