"""Outlines of many vaults: which nodes they hold, of what category, and no names.

For questions about all vaults at once. Where no category is asked for, nothing is opened.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, select

from davserver.db.authority import COVERED
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import node as node_table
from davserver.db.tables import person as person_table
from davserver.db.tables import vault as vault_table
from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import AccountState, Role
from davserver.sealing.instance import InstanceKeys
from davserver.vault.rows import NODE_COLUMNS, own_category
from davserver.vault.vault import Vaults

log = structlog.get_logger(__name__)


class Bare(NamedTuple):
    """A live node without its name. `category` is its own, if it is known and has one; `made` is
    who made it and when (µs), None where somebody else wrote it since, or where nobody asked.
    """

    id: bytes
    is_folder: bool
    category: Category | None
    made: tuple[bytes, int] | None


@dataclass(frozen=True, slots=True)
class Outline:
    """One vault. `below`: the nodes directly in each folder; `parents`: the folder of each node."""

    owner: PersonId
    root: bytes
    below: dict[bytes, list[Bare]] = field(default_factory=dict)
    parents: dict[bytes, bytes] = field(default_factory=dict)
    nodes: dict[bytes, Bare] = field(default_factory=dict)

    def add(self, node: Bare, parent: bytes | None) -> None:
        self.nodes[node.id] = node
        if parent is not None:
            self.parents[node.id] = parent
            self.below.setdefault(parent, []).append(node)

    def way_to(self, node: bytes) -> list[Bare]:
        """From the root down to it; empty where something on the way is missing or removed."""
        chain: list[Bare] = []
        at: bytes | None = node
        while at is not None and at in self.nodes and len(chain) <= len(self.nodes):
            chain.append(self.nodes[at])
            at = self.parents.get(at)
        return chain[::-1] if chain and chain[-1].id == self.root else []


class Outlines:
    """Reads in one transaction. A vault that does not open, and a row that was tampered with, are
    absent, as they are for everybody.
    """

    def __init__(self, tx: Connection, keys: InstanceKeys, vaults: Vaults) -> None:
        self._tx = tx
        self._keys = keys
        self._vaults = vaults

    def unopened(self, ids: Collection[VaultId]) -> dict[VaultId, Outline]:
        """Without categories: two statements."""
        found = dict(self._genuine(ids)) if ids else {}
        for row in self._nodes(_PLAIN, found):
            kind, vault = row["kind"] == "folder", VaultId(row["vault_id"])
            found[vault].add(Bare(row["id"], kind, None, None), row["parent_id"])
        return found

    def opened(self, ids: Collection[VaultId]) -> dict[VaultId, Outline]:
        """With categories and makers: two statements."""
        opened = self._vaults.open_passing(self._tx, ids) if ids else {}
        found = {one.id: Outline(one.owner, one.root) for one in opened.values()}
        for row in self._nodes(_WHOLE, found):
            vault = opened[VaultId(row["vault_id"])]
            try:
                category = own_category(vault, row)
            except Damaged:
                log.error("row-damaged", table="node", id=bytes(row["id"]).hex())  # noqa: TRY400
                continue
            alone = row["maker_id"] == row["author_id"]
            made = (row["maker_id"], row["created"]) if alone else None
            node = Bare(row["id"], row["kind"] == "folder", category, made)
            found[vault.id].add(node, row["parent_id"])
        return found

    def _genuine(self, ids: Collection[VaultId]) -> Iterator[tuple[VaultId, Outline]]:
        for row in _VAULTS[self._tx.dialect.name].all(self._tx, {"ids": as_value(self._tx, ids)}):
            columns = {name: row[name] for name in COVERED["vault"]}
            genuine = self._keys.row_is_genuine("vault", columns, row["row_mac"])
            if genuine and row["erased_at"] is None:
                yield VaultId(row["id"]), Outline(PersonId(row["owner_id"]), row["root_id"])

    def _nodes(self, of_vaults: Mapping[str, Prepared], ids: Collection[VaultId]) -> Iterable[Row]:
        if not ids:
            return ()
        asked = {"ids": as_value(self._tx, ids)}
        return of_vaults[self._tx.dialect.name].all(self._tx, asked)


def vaults_owned(tx: Connection, role: Role) -> list[VaultId]:
    """By whoever has that role and may sign in, as the columns say: opening proves them."""
    wanted = (
        select(vault_table.c.id)
        .join(person_table, person_table.c.id == vault_table.c.owner_id)
        .where(
            person_table.c.role == role.value,
            person_table.c.state == AccountState.ACTIVE.value,
            vault_table.c.erased_at.is_(None),
        )
    )
    return [VaultId(one) for one in tx.scalars(wanted)]


def _of_vaults(*columns: Any) -> dict[str, Prepared]:
    return {
        dialect: Prepared(
            select(*columns).where(
                node_table.c.vault_id.in_(ids_of(dialect, "ids")), node_table.c.state == "live"
            )
        )
        for dialect in ("sqlite", "postgresql")
    }


_PLAIN = _of_vaults(*(node_table.c[name] for name in ("id", "vault_id", "parent_id", "kind")))
_WHOLE = _of_vaults(*(node_table.c[name] for name in NODE_COLUMNS))
_VAULTS = {
    dialect: Prepared(select(vault_table).where(vault_table.c.id.in_(ids_of(dialect, "ids"))))
    for dialect in ("sqlite", "postgresql")
}
