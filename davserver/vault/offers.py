"""Rows of offers. One whose MAC is wrong is absent: nobody accepts what an operator did not write.

A row of long ago that is put back opens. It is a wish all the same: its owner sees it, and says yes
or no to what they see; `abri vault check` finds it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import grant_offer as table
from davserver.domain.actions import Right
from davserver.domain.alarms import Alarm, sound
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import GrantId, NodeId, OfferId, PersonId, StructureId, VaultId
from davserver.domain.offers import Offer, OfferAnswer
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp

_PERSON, _STRUCTURE = "person", "structure"


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A genuine row. `mac` knows this state of it from every other."""

    offer: Offer
    version: int
    mac: bytes

    @property
    def stamp(self) -> Stamp:
        return Stamp(table.name, self.offer.id, self.version, self.mac)


def one(tx: Connection, keys: InstanceKeys, offer: OfferId) -> OfferRow | None:
    found = _found(tx, keys, table.c.id == offer)
    return found[0] if found else None


def unanswered(tx: Connection, keys: InstanceKeys, vault: VaultId, now: datetime) -> list[OfferRow]:
    """What waits for the owner of a vault, oldest first."""
    mine = (table.c.vault_id == vault, table.c.answer.is_(None), table.c.expires_at > to_us(now))
    return _found(tx, keys, *mine)


def of_everybody(tx: Connection, keys: InstanceKeys) -> list[OfferRow]:
    return _found(tx, keys)


def add(tx: Connection, keys: InstanceKeys, offer: Offer) -> OfferRow:
    row, columns = _sealed(keys, OfferRow(offer, 1, b""))
    tx.execute(insert(table).values(columns))
    return row


def answer(
    tx: Connection, keys: InstanceKeys, row: OfferRow, said: OfferAnswer, now: datetime
) -> OfferRow:
    offer = replace(row.offer, answer=said, answered=now)
    changed, columns = _sealed(keys, OfferRow(offer, row.version + 1, b""))
    tx.execute(update(table).where(table.c.id == offer.id).values(columns))
    return changed


def expired(tx: Connection, before: datetime, most: int) -> list[tuple[VaultId, OfferId]]:
    """Those that had expired by then, whatever was said to them; the oldest first."""
    old = select(table.c.vault_id, table.c.id).where(table.c.expires_at <= to_us(before))
    rows = tx.execute(old.order_by(table.c.expires_at, table.c.id).limit(most))
    return [(VaultId(vault), OfferId(offer)) for vault, offer in rows]


def remove(tx: Connection, ids: Collection[OfferId]) -> list[Stamp]:
    """What the trail notes of those that were there."""
    mine = table.c.id.in_(list(ids))
    gone = tx.execute(select(table.c.id, table.c.row_version).where(mine)).all()
    tx.execute(delete(table).where(mine))
    return [Stamp(table.name, row.id, row.row_version, b"") for row in gone]


def _found(tx: Connection, keys: InstanceKeys, *where: ColumnElement[bool]) -> list[OfferRow]:
    wanted = select(table).where(*where).order_by(table.c.created, table.c.id)
    opened = (_opened(keys, dict(row)) for row in tx.execute(wanted).mappings())
    return [row for row in opened if row is not None]


def _opened(keys: InstanceKeys, row: Mapping[str, Any]) -> OfferRow | None:
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=repr(row["id"])[:64])
        return None
    offer, version = OfferId(row["id"]), row["row_version"]
    says = json.loads(keys.open_offer(offer, version, row["says_ct"]))
    to = row["to_id"]
    opened = Offer(
        id=offer,
        vault=VaultId(row["vault_id"]),
        node=NodeId(row["node_id"]),
        to=ToPerson(PersonId(to)) if row["to_kind"] == _PERSON else ToStructure(StructureId(to)),
        right=Right(row["right"]),
        starts=from_us_or_none(row["starts"]),
        until=from_us_or_none(row["until"]),
        purpose=says["purpose"],
        renews=None if row["renews"] is None else GrantId(row["renews"]),
        operator=says["operator"],
        created=from_us(row["created"]),
        expires=from_us(row["expires_at"]),
        answered=from_us_or_none(row["answered_at"]),
        answer=None if row["answer"] is None else OfferAnswer(row["answer"]),
    )
    return OfferRow(opened, version, row["row_mac"])


def _sealed(keys: InstanceKeys, row: OfferRow) -> tuple[OfferRow, dict[str, Any]]:
    """The columns for `row`, and `row` with their MAC."""
    offer = row.offer
    says = {"operator": offer.operator, "purpose": offer.purpose}
    plain = json.dumps(says, ensure_ascii=False, sort_keys=True).encode()
    columns: dict[str, Any] = {
        "id": offer.id,
        "vault_id": offer.vault,
        "node_id": offer.node,
        "to_kind": _PERSON if isinstance(offer.to, ToPerson) else _STRUCTURE,
        "to_id": offer.to.id,
        "right": offer.right.value,
        "starts": to_us_or_none(offer.starts),
        "until": to_us_or_none(offer.until),
        "renews": offer.renews,
        "says_ct": keys.seal_offer(offer.id, row.version, plain),
        "created": to_us(offer.created),
        "expires_at": to_us(offer.expires),
        "answered_at": to_us_or_none(offer.answered),
        "answer": None if offer.answer is None else offer.answer.value,
        "row_version": row.version,
    }
    mac = keys.row_mac(table.name, covered(table, columns))
    return replace(row, mac=mac), {**columns, "row_mac": mac}
