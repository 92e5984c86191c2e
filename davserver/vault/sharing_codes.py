"""Rows of codes for sharing. One whose MAC is wrong is absent."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from davserver.db.authority import covered
from davserver.db.clock import from_us, to_us
from davserver.db.tables import sharing_code as table
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, SharingCodeId, StructureId
from davserver.domain.sharing_codes import SharingCode
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp


def of_person(tx: Connection, keys: InstanceKeys, person: PersonId) -> list[SharingCode]:
    """What somebody made and did not end, expired ones too, oldest first; one statement."""
    return _found(tx, keys, table.c.person_id == person)


def lettered(tx: Connection, keys: InstanceKeys, letters: str) -> SharingCode | None:
    """One statement, whether there is such a code or not."""
    found = _found(tx, keys, table.c.code_idx == keys.sharing_code_index(letters))
    # A row under another code's index says something else inside.
    return next((one for one in found if one.letters == letters), None)


def add(tx: Connection, keys: InstanceKeys, code: SharingCode) -> Stamp:
    """The table refuses letters that are in use."""
    columns: dict[str, Any] = {
        "id": code.id,
        "person_id": code.person,
        "structure_id": code.structure,
        "code_ct": keys.seal_sharing_code(code.id, code.person, code.letters),
        "code_idx": keys.sharing_code_index(code.letters),
        "created": to_us(code.created),
        "expires_at": to_us(code.expires),
    }
    mac = keys.row_mac(table.name, covered(table, columns))
    tx.execute(insert(table).values({**columns, "row_mac": mac}))
    return Stamp(table.name, code.id, 1, mac)


def remove(tx: Connection, ids: Collection[SharingCodeId]) -> list[Stamp]:
    """What the trail notes of them."""
    tx.execute(delete(table).where(table.c.id.in_(list(ids))))
    return [Stamp(table.name, one, 1, b"") for one in ids]


def anything_expired(tx: Connection, now: datetime) -> bool:
    return tx.execute(select(table.c.id).where(_expired(now)).limit(1)).first() is not None


def forget_expired(tx: Connection, now: datetime) -> None:
    tx.execute(delete(table).where(_expired(now)))


def _expired(now: datetime) -> ColumnElement[bool]:
    return table.c.expires_at <= to_us(now)


def _found(tx: Connection, keys: InstanceKeys, *where: ColumnElement[bool]) -> list[SharingCode]:
    rows = tx.execute(select(table).where(*where).order_by(table.c.created, table.c.id))
    opened = (_opened(keys, dict(row)) for row in rows.mappings())
    return [one for one in opened if one is not None]


def _opened(keys: InstanceKeys, row: Mapping[str, Any]) -> SharingCode | None:
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=repr(row["id"])[:64])
        return None
    code, person = SharingCodeId(row["id"]), PersonId(row["person_id"])
    try:
        letters = keys.open_sharing_code(code, person, row["code_ct"])
    except Damaged:
        sound(Alarm.ROW_DAMAGED, table=table.name, id=code.hex())
        return None
    structure = row["structure_id"]
    return SharingCode(
        id=code,
        person=person,
        structure=None if structure is None else StructureId(structure),
        letters=letters,
        created=from_us(row["created"]),
        expires=from_us(row["expires_at"]),
    )
