"""Outlines of many vaults: which nodes they hold, of what category, and no names.

For questions about all vaults at once. Where no category is asked for, nothing is opened.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, select, text

from davserver.db.id_list import as_value, id_list, ids_of
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import person as person_table
from davserver.db.tables import vault as vault_table
from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import AccountState, Role
from davserver.vault.rows import NODE_COLUMNS
from davserver.vault.unlock import Readable
from davserver.vault.vault import Vaults

_DEEPEST = 1000
"""As in `davserver.vault.index`: whoever writes the database can make folders hold each other."""

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


class Counted(NamedTuple):
    """`is_inside`: another one of the nodes that were asked about lies above it."""

    files: int
    folders: int
    is_inside: bool


class Outlines:
    """Reads in one transaction. A vault that does not open is absent, as it is for everybody; where
    records are opened, rows that were tampered with are too.
    """

    def __init__(self, tx: Connection, vaults: Vaults) -> None:
        self._tx = tx
        self._vaults = vaults

    def around(
        self, nodes: Mapping[VaultId, Collection[bytes]], *, categories: bool
    ) -> dict[VaultId, Outline]:
        """Of each vault as much as lies above and below these nodes of it: one statement, and one
        for each level above or below.
        """
        if not nodes:
            return {}
        drawing = self._drawing(nodes.keys(), categories=categories)
        ids = {node for some in nodes.values() for node in some}
        top = drawing.add_granted(self._rows(_BY_ID, ids, categories=categories))
        level = top
        while inside := {one.node.id for one in level if one.node.is_folder}:
            level = drawing.add(self._rows(_BY_PARENT, inside, categories=categories))
        level = top
        while above := drawing.missing_above(level):
            level = drawing.add_above(self._rows(_BY_ID, above, categories=categories))
        return drawing.outlines

    def whole(self, vaults: Collection[VaultId], *, categories: bool) -> dict[VaultId, Outline]:
        """All of them: two statements."""
        if not vaults:
            return {}
        drawing = self._drawing(vaults, categories=categories)
        drawing.add(self._rows(_BY_VAULT, vaults, categories=categories))
        return drawing.outlines

    def counted(self, nodes: Collection[bytes]) -> dict[bytes, Counted]:
        """How much lies below each of these nodes, itself included: one statement, and nothing is
        opened. What is not reached from its vault's root is absent.
        """
        if not nodes:
            return {}
        rows = _COUNTED[self._tx.dialect.name].all(self._tx, {"ids": as_value(self._tx, nodes)})
        return {
            row["start"]: Counted(row["files"], row["folders"], is_inside=row["inside"] > 0)
            for row in rows
        }

    def _drawing(self, vaults: Collection[VaultId], *, categories: bool) -> "_Drawing":
        readable = self._vaults.readable(self._tx, vaults, categories=categories)
        return _Drawing(readable, categories=categories)

    def _rows(
        self, which: str, ids: Collection[bytes], *, categories: bool
    ) -> list[dict[str, Any]]:
        statement = _NODES[self._tx.dialect.name, which, categories]
        return statement.all(self._tx, {"ids": as_value(self._tx, ids)})


class _Placed(NamedTuple):
    node: Bare
    parent: bytes | None
    outline: Outline


class _Drawing:
    """Outlines while rows are added to them."""

    def __init__(self, readable: Mapping[VaultId, Readable], *, categories: bool) -> None:
        self._readable = readable
        self._categories = categories
        self._decisive: set[bytes] = set()
        """Nodes whose category counts for what is granted: their own, or what is above them."""
        self.outlines = {one: Outline(known.owner, known.root) for one, known in readable.items()}

    def add(self, rows: Iterable[Row]) -> list[_Placed]:
        """Gives those that are new."""
        return self._added((row, self._categories) for row in rows)

    def add_granted(self, rows: Iterable[Row]) -> list[_Placed]:
        """As `add`, of those whose way up from there matters."""
        added = self.add(rows)
        if self._categories:
            self._decisive = {one.node.id for one in added}
        return added

    def missing_above(self, level: Iterable[_Placed]) -> set[bytes]:
        """The parents that are to be added yet."""
        missing = set()
        for node, parent, outline in level:
            if parent is not None and parent not in outline.nodes:
                missing.add(parent)
                if node.category is None and node.id in self._decisive:
                    self._decisive.add(parent)
        return missing

    def add_above(self, rows: Iterable[Row]) -> list[_Placed]:
        """As `add`; what is above a category is not opened."""
        return self._added((row, row["id"] in self._decisive) for row in rows)

    def _added(self, rows: Iterable[tuple[Row, bool]]) -> list[_Placed]:
        placed = (self._place(row, is_read=is_read) for row, is_read in rows)
        return [one for one in placed if one]

    def _place(self, row: Row, *, is_read: bool) -> _Placed | None:
        outline = self.outlines.get(row["vault_id"])
        if outline is None or row["id"] in outline.nodes:
            return None
        node = Bare(row["id"], row["kind"] == "folder", None, None)
        if is_read:
            read = _read(row, self._readable[row["vault_id"]])
            if read is None:
                return None
            node = read
        outline.add(node, row["parent_id"])
        return _Placed(node, row["parent_id"], outline)


def _read(row: Row, vault: Readable) -> Bare | None:
    try:
        category = vault.readers[row["epoch"]].category(row)
    except (Damaged, KeyError):
        log.error("row-damaged", table="node", id=bytes(row["id"]).hex())  # noqa: TRY400
        return None
    made = (row["maker_id"], row["created"]) if row["maker_id"] == row["author_id"] else None
    return Bare(row["id"], row["kind"] == "folder", category, made)


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


def owners_of(tx: Connection, vaults: Collection[VaultId]) -> dict[VaultId, PersonId]:
    """One statement."""
    rows = _OWNERS[tx.dialect.name].all(tx, {"ids": as_value(tx, vaults)})
    return {VaultId(row["id"]): PersonId(row["owner_id"]) for row in rows}


_OWNERS = {
    dialect: Prepared(
        select(vault_table.c.id, vault_table.c.owner_id).where(
            vault_table.c.id.in_(ids_of(dialect, "ids"))
        )
    )
    for dialect in ("sqlite", "postgresql")
}
_FEW = ", ".join(f"n.{name}" for name in ("id", "vault_id", "parent_id", "kind"))
_MANY = ", ".join(f"n.{name}" for name in NODE_COLUMNS)
_BY_ID, _BY_PARENT, _BY_VAULT = "id", "parent_id", "vault_id"


def _nodes(dialect: str, which: str, columns: str) -> Prepared:
    """Live nodes by one of their columns."""
    ids = f"WITH wanted(one) AS MATERIALIZED ({id_list(dialect, 'ids')})"
    joined = f"SELECT {columns} FROM wanted w JOIN node n ON n.{which} = w.one"
    return Prepared(text(f"{ids} {joined} WHERE n.state = 'live'"))


_NODES = {
    (dialect, which, opened): _nodes(dialect, which, columns)
    for dialect, which, (opened, columns) in product(
        ("sqlite", "postgresql"),
        (_BY_ID, _BY_PARENT, _BY_VAULT),
        ((False, _FEW), (True, _MANY)),
    )
}


def _counted(dialect: str) -> Prepared:
    return Prepared(
        text(
            f"""
    WITH RECURSIVE granted(id) AS MATERIALIZED ({id_list(dialect, "ids")}),
    up(start, id, parent_id, state, depth) AS (
        SELECT n.id, n.id, n.parent_id, n.state, 0 FROM granted g JOIN node n ON n.id = g.id
        UNION ALL
        SELECT u.start, n.id, n.parent_id, n.state, u.depth + 1
        FROM up u JOIN node n ON n.id = u.parent_id WHERE u.depth < {_DEEPEST}),
    reached(start, inside) AS (
        SELECT start,
            SUM(CASE WHEN id <> start AND id IN (SELECT id FROM granted) THEN 1 ELSE 0 END)
        FROM up GROUP BY start
        HAVING MIN(CASE WHEN state = 'live' THEN 1 ELSE 0 END) = 1
        AND MAX(CASE WHEN parent_id IS NULL THEN 1 ELSE 0 END) = 1),
    down(start, inside, id, kind) AS (
        SELECT r.start, r.inside, n.id, n.kind FROM reached r JOIN node n ON n.id = r.start
        UNION ALL
        SELECT d.start, d.inside, n.id, n.kind FROM down d
        JOIN node n ON n.parent_id = d.id AND n.state = 'live' WHERE d.kind = 'folder')
    SELECT start, inside, SUM(CASE WHEN kind = 'file' THEN 1 ELSE 0 END) AS files,
        SUM(CASE WHEN kind = 'folder' THEN 1 ELSE 0 END) AS folders
    FROM down GROUP BY start, inside
    """
        )
    )


_COUNTED = {dialect: _counted(dialect) for dialect in ("sqlite", "postgresql")}
