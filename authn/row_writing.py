"""Writing rows that carry authority: with their MAC, and with the stamp that the trail carries."""

from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from authn.rows import Row, Stamp, fetch, is_genuine, stamp, with_mac
from davserver.domain.errors import NotFound
from davserver.sealing.instance import InstanceKeys


def genuine_row(tx: Connection, keys: InstanceKeys, table: Table, key: bytes) -> Row:
    """Raises NotFound."""
    for row in fetch(tx, select(table).where(table.c.id == key)):
        if is_genuine(keys, table, row):
            return row
    raise NotFound(f"there is no {table.name} {key.hex()}")


def insert_row(tx: Connection, keys: InstanceKeys, table: Table, row: dict[str, Any]) -> Stamp:
    complete = with_mac(keys, table, row)
    tx.execute(insert(table).values(complete))
    return stamp(table, complete)


def update_row(
    tx: Connection,
    keys: InstanceKeys,
    table: Table,
    row: Row,
    changes: dict[str, Any],
    version: int,
) -> Stamp:
    complete = with_mac(keys, table, {**row, **changes})
    values = {name: complete[name] for name in (*changes, "row_mac")}
    tx.execute(update(table).where(table.c.id == row["id"]).values(values))
    return stamp(table, complete, version)
