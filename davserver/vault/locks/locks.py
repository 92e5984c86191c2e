"""WebDAV locks (RFC 4918 §6–7) as rows keyed by node id: they survive restarts and renames above.

Who may lock what, what a lock binds, and whether it may be mentioned, is the gate's to judge; here
is what is locked, and by whose right.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    insert,
    update,
)

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import lock as lock_table
from davserver.domain.actions import Relation, Right
from davserver.domain.decisions import Permit
from davserver.domain.drive import LockRequest
from davserver.domain.events import Events
from davserver.domain.ids import Entropy, GrantId, LockId, NodeId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.domain.people import Role, Structure
from davserver.vault.nodes.rows import OpenVault

log = Events(__name__)


@lean(frozen=True, slots=True)
class Way:
    """By what right somebody who is not the owner reaches what they lock: a grant on `root` that
    gives `right`, in this role, for this structure if for any. Facts of the moment, not of when
    the lock was taken.
    """

    root: NodeId
    right: Right
    role: Role
    relation: Relation
    structure: Structure | None


@lean(frozen=True, slots=True)
class Lock:
    """One live lock. `deep`: everything below its node is meant too (Depth: infinity). `way` is
    None for the vault's owner, and where its rows hold what no row can hold. `owner_ct`: what its
    holder wrote about themselves, sealed (`live.owner_of`).
    """

    id: LockId
    token: str
    vault: VaultId
    node: NodeId
    person: PersonId
    grant: GrantId | None
    exclusive: bool
    deep: bool
    owner_ct: bytes
    timeout: int
    expires: datetime
    way: Way | None = None

    def seconds_left(self, now: datetime) -> int:
        return max(0, int((self.expires - now).total_seconds()))

    def covers(self, node: NodeId, above: Sequence[Node]) -> bool:
        """Whether it was taken on the node or over it. What it binds there is another question."""
        return self.node == node or (self.deep and any(one.id == self.node for one in above))


def take(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    request: LockRequest,
    entropy: Entropy,
    now: datetime,
) -> Lock:
    """A new lock on the permit's node. The caller has made sure that none stands in the way. Those
    that have run out bind nothing; the sweeper forgets them.
    """
    node, grant = permit.target.node, permit.target.grant
    assert node is not None  # noqa: S101 — a permit to lock names what it locks
    new = LockId(entropy(16))
    lock = Lock(
        id=new,
        token=f"urn:uuid:{UUID(bytes=entropy(16), version=4)}",
        vault=vault.id,
        node=node.id,
        person=permit.who.id,
        grant=grant.id if grant else None,
        exclusive=request.exclusive,
        deep=request.deep,
        owner_ct=vault.keys_of(vault.epoch).seal_lock_owner(new, node.id, request.owner),
        timeout=request.seconds,
        expires=now + timedelta(seconds=request.seconds),
    )
    _INSERT.send(tx, _row(lock, now))
    return lock


def _row(lock: Lock, now: datetime) -> dict[str, Any]:
    return {
        "id": lock.id,
        "token": lock.token,
        "vault_id": lock.vault,
        "node_id": lock.node,
        "person_id": lock.person,
        "grant_id": lock.grant,
        "exclusive": lock.exclusive,
        "deep": lock.deep,
        "owner_ct": lock.owner_ct,
        "created": to_us(now),
        "timeout": lock.timeout,
        "expires_at": to_us(lock.expires),
    }


_INSERT = Prepared(insert(lock_table), [column.name for column in lock_table.c])


def prolong(tx: Connection, lock: Lock, seconds: int, now: datetime) -> datetime:
    """Refresh a lock (RFC 4918 §9.10.2). Returns when it ends now."""
    expires = now + timedelta(seconds=seconds)
    _PROLONG.send(tx, {**_key(lock), "until": to_us(expires), "seconds": seconds})
    return expires


def release(tx: Connection, locks: Collection[Lock]) -> None:
    if locks:
        _RELEASE.run_for(tx, list(map(_key, locks)))


def _key(lock: Lock) -> dict[str, Any]:
    return {"vault": lock.vault, "node": lock.node, "lock": lock.id}


_THIS = and_(
    lock_table.c.vault_id == bindparam("vault"),
    lock_table.c.node_id == bindparam("node"),
    lock_table.c.id == bindparam("lock"),
)
_RELEASE = Prepared(delete(lock_table).where(_THIS))
_PROLONG = Prepared(
    update(lock_table)
    .where(_THIS)
    .values(expires_at=bindparam("until"), timeout=bindparam("seconds"))
)


def end_all_of(tx: Connection, vault: OpenVault, person: PersonId) -> None:
    """Whatever that person holds in the vault."""
    tx.execute(
        delete(lock_table).where(
            lock_table.c.vault_id == vault.id, lock_table.c.person_id == person
        )
    )
