"""Reads: one row per person, version and ten minutes that counts, then one entry (DESIGN §2.7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    select,
    true,
    tuple_,
)

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import read_window as table
from davserver.db.upserts import PerDialect
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, VaultId
from davserver.sealing.trail import TrailKeys
from davserver.trail.entry import Actor, Draft, Payload, unpacked
from davserver.trail.opening import Opening, Reads
from davserver.trail.words import What

Which = ColumnElement[bool]

WINDOW = timedelta(minutes=10)
_WINDOW_US = WINDOW // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One open window, opened. `draft` is the entry that it becomes."""

    person: PersonId
    etag: bytes
    draft: Draft


def count(
    tx: Connection, keys: TrailKeys, opening: Opening, reads: Reads, *, also_old: bool = False
) -> int | None:
    """One statement: how many reads the window has with these. None, and nothing changed, when
    there is a window that has been open for too long, but with `also_old`.
    """
    detail = opening.detail(reads.first)
    row = {
        "person_id": opening.person,
        "etag": opening.etag,
        "vault_id": opening.vault,
        "node_id": opening.node,
        "grant_id": opening.grant,
        "detail_ct": keys.seal_window(opening.person, opening.etag, detail),
        "count": reads.times,
        "opened_at": to_us(reads.first),
        "last_at": to_us(reads.last),
    }
    counted = _COUNTED_ON if also_old else _COUNTED
    found = counted[tx.dialect.name].first(tx, row)
    return None if found is None else int(found["count"])


def open_windows(
    tx: Connection, keys: TrailKeys, where: ColumnElement[bool], most: int | None = None
) -> list[Window]:
    """Oldest first."""
    wanted = select(table).where(where).order_by(table.c.opened_at, table.c.etag).limit(most)
    return [_opened(keys, dict(row)) for row in tx.execute(wanted).mappings()]


def drop(tx: Connection, windows: Sequence[Window]) -> None:
    keys = [(one.person, one.etag) for one in windows]
    tx.execute(delete(table).where(tuple_(table.c.person_id, table.c.etag).in_(keys)))


def expired(now: datetime) -> ColumnElement[bool]:
    return table.c.opened_at <= to_us(now - WINDOW)


def of_vault(vault: VaultId | None) -> ColumnElement[bool]:
    return true() if vault is None else table.c.vault_id == vault


def of_vaults(tx: Connection, vaults: Collection[VaultId]) -> ColumnElement[bool]:
    these = ids_of(tx.dialect.name, "ids").bindparams(ids=as_value(tx, vaults))
    return table.c.vault_id.in_(these)


def of_person(person: PersonId) -> ColumnElement[bool]:
    return table.c.person_id == person


def of_version(person: PersonId, etag: bytes) -> ColumnElement[bool]:
    return and_(of_person(person), table.c.etag == etag)


def _opened(keys: TrailKeys, row: dict[str, Any]) -> Window:
    person, etag = PersonId(row["person_id"]), row["etag"]
    try:
        detail = unpacked(keys.open_window(person, etag, row["detail_ct"]))
    except Damaged:
        # A reading that somebody altered, or made up: it is told, but nobody is named for it.
        sound(Alarm.ROW_DAMAGED, table=table.name, id=person.hex())
        payload = Payload(What.READ.value, details={"damaged": "window"}, first=row["opened_at"])
        return Window(person, etag, Draft(VaultId(row["vault_id"]), payload, None, Actor()))
    return Window(person, etag, _draft(person, row, detail))


def _draft(person: PersonId, row: dict[str, Any], detail: dict[str, Any]) -> Draft:
    payload = Payload(
        what=What.READ.value,
        node=detail["node"],
        path=detail.get("path", ""),
        grant=detail.get("grant", ""),
        count=row["count"],
        first=detail["first"],
        last=row["last_at"],
    )
    vault = VaultId(bytes.fromhex(detail["vault"]))
    return Draft(vault, payload, person, Actor(**detail["actor"]))


def _counted(insert: Any, *, also_old: bool = False) -> Prepared:
    """Counts up while the window is young; an old one is left alone, and nothing comes back."""
    new = insert(table)
    young = table.c.opened_at > new.excluded.opened_at - _WINDOW_US
    last = new.excluded.last_at
    more = {
        "count": table.c.count + new.excluded["count"],
        # What a killed process noted may be told after what others read since.
        "last_at": case((last > table.c.last_at, last), else_=table.c.last_at),
    }
    counted = new.on_conflict_do_update(
        index_elements=["person_id", "etag"], set_=more, where=None if also_old else young
    )
    return Prepared(counted.returning(table.c["count"]), [column.name for column in table.c])


_COUNTED = PerDialect(_counted)
_COUNTED_ON = PerDialect(partial(_counted, also_old=True))
