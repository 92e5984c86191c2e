"""WebDAV locks (RFC 4918 §6–7) as rows keyed by node id: they survive restarts and renames above.

Who may lock what, and whether a lock that stands in the way may be mentioned, is the gate's to
judge; here is only what is locked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from davserver.db.clock import from_us, to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import grant as grant_table
from davserver.db.tables import lock as lock_table
from davserver.domain.decisions import Permit
from davserver.domain.drive import LockRequest
from davserver.domain.errors import Damaged
from davserver.domain.ids import Entropy, GrantId, LockId, NodeId, PersonId
from davserver.domain.nodes import Node
from davserver.vault.rows import OpenVault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lock:
    """One live lock. `deep`: it covers everything below its node too (Depth: infinity)."""

    id: LockId
    token: str
    node: NodeId
    person: PersonId
    grant: GrantId | None
    exclusive: bool
    deep: bool
    owner: str
    timeout: int
    expires: datetime

    def seconds_left(self, now: datetime) -> int:
        return max(0, int((self.expires - now).total_seconds()))

    def covers(self, node: NodeId, above: Sequence[Node]) -> bool:
        return self.node == node or (self.deep and any(one.id == self.node for one in above))


_LIVE = Prepared(
    select(lock_table)
    .outerjoin(grant_table, grant_table.c.id == lock_table.c.grant_id)
    .where(
        lock_table.c.vault_id == bindparam("vault"),
        lock_table.c.expires_at > bindparam("now"),
        # A lock ends with the grant that it was taken under, without anybody writing.
        or_(
            lock_table.c.grant_id.is_(None),
            grant_table.c.ended_at.is_(None)
            & or_(grant_table.c.until.is_(None), grant_table.c.until > bindparam("now")),
        ),
    )
)


def live(tx: Connection, vault: OpenVault, now: datetime) -> list[Lock]:
    """All live locks of a vault: one statement; there are never many."""
    rows = _LIVE.all(tx, {"vault": vault.id, "now": to_us(now)})
    return [
        Lock(
            id=LockId(row["id"]),
            token=row["token"],
            node=NodeId(row["node_id"]),
            person=PersonId(row["person_id"]),
            grant=None if row["grant_id"] is None else GrantId(row["grant_id"]),
            exclusive=row["exclusive"],
            deep=row["deep"],
            owner=_owner(vault, LockId(row["id"]), NodeId(row["node_id"]), row["owner_ct"]),
            timeout=row["timeout"],
            expires=from_us(row["expires_at"]),
        )
        for row in rows
    ]


def _owner(vault: OpenVault, lock: LockId, node: NodeId, sealed: bytes) -> str:
    for keys in vault.keys.values():
        try:
            return keys.open_lock_owner(lock, node, sealed)
        except Damaged:
            continue
    # The lock still binds; only what its holder wrote about themselves is lost.
    log.error("row-damaged", table="lock", id=lock.hex())
    return ""


def take(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    request: LockRequest,
    entropy: Entropy,
    now: datetime,
) -> Lock:
    """A new lock on the permit's node. The caller has made sure that none stands in the way."""
    node, grant = permit.target.node, permit.target.grant
    assert node is not None  # noqa: S101 — a permit to lock names what it locks
    lock = Lock(
        id=LockId(entropy(16)),
        token=f"urn:uuid:{UUID(bytes=entropy(16), version=4)}",
        node=node.id,
        person=permit.who.id,
        grant=grant.id if grant else None,
        exclusive=request.exclusive,
        deep=request.deep,
        owner=request.owner,
        timeout=request.seconds,
        expires=now + timedelta(seconds=request.seconds),
    )
    sweep(tx, vault, now)
    _INSERT.run(tx, _row(vault, lock, now))
    return lock


def _row(vault: OpenVault, lock: Lock, now: datetime) -> dict[str, Any]:
    return {
        "id": lock.id,
        "token": lock.token,
        "vault_id": vault.id,
        "node_id": lock.node,
        "person_id": lock.person,
        "grant_id": lock.grant,
        "exclusive": lock.exclusive,
        "deep": lock.deep,
        "owner_ct": vault.keys_of(vault.epoch).seal_lock_owner(lock.id, lock.node, lock.owner),
        "created": to_us(now),
        "timeout": lock.timeout,
        "expires_at": to_us(lock.expires),
    }


_INSERT = Prepared(insert(lock_table), [column.name for column in lock_table.c])


def prolong(tx: Connection, lock: Lock, seconds: int, now: datetime) -> datetime:
    """Refresh a lock (RFC 4918 §9.10.2). Returns when it ends now."""
    expires = now + timedelta(seconds=seconds)
    tx.execute(
        update(lock_table)
        .where(lock_table.c.id == lock.id)
        .values(expires_at=to_us(expires), timeout=seconds)
    )
    return expires


def release(tx: Connection, ids: Collection[LockId]) -> None:
    if ids:
        tx.execute(delete(lock_table).where(lock_table.c.id.in_(list(ids))))


def sweep(tx: Connection, vault: OpenVault, now: datetime) -> None:
    """Forget locks that have run out."""
    _SWEEP.run(tx, {"vault": vault.id, "now": to_us(now)})


_SWEEP = Prepared(
    delete(lock_table).where(
        lock_table.c.vault_id == bindparam("vault"), lock_table.c.expires_at <= bindparam("now")
    )
)
