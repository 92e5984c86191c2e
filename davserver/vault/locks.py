"""WebDAV locks (RFC 4918 §6–7) as rows keyed by node id: they survive restarts and renames above.

Who may lock what, what a lock binds, and whether it may be mentioned, is the gate's to judge; here
is what is locked, and by whose right.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
    update,
)

from davserver.db.clock import from_us, to_us
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import grant as grant_table
from davserver.db.tables import lock as lock_table
from davserver.db.tables import membership as membership_table
from davserver.db.tables import person as person_table
from davserver.db.tables import structure as structure_table
from davserver.domain.actions import Relation, Right
from davserver.domain.decisions import Permit
from davserver.domain.drive import LockRequest
from davserver.domain.errors import Damaged
from davserver.domain.events import Events
from davserver.domain.ids import Entropy, GrantId, LockId, NodeId, PersonId, StructureId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.domain.people import AccountState, Role, Structure, StructureKind
from davserver.vault.rows import OpenVault
from davserver.vault.suspensions import RESTS

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
    None for the vault's owner, and where its rows hold what no row can hold.
    """

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
    way: Way | None = None

    def seconds_left(self, now: datetime) -> int:
        return max(0, int((self.expires - now).total_seconds()))

    def covers(self, node: NodeId, above: Sequence[Node]) -> bool:
        """Whether it was taken on the node or over it. What it binds there is another question."""
        return self.node == node or (self.deep and any(one.id == self.node for one in above))


_NOW: BindParameter[int] = bindparam("now")
_THEIRS = and_(
    membership_table.c.person_id == lock_table.c.person_id,
    membership_table.c.starts <= _NOW,
    or_(membership_table.c.ends.is_(None), membership_table.c.ends > _NOW),
)
_OF_THE_TEAM = grant_table.c.to_kind == "structure"
_LONGEST = (
    # Whom somebody with a grant by name acts for: as `acting_membership` of the policies.
    select(membership_table.c.structure_id)
    .where(_THEIRS)
    .order_by(membership_table.c.starts, membership_table.c.id)
    .limit(1)
    .correlate(lock_table)
    .scalar_subquery()
)
_STILL_IN_IT = exists(
    select(membership_table.c.id)
    .where(_THEIRS, membership_table.c.structure_id == grant_table.c.to_id)
    .correlate(lock_table, grant_table)
)
# A lock ends with the account, the grant and the membership that it needs, without anybody writing.
_LIVE = Prepared(
    select(
        lock_table,
        grant_table.c.node_id.label("way_root"),
        grant_table.c.right.label("way_right"),
        grant_table.c.to_kind.label("way_to"),
        person_table.c.role.label("way_role"),
        structure_table.c.id.label("way_structure"),
        structure_table.c.slug.label("way_slug"),
        structure_table.c.name.label("way_name"),
        structure_table.c.kind.label("way_kind"),
        structure_table.c.time_zone.label("way_zone"),
    )
    .join(person_table, person_table.c.id == lock_table.c.person_id)
    .outerjoin(grant_table, grant_table.c.id == lock_table.c.grant_id)
    .outerjoin(
        structure_table,
        structure_table.c.id == case((_OF_THE_TEAM, grant_table.c.to_id), else_=_LONGEST),
    )
    .where(
        lock_table.c.vault_id == bindparam("vault"),
        lock_table.c.expires_at > _NOW,
        person_table.c.state == AccountState.ACTIVE.value,
        or_(
            lock_table.c.grant_id.is_(None),
            and_(
                grant_table.c.ended_at.is_(None),
                not_(RESTS),
                or_(grant_table.c.until.is_(None), grant_table.c.until > _NOW),
                or_(~_OF_THE_TEAM, _STILL_IN_IT),
            ),
        ),
    )
)


def live(tx: Connection, vault: OpenVault, now: datetime) -> list[Lock]:
    """All live locks of a vault: one statement; there are never many."""
    rows = _LIVE.all(tx, {"vault": vault.id, "now": to_us(now)})
    if not rows:
        return []
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
            way=_way(row),
        )
        for row in rows
    ]


def _way(row: Row) -> Way | None:
    if row["grant_id"] is None:
        return None
    try:
        return Way(
            root=NodeId(row["way_root"]),
            right=Right(row["way_right"]),
            role=Role(row["way_role"]),
            relation=Relation.VIA_STRUCTURE if row["way_to"] == "structure" else Relation.GRANTEE,
            structure=None if row["way_structure"] is None else _structure(row),
        )
    except (ValueError, TypeError):
        log.error("row-damaged", table="lock", id=bytes(row["id"]).hex())  # noqa: TRY400 — no traceback: it would carry values
        return None


def _structure(row: Row) -> Structure:
    return Structure(
        StructureId(row["way_structure"]),
        row["way_slug"],
        row["way_name"],
        StructureKind(row["way_kind"]),
        row["way_zone"],
    )


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


def end_all_of(tx: Connection, vault: OpenVault, person: PersonId) -> None:
    """Whatever that person holds in the vault."""
    tx.execute(
        delete(lock_table).where(
            lock_table.c.vault_id == vault.id, lock_table.c.person_id == person
        )
    )


def sweep(tx: Connection, vault: OpenVault, now: datetime) -> None:
    """Forget locks that have run out."""
    _SWEEP.run(tx, {"vault": vault.id, "now": to_us(now)})


_SWEEP = Prepared(
    delete(lock_table).where(
        lock_table.c.vault_id == bindparam("vault"), lock_table.c.expires_at <= bindparam("now")
    )
)
