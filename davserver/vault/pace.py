"""How many of other people's things somebody changes in one vault, minute by minute.

A minute begins with the first change after the last one was over. Minutes that follow each other
without a quiet one between are one batch: that is what an undo takes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    exists,
    null,
    select,
)

from davserver.db.clock import from_us, to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import node, node_version
from davserver.db.tables import pace as table
from davserver.db.upserts import PerDialect
from davserver.domain.ids import PersonId, VaultId

MINUTE = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)
_MINUTE_US = MINUTE // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody's changes in somebody else's vault stand still, since then. The changes that led to
    it began at `batch`.
    """

    person: PersonId
    vault: VaultId
    batch: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """`pause`: the one that this very change led to."""

    changes: int
    pause: Pause | None


def count(tx: Connection, person: PersonId, vault: VaultId, most: int, now: datetime) -> Counted:
    """One more change, in one statement. What is more than `most` in its minute pauses them."""
    at = to_us(now)
    row = {
        "person_id": person, "vault_id": vault, "opened_at": at, "count": 1, "batch_from": at,
        "paused_at": None, "most": most,
    }  # fmt: skip
    found = _COUNTED[tx.dialect.name].first(tx, row)
    assert found is not None  # noqa: S101 — an upsert without a condition returns its row
    led_here = found["paused_at"] == at and found["count"] == most + 1
    return Counted(found["count"], _pause(person, vault, found) if led_here else None)


def pauses(tx: Connection, vault: VaultId | None = None) -> list[Pause]:
    """Oldest first; of all vaults where none is named."""
    wanted = select(table).where(table.c.paused_at.is_not(None)).order_by(table.c.paused_at)
    if vault is not None:
        wanted = wanted.where(table.c.vault_id == vault)
    return [
        _pause(PersonId(row["person_id"]), VaultId(row["vault_id"]), row)
        for row in map(dict, tx.execute(wanted).mappings())
    ]


def pause_of(tx: Connection, person: PersonId, vault: VaultId) -> Pause | None:
    return next((one for one in pauses(tx, vault) if one.person == person), None)


def lift(tx: Connection, person: PersonId, vault: VaultId) -> None:
    """They may go on, and begin to be counted anew."""
    tx.execute(delete(table).where(table.c.person_id == person, table.c.vault_id == vault))


def forget(tx: Connection, now: datetime) -> None:
    """Counts of days that are over; pauses stay."""
    tx.execute(delete(table).where(*_old(now)))


def anything_old(tx: Connection, now: datetime) -> bool:
    """Whether `forget` would find anything."""
    return tx.execute(select(table.c.count).where(*_old(now)).limit(1)).first() is not None


def _old(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return table.c.opened_at <= to_us(now - FORGOTTEN_AFTER), table.c.paused_at.is_(None)


def undo_needs_version() -> ColumnElement[bool]:
    """Of an earlier version: whoever is paused wrote over it in their batch, so that an undo may
    bring it back.
    """
    theirs = and_(
        node.c.id == node_version.c.node_id,
        node.c.vault_id == table.c.vault_id,
        node.c.author_id == table.c.person_id,
        node.c.made_at >= table.c.batch_from,
    )
    return exists().where(table.c.paused_at.is_not(None), theirs)


def undo_needs_trash() -> ColumnElement[bool]:
    """Of something in the trash: whoever is paused put it there in their batch."""
    theirs = and_(
        node.c.vault_id == table.c.vault_id,
        node.c.trashed_by == table.c.person_id,
        node.c.trashed_at >= table.c.batch_from,
    )
    return exists().where(table.c.paused_at.is_not(None), theirs)


def _pause(person: PersonId, vault: VaultId, row: dict[str, Any]) -> Pause:
    since = from_us(row["paused_at"])
    batch = since if row["batch_from"] is None else from_us(row["batch_from"])
    return Pause(person, vault, batch, since)


def _counted(insert: Any) -> Prepared:
    new = insert(table).values({name: bindparam(name) for name in _COLUMNS})
    at = new.excluded.opened_at
    same_minute = table.c.opened_at > at - _MINUTE_US
    same_batch = table.c.opened_at > at - 2 * _MINUTE_US
    changes = case((same_minute, table.c.count + 1), else_=1)
    too_many = changes > bindparam("most", type_=Integer)
    more = {
        "count": changes,
        "opened_at": case((same_minute, table.c.opened_at), else_=at),
        "batch_from": case((same_batch, table.c.batch_from), else_=at),
        "paused_at": case(
            (table.c.paused_at.is_not(None), table.c.paused_at),
            (too_many, at),
            else_=null().cast(BigInteger),
        ),
    }
    counted = new.on_conflict_do_update(index_elements=["person_id", "vault_id"], set_=more)
    return Prepared(counted.returning(*(table.c[name] for name in _RETURNED)))


_COLUMNS: Sequence[str] = ("person_id", "vault_id", "opened_at", "count", "batch_from", "paused_at")
_RETURNED = ("count", "batch_from", "paused_at")
_COUNTED = PerDialect(_counted)
