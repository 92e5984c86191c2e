"""Rows of grants ↔ the domain's Grant. A row whose MAC is wrong is absent (DESIGN §5.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from davserver.db.authority import COVERED, covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import grant as table
from davserver.domain.actions import Right
from davserver.domain.alarms import Alarm, sound
from davserver.domain.grants import Grant, Grantee, ToPerson, ToStructure
from davserver.domain.ids import GrantId, NodeId, PersonId, StructureId, VaultId
from davserver.sealing.instance import Display, InstanceKeys

Row = Mapping[str, Any]

NAMES = (*COVERED[table.name], "row_mac")
COLUMNS = tuple(table.c[name] for name in NAMES)

_PERSON, _STRUCTURE = "person", "structure"
_RESTING = "grant/resting"
"""In place of the table's name in the MAC of a grant that rests (FORMAT.md §6.3)."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A genuine row: the grant, who made it (`by`), who ended it, and what the trail notes of it:
    `version` and `mac`.
    """

    grant: Grant
    by: PersonId
    ended_by: PersonId | None
    purpose: str
    version: int
    mac: bytes
    resting: bool = False
    """Nothing is given through it for now. Its MAC says so: no other row has to be believed."""


def open_row(keys: InstanceKeys, row: Row) -> GrantRow | None:
    """None when the row is not genuine. Raises Damaged when the names of a genuine row do not
    open: then it is the keys that are wrong.
    """
    label = label_of(keys, row)
    if label is None:
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=bytes(row["id"]).hex())
        return None
    grant_id, version = GrantId(row["id"]), row["row_version"]
    grant = _grant(row, keys.open_display(grant_id, version, row["display_ct"]))
    ended_by = None if row["ended_by"] is None else PersonId(row["ended_by"])
    purpose = _open_purpose(keys, grant_id, version, row["purpose_ct"])
    by, resting = PersonId(row["created_by"]), label == _RESTING
    return GrantRow(grant, by, ended_by, purpose, version, row["row_mac"], resting)


def label_of(keys: InstanceKeys, row: Row) -> str | None:
    """Under which name the row's MAC was made; None when the row is not genuine."""
    columns = covered(table, row)
    for label in (table.name, _RESTING):
        if keys.row_is_genuine(label, columns, row["row_mac"]):
            return label
    return None


def seal_row(keys: InstanceKeys, row: GrantRow) -> tuple[GrantRow, dict[str, Any]]:
    """The columns for `row`, and `row` with their MAC."""
    grant, version = row.grant, row.version
    columns: dict[str, Any] = {
        "id": grant.id,
        "vault_id": grant.vault,
        "node_id": grant.node,
        "parent_id": grant.parent,
        "to_kind": _PERSON if isinstance(grant.to, ToPerson) else _STRUCTURE,
        "to_id": grant.to.id,
        "right": grant.right.value,
        "starts": to_us(grant.starts),
        "until": to_us_or_none(grant.until),
        "ended_at": to_us_or_none(grant.ended),
        "ended_by": row.ended_by,
        "created_by": row.by,
        "created": to_us(grant.created),
        "allowance": grant.allowance,
        "display_ct": keys.seal_display(grant.id, version, Display(grant.folder, grant.name)),
        "folder_idx": keys.grant_name_index(grant.to.id, grant.folder),
        "name_idx": keys.grant_name_index(grant.to.id, grant.name),
        "purpose_ct": _seal_purpose(keys, grant.id, version, row.purpose),
        "purpose_idx": None,
        "row_version": version,
    }
    mac = keys.row_mac(_RESTING if row.resting else table.name, covered(table, columns))
    return replace(row, mac=mac), {**columns, "row_mac": mac}


def ended(row: GrantRow, by: PersonId | None, now: datetime) -> GrantRow:
    return replace(
        row, grant=replace(row.grant, ended=now), ended_by=by, version=row.version + 1, mac=b""
    )


def renewed(row: GrantRow, until: datetime | None) -> GrantRow:
    return replace(row, grant=replace(row.grant, until=until), version=row.version + 1, mac=b"")


def at_rest(row: GrantRow, *, resting: bool) -> GrantRow:
    return replace(row, resting=resting, version=row.version + 1, mac=b"")


def _grant(row: Row, display: Display) -> Grant:
    return Grant(
        id=GrantId(row["id"]),
        vault=VaultId(row["vault_id"]),
        node=NodeId(row["node_id"]),
        to=_grantee(row["to_kind"], row["to_id"]),
        right=Right(row["right"]),
        starts=from_us(row["starts"]),
        until=from_us_or_none(row["until"]),
        ended=from_us_or_none(row["ended_at"]),
        folder=display.folder,
        name=display.name,
        allowance=row["allowance"],
        created=from_us(row["created"]),
        parent=None if row["parent_id"] is None else GrantId(row["parent_id"]),
    )


def _grantee(kind: str, one: bytes) -> Grantee:
    return ToPerson(PersonId(one)) if kind == _PERSON else ToStructure(StructureId(one))


def _seal_purpose(keys: InstanceKeys, one: GrantId, version: int, text: str) -> bytes | None:
    return keys.seal_purpose(one, version, text) if text else None


def _open_purpose(keys: InstanceKeys, one: GrantId, version: int, sealed: bytes | None) -> str:
    return "" if sealed is None else keys.open_purpose(one, version, sealed)
