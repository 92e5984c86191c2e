"""Up to where the database knows each journal of readings: told in the same transaction, so that
whoever is killed in between tells nothing twice, and nothing is lost.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import reading_journal as table
from davserver.db.upserts import PerDialect

KEPT = timedelta(days=90)
"""A journal that comes back from a backup is recognised for so long."""


def numbers(tx: Connection, journals: Collection[bytes]) -> dict[bytes, int]:
    """By journal, the last number that is known; one statement for each."""
    known = {}
    for journal in journals:
        row = _NUMBER.first(tx, {"journal": journal})
        number = None if row is None else row["number"]
        # SQLite keeps any type in any column.
        known[journal] = number if isinstance(number, int) else 0
    return known


def remember(tx: Connection, last: Mapping[bytes, int], now: datetime) -> None:
    rows = [{"id": one, "number": last[one], "told_at": to_us(now)} for one in sorted(last)]
    _REMEMBERED[tx.dialect.name].run_for(tx, rows)


def meet(tx: Connection, later: Connection, now: datetime) -> None:
    """Collides with what was told between the snapshots of `tx` and `later`, so that `tx` runs
    again: it may be cut off its journal by now, and is not yet in this snapshot.
    """
    known = {(one["id"], one["number"]) for one in _NUMBERS.all(tx, {})}
    missed = [one for one in _NUMBERS.all(later, {}) if (one["id"], one["number"]) not in known]
    if missed:
        remember(tx, {one["id"]: one["number"] for one in missed}, now)


def forget(tx: Connection, now: datetime) -> None:
    """Of journals that are gone for long."""
    tx.execute(delete(table).where(table.c.told_at < to_us(now - KEPT)))


def _remembered(insert: Any) -> Prepared:
    new = insert(table)
    changed = {name: new.excluded[name] for name in ("number", "told_at")}
    known = new.on_conflict_do_update(index_elements=["id"], set_=changed)
    return Prepared(known, [column.name for column in table.c])


_NUMBER = Prepared(select(table.c.number).where(table.c.id == bindparam("journal")))
_NUMBERS = Prepared(select(table.c.id, table.c.number))
_REMEMBERED = PerDialect(_remembered)
