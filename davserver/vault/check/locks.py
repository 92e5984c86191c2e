"""Locks: each on something that is there, by somebody who is there, under a seal that opens."""

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, select

from davserver.db.tables import person
from davserver.domain.errors import Damaged
from davserver.domain.ids import LockId, NodeId
from davserver.domain.nodes import NodeState
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Opened, Rows
from davserver.vault.nodes.rows import OpenVault


def check_locks(tx: Connection, vault: OpenVault, rows: Rows, opened: Opened) -> Iterator[Finding]:
    holders = {row["person_id"] for row in rows.locks if isinstance(row["person_id"], bytes)}
    wanted = select(person.c.id).where(person.c.id.in_(holders))
    people = set(tx.execute(wanted).scalars()) if holders else set()
    grants = {row["id"] for row in rows.grants} | {None}
    for row in rows.locks:
        wrong = _wrong(vault, row, opened)
        wrong += [] if row["person_id"] in people else ["person_id"]
        wrong += [] if row["grant_id"] in grants else ["grant_id"]
        if wrong:
            yield Finding(Flaw.LOCK_ASTRAY, rows.id, "lock", shown(row["id"]), ", ".join(wrong))


def _wrong(vault: OpenVault, row: RowMapping, opened: Opened) -> list[str]:
    node = opened.nodes.get(row["node_id"])
    if node is None or node.state is not NodeState.LIVE:
        return ["node_id"]
    lock, on = LockId(row["id"]), NodeId(row["node_id"])
    for keys in vault.keys.values():
        try:
            keys.open_lock_owner(lock, on, row["owner_ct"])
        except Damaged:
            continue
        return []
    return ["owner_ct"]
