"""Rows of people, credentials, structures and memberships ↔ what they mean.

A row that carries authority is believed only when its MAC is right (DESIGN §5.1). Otherwise it
counts as absent, and somebody is told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table

from authn.credentials import CredentialKind
from davserver.db import tables
from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import CredentialId, MembershipId, PersonId, StructureId
from davserver.domain.people import (
    AccountState,
    Membership,
    Person,
    Role,
    Structure,
    StructureKind,
)
from davserver.sealing.instance import InstanceKeys

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what the trail recognises a row that was changed: its MAC stands for all its columns."""

    table: str
    id: bytes
    version: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One credential. `sealed` is its verifier; `last_used_day` counts days since 1970, UTC."""

    id: CredentialId
    person: PersonId
    kind: CredentialKind
    generation: int
    read_only: bool
    sealed: bytes
    label: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used_day: int | None

    def holds(self, now: datetime) -> bool:
        return self.revoked is None and (self.expires is None or now < self.expires)


def fetch(tx: Connection, statement: Select[Any]) -> list[Row]:
    """All rows, by column name."""
    return [row._asdict() for row in tx.execute(statement)]


def is_genuine(keys: InstanceKeys, table: Table, row: Row) -> bool:
    """Whether the row's MAC is right. When it is not, an alarm is logged."""
    if keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        return True
    sound(Alarm.ROW_MAC_WRONG, table=table.name, id=row["id"].hex())
    return False


def with_mac(keys: InstanceKeys, table: Table, row: Row) -> dict[str, Any]:
    """The row as it is stored, with the MAC of its present values."""
    return {**row, "row_mac": keys.row_mac(table.name, covered(table, row))}


def stamp(table: Table, row: Row, version: int = 1) -> Stamp:
    return Stamp(table.name, row["id"], version, row["row_mac"])


def person_from(keys: InstanceKeys, row: Row) -> Person | None:
    """None when the row was altered."""
    if not is_genuine(keys, tables.person, row):
        return None
    person = PersonId(row["id"])
    profile = json.loads(keys.open_profile(person, row["profile_version"], row["profile_ct"]))
    return Person(
        id=person,
        login=row["login"],
        name=profile["name"],
        role=Role(row["role"]),
        state=AccountState(row["state"]),
        language=row["language"],
    )


def sealed_profile(keys: InstanceKeys, person: PersonId, version: int, name: str) -> bytes:
    plain = json.dumps({"name": name}, ensure_ascii=False, sort_keys=True)
    return keys.seal_profile(person, version, plain.encode())


def credential_from(keys: InstanceKeys, row: Row) -> CredentialRow | None:
    """None when the row was altered. The verifier proves itself when it is opened."""
    if not is_genuine(keys, tables.credential, row):
        return None
    credential = CredentialId(row["id"])
    return CredentialRow(
        id=credential,
        person=PersonId(row["person_id"]),
        kind=CredentialKind(row["kind"]),
        generation=row["generation"],
        read_only=row["read_only"],
        sealed=row["verifier_ct"],
        label=_label(keys, row),
        created=from_us(row["created"]),
        expires=from_us_or_none(row["expires_at"]),
        revoked=from_us_or_none(row["revoked_at"]),
        last_used_day=row["last_used_day"],
    )


def verifier_of(keys: InstanceKeys, row: CredentialRow) -> str | None:
    """The verifier in the clear; None, with an alarm, when it was altered."""
    try:
        return keys.open_password_hash(row.id, row.generation, row.sealed)
    except Damaged:
        sound(Alarm.VERIFIER_ALTERED, table="credential", id=row.id.hex())
        return None


def structure_from(keys: InstanceKeys, row: Row) -> Structure | None:
    """None when the row was altered."""
    if not is_genuine(keys, tables.structure, row):
        return None
    return Structure(
        id=StructureId(row["id"]),
        slug=row["slug"],
        name=row["name"],
        kind=StructureKind(row["kind"]),
        time_zone=row["time_zone"],
    )


def membership_from(keys: InstanceKeys, row: Row, structure_row: Row) -> Membership | None:
    """None when either row was altered."""
    if not is_genuine(keys, tables.membership, row):
        return None
    structure = structure_from(keys, structure_row)
    return None if structure is None else membership_of(row, structure)


def membership_of(row: Row, structure: Structure) -> Membership:
    """Of a row that is genuine."""
    return Membership(
        id=MembershipId(row["id"]),
        structure=structure,
        starts=from_us(row["starts"]),
        ends=from_us_or_none(row["ends"]),
        source=row["source"],
    )


def _label(keys: InstanceKeys, row: Row) -> str:
    if row["label_ct"] is None:
        return ""
    return keys.open_label(CredentialId(row["id"]), row["generation"], row["label_ct"])
