"""Grants by name that rest: whoever they were given to has left a structure of the beneficiary's.

That a grant rests is said by the MAC of its own row (`davserver.vault.grants.rows`); a row here
says for which structure, and since when. Whoever takes one away wakes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

from davserver.db.authority import covered
from davserver.db.clock import from_us, to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.tables import grant, grant_suspension
from davserver.domain.ids import GrantId, PersonId, StructureId, SuspensionId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp

table = grant_suspension

RESTS = exists(select(table.c.id).where(table.c.grant_id == grant.c.id)).correlate(grant)
"""Whether the grant of the statement around it rests: for statements that ask no row's MAC."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """`grant` rests since `person` left `structure`."""

    id: SuspensionId
    grant: GrantId
    person: PersonId
    structure: StructureId
    since: datetime


def store(tx: Connection, keys: InstanceKeys, one: Suspension) -> Stamp:
    columns: dict[str, Any] = {
        "id": one.id,
        "grant_id": one.grant,
        "person_id": one.person,
        "structure_id": one.structure,
        "since": to_us(one.since),
    }
    mac = keys.row_mac(table.name, covered(table, columns))
    tx.execute(insert(table).values({**columns, "row_mac": mac}))
    return Stamp(table.name, one.id, 1, mac)


def of_person(tx: Connection, person: PersonId) -> list[Suspension]:
    """Oldest first."""
    return _found(tx, table.c.person_id == person)


def of_grants(tx: Connection, grants: Collection[GrantId]) -> dict[GrantId, Suspension]:
    """Those of `grants` that rest: one statement."""
    asked = {"ids": as_value(tx, grants)}
    found = _found(tx, table.c.grant_id.in_(ids_of(tx.dialect.name, "ids")), asked)
    return {one.grant: one for one in found}


def remove(tx: Connection, some: Collection[Suspension]) -> list[Stamp]:
    """What the trail notes of rows that are gone, in the same order."""
    ids = [one.id for one in some]
    tx.execute(delete(table).where(table.c.id.in_(ids)))
    return [Stamp(table.name, one, 1, b"") for one in ids]


def _found(tx: Connection, where: Any, asked: dict[str, Any] | None = None) -> list[Suspension]:
    wanted = select(table).where(where).order_by(table.c.since, table.c.id)
    return [
        Suspension(
            id=SuspensionId(row["id"]),
            grant=GrantId(row["grant_id"]),
            person=PersonId(row["person_id"]),
            structure=StructureId(row["structure_id"]),
            since=from_us(row["since"]),
        )
        for row in tx.execute(wanted, asked or {}).mappings()
    ]
