"""The sets of policy files that are or were in force, as the database keeps them.

`epoch.policy` is the number of the one in force; every request reads it first. A row that carries
a set has a MAC: one that was altered counts as absent, and then only owners are served.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import epoch as epoch_table
from davserver.db.tables import policy_generation as table
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import AlreadyThere, Damaged, NotFound
from davserver.domain.ids import GenerationId
from davserver.sealing.instance import InstanceKeys
from policies.loader import generation_of

KEPT = 20
"""So many sets can be brought back; older ones are forgotten."""


class Origin(StrEnum):
    """How a set came into force."""

    SETUP = "setup"
    FILES = "files"
    APPLY = "apply"
    APPROVE = "approve"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A sound set before it is in force. `brought_back`: the generation whose files these are."""

    files: Mapping[str, bytes]
    origin: Origin
    brought_back: int | None = None
    signed: datetime | None = None

    @property
    def digest(self) -> str:
        return generation_of(self.files)


@dataclass(frozen=True, slots=True)
class Generation:
    """A set that is or was in force. `told`: when those whom it concerns had been told."""

    id: GenerationId
    number: int
    digest: str
    files: Mapping[str, bytes]
    origin: Origin
    brought_back: int | None
    signed: datetime | None
    created: datetime
    told: datetime | None
    mac: bytes


def number_in_force(tx: Connection) -> int:
    """0 while no set was ever put in force."""
    found = tx.execute(select(epoch_table.c.policy)).scalar_one_or_none()
    return 0 if found is None else int(found)


def fetch(tx: Connection, keys: InstanceKeys, number: int) -> Generation:
    """Raises NotFound when that one is not kept, Damaged when its row was altered."""
    row = tx.execute(select(table).where(table.c.number == number)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"generation {number} is not kept; `abri policy status` shows which are")
    return _opened(keys, row)


def find(tx: Connection, keys: InstanceKeys, number: int) -> Generation | None:
    """As `fetch`; None for what it raises."""
    try:
        return fetch(tx, keys, number)
    except (NotFound, Damaged):
        return None


def kept(tx: Connection, keys: InstanceKeys) -> list[Generation]:
    """All that can be brought back, newest first; an altered one is left out."""
    numbers = tx.execute(select(table.c.number).order_by(table.c.number.desc())).scalars()
    found = [find(tx, keys, number) for number in numbers.all()]
    return [one for one in found if one is not None]


def newest_signature(tx: Connection, keys: InstanceKeys) -> datetime | None:
    """The latest of all kept sets: after a rollback that is not the one in force."""
    is_signed = table.c.signed_at.is_not(None)
    numbers = select(table.c.number).where(is_signed).order_by(table.c.signed_at.desc())
    for number in tx.execute(numbers).scalars().all():
        if (one := find(tx, keys, number)) is not None:
            return one.signed
    return None


def put_in_force(
    tx: Connection, keys: InstanceKeys, new: Proposed, after: int, one: GenerationId, now: datetime
) -> tuple[Generation, list[GenerationId]]:
    """The new generation, and the ids of those that are forgotten for it.

    Raises AlreadyThere when another one than `after` is in force by now: look again.
    """
    number = after + 1
    moved = tx.execute(
        update(epoch_table).where(epoch_table.c.policy == after).values(policy=number)
    )
    if moved.rowcount != 1:
        raise AlreadyThere("another policy was put in force meanwhile: look at it first")
    row = _row(new, number, one, now)
    row["row_mac"] = keys.row_mac(table.name, covered(table, {**row, "row_mac": b""}))
    tx.execute(insert(table).values(**row))
    return _opened(keys, row), _forget(tx, number)


def mark_told(tx: Connection, number: int, now: datetime) -> None:
    tx.execute(update(table).where(table.c.number == number).values(told_at=to_us(now)))


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files, which are UTF-8, as one text."""
    named = {name: content.decode() for name, content in files.items()}
    return json.dumps(named, ensure_ascii=False, sort_keys=True).encode()


def unpacked(raw: bytes) -> dict[str, bytes]:
    return {name: text.encode() for name, text in json.loads(raw).items()}


def _row(new: Proposed, number: int, one: GenerationId, now: datetime) -> dict[str, Any]:
    return {
        "id": one,
        "number": number,
        "digest": new.digest,
        "files": packed(new.files),
        "origin": new.origin.value,
        "brought_back": new.brought_back,
        "signed_at": to_us_or_none(new.signed),
        "created": to_us(now),
        "told_at": None,
    }


def _forget(tx: Connection, number: int) -> list[GenerationId]:
    old = table.c.number <= number - KEPT
    gone = [GenerationId(one) for one in tx.execute(select(table.c.id).where(old)).scalars()]
    if gone:
        tx.execute(delete(table).where(old))
    return gone


def _opened(keys: InstanceKeys, row: Mapping[Any, Any]) -> Generation:
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=repr(row["id"])[:64])
        raise Damaged(f"the row of policy generation {row['number']} was altered")
    return Generation(
        id=GenerationId(row["id"]),
        number=row["number"],
        digest=row["digest"],
        files=unpacked(row["files"]),
        origin=Origin(row["origin"]),
        brought_back=row["brought_back"],
        signed=from_us_or_none(row["signed_at"]),
        created=from_us(row["created"]),
        told=from_us_or_none(row["told_at"]),
        mac=row["row_mac"],
    )
