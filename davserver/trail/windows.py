"""Reads: one row per person, version and ten minutes that counts, then one entry (DESIGN §2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import read_window as table
from davserver.domain.errors import Damaged
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.domain.people import Principal
from davserver.sealing.trail import TrailKeys
from davserver.trail.chain import Draft
from davserver.trail.entry import Actor, Payload, packed, unpacked
from davserver.trail.words import What

Which = ColumnElement[bool]

WINDOW = timedelta(minutes=10)
_WINDOW_US = WINDOW // timedelta(microseconds=1)

_log = structlog.get_logger("abri.alarm")


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody opens one version. `path` is the owner's."""

    who: Principal
    vault: VaultId
    node: NodeId
    etag: bytes
    path: str
    grant: GrantId | None


@dataclass(frozen=True, slots=True)
class Window:
    """One open window, opened. `draft` is the entry that it becomes."""

    person: PersonId
    etag: bytes
    draft: Draft


def count(tx: Connection, keys: TrailKeys, reading: Reading, now: datetime) -> int | None:
    """One statement: how many reads the window has with this one. None, and nothing changed, when
    there is a window that has been open for too long.
    """
    row = {
        "person_id": reading.who.id,
        "etag": reading.etag,
        "vault_id": reading.vault,
        "node_id": reading.node,
        "grant_id": reading.grant,
        "detail_ct": keys.seal_window(reading.who.id, reading.etag, _detail(reading, now)),
        "count": 1,
        "opened_at": to_us(now),
        "last_at": to_us(now),
    }
    found = _COUNTED[tx.dialect.name].first(tx, row)
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


def of_person(person: PersonId) -> ColumnElement[bool]:
    return table.c.person_id == person


def of_version(person: PersonId, etag: bytes) -> ColumnElement[bool]:
    return and_(of_person(person), table.c.etag == etag)


def _detail(reading: Reading, now: datetime) -> bytes:
    """Everything that the entry will say: the row's own columns only find it."""
    return packed(
        {
            "vault": reading.vault.hex(),
            "node": reading.node.hex(),
            "path": reading.path,
            "grant": (reading.grant or b"").hex(),
            "first": to_us(now),
            "actor": Actor.of(reading.who).fields(),
        }
    )


def _opened(keys: TrailKeys, row: dict[str, Any]) -> Window:
    person, etag = PersonId(row["person_id"]), row["etag"]
    try:
        detail = unpacked(keys.open_window(person, etag, row["detail_ct"]))
    except Damaged:
        # A reading that somebody altered, or made up: it is told, but nobody is named for it.
        _log.error("row-damaged", table=table.name, id=person.hex())
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


def _counted(insert: Any) -> Prepared:
    """Counts up while the window is young; an old one is left alone, and nothing comes back."""
    new = insert(table)
    young = table.c.opened_at > new.excluded.opened_at - _WINDOW_US
    more = {"count": table.c.count + 1, "last_at": new.excluded.last_at}
    keys = ["person_id", "etag"]
    counted = new.on_conflict_do_update(index_elements=keys, set_=more, where=young)
    return Prepared(counted.returning(table.c["count"]), [column.name for column in table.c])


_COUNTED = {"sqlite": _counted(sqlite.insert), "postgresql": _counted(postgresql.insert)}
