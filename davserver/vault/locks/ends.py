"""Locks that end because something else does: a tree, a membership, an account."""

from collections.abc import Collection
from functools import cache

from sqlalchemy import Connection, bindparam, delete, or_, select, text

from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import grant as grant_table
from davserver.db.tables import lock as lock_table
from davserver.domain.ids import GrantId, PersonId, StructureId, VaultId
from davserver.domain.nodes import Node
from davserver.vault.locks.statements import locked_around
from davserver.vault.nodes.index import DEEPEST
from davserver.vault.nodes.rows import OpenVault


def forget_person(tx: Connection, person: PersonId) -> None:
    """All that they have locked, anywhere."""
    tx.execute(delete(lock_table).where(lock_table.c.person_id == person))


def vaults_locked_by(tx: Connection, person: PersonId) -> set[VaultId]:
    """Where they hold a lock, perhaps one that is over."""
    wanted = select(lock_table.c.vault_id).where(lock_table.c.person_id == person)
    return {VaultId(one) for one in tx.scalars(wanted)}


def forget_member(tx: Connection, person: PersonId, structure: StructureId) -> None:
    """All that they have locked for this structure."""
    grants = select(grant_table.c.id).where(
        grant_table.c.to_kind == "structure", grant_table.c.to_id == structure
    )
    tx.execute(
        delete(lock_table).where(
            lock_table.c.person_id == person, lock_table.c.grant_id.in_(grants)
        )
    )


def forget_granted(tx: Connection, grants: Collection[GrantId]) -> None:
    """All that was locked through these grants, or through what was shared on from them."""
    if grants:
        ids, asked = ids_of(tx.dialect.name, "ids"), {"ids": as_value(tx, grants)}
        below = select(grant_table.c.id).where(grant_table.c.parent_id.in_(ids))
        through = or_(lock_table.c.grant_id.in_(ids), lock_table.c.grant_id.in_(below))
        tx.execute(delete(lock_table).where(through), asked)


def forget_locks(tx: Connection, vault: OpenVault, top: Node) -> None:
    """All locks at and below `top`, those too that are over: one statement."""
    if not top.is_folder:
        _FORGET_ONE.send(tx, {"vault": vault.id, "node": top.id})
        return
    gone = {"vault": vault.id, "folder": top.id, "levels": DEEPEST}
    _forget_tree(tx.dialect.name).send(tx, gone)


_FORGET_ONE = Prepared(
    delete(lock_table).where(
        lock_table.c.vault_id == bindparam("vault"), lock_table.c.node_id == bindparam("node")
    )
)


@cache
def _forget_tree(dialect: str) -> Prepared:
    nodes = locked_around(":folder", dialect)
    return Prepared(text(f"DELETE FROM lock WHERE vault_id = :vault AND node_id IN ({nodes})"))
