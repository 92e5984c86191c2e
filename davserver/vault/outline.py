"""Outlines of many vaults: which nodes they hold, of what category, and no names.

For questions about all vaults at once. Where no category is asked for, nothing is opened.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import person as person_table
from davserver.db.tables import vault as vault_table
from davserver.domain.actions import Category
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.nodes import Kind
from davserver.domain.people import AccountState, Role
from davserver.vault.grants.living import Part
from davserver.vault.outline_rows import BY_ID, BY_PARENT, BY_VAULT, COUNTED, MANY, NODES
from davserver.vault.unlock import Readable
from davserver.vault.vault import Vaults

_Row = tuple[Any, ...]
_EPOCH, _MAKER, _AUTHOR, _CREATED = (
    MANY.index(name) for name in ("epoch", "maker_id", "author_id", "created")
)
_FOLDER = Kind.FOLDER.value


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

    def remove(self, node: bytes) -> None:
        """What lies in it remains."""
        del self.nodes[node]
        parent = self.parents.pop(node, None)
        if parent is not None:
            self.below[parent] = [one for one in self.below[parent] if one.id != node]

    def way_to(self, node: bytes) -> list[Bare]:
        """From the root down to it; empty where something on the way is missing or removed."""
        chain: list[Bare] = []
        at: bytes | None = node
        while at is not None and at in self.nodes and len(chain) <= len(self.nodes):
            chain.append(self.nodes[at])
            at = self.parents.get(at)
        return chain[::-1] if chain and chain[-1].id == self.root else []

    def category_of(self, node: bytes) -> Category:
        """The effective one, as `davserver.vault.nodes.rows.category_of`."""
        way = reversed(self.way_to(node))
        return next((one.category for one in way if one.category), Category.UNCLASSIFIED)


Shut = Callable[[VaultId, Category], bool]
"""Whether nobody is concerned by what lies in the only granted node, which is of that category."""


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
        self,
        nodes: Mapping[VaultId, Collection[bytes]],
        *,
        categories: bool,
        shut: Shut = lambda _vault, _category: False,
    ) -> dict[VaultId, Outline]:
        """Of each vault as much as lies above and below these nodes of it: one statement, and one
        or two for each level above or below. Where it is one node, and it is `shut`, what lies in
        it is left out.
        """
        if not nodes:
            return {}
        drawing = self._drawing(nodes.keys(), categories=categories)
        ids = {node for some in nodes.values() for node in some}
        rows = self._rows(BY_ID, ids, categories=categories)
        top = drawing.add(row for row in rows if row[0] in nodes.get(row[-1], ()))
        alone = [one for one in top if len(nodes[one.vault]) == 1]
        several = [one for one in top if len(nodes[one.vault]) > 1]
        self._down(drawing, several, categories=categories)
        self._up(drawing, top, categories=categories)
        opened = [one for one in alone if not shut(one.vault, one.outline.category_of(one.node.id))]
        self._down(drawing, opened, categories=categories)
        return drawing.outlines

    def _down(self, drawing: "_Drawing", level: list["_Placed"], *, categories: bool) -> None:
        while inside := {one.node.id for one in level if one.node.is_folder}:
            level = drawing.add(self._rows(BY_PARENT, inside, categories=categories))

    def _up(self, drawing: "_Drawing", level: list["_Placed"], *, categories: bool) -> None:
        """What is above a category is not opened."""
        while above := drawing.above(level):
            passed = self._rows(BY_ID, above.passed, categories=False)
            asked = self._rows(BY_ID, above.asked, categories=categories)
            level = drawing.add_passed(passed) + drawing.add(asked)

    def whole(self, vaults: Collection[VaultId], *, categories: bool) -> dict[VaultId, Outline]:
        """All of them: two statements."""
        if not vaults:
            return {}
        drawing = self._drawing(vaults, categories=categories)
        drawing.add(self._rows(BY_VAULT, vaults, categories=categories))
        return drawing.outlines

    def counted(self, nodes: Collection[bytes]) -> dict[bytes, Counted]:
        """How much lies below each of these nodes, itself included: one statement, and nothing is
        opened. What is not reached from its vault's root is absent.
        """
        if not nodes:
            return {}
        rows = COUNTED[self._tx.dialect.name].tuples(self._tx, {"ids": as_value(self._tx, nodes)})
        return {
            start: Counted(files, folders, is_inside=inside > 0)
            for start, inside, files, folders in rows
        }

    def _drawing(self, vaults: Collection[VaultId], *, categories: bool) -> "_Drawing":
        readable = self._vaults.readable(self._tx, vaults, categories=categories)
        return _Drawing(readable, categories=categories)

    def _rows(self, which: str, ids: Collection[bytes], *, categories: bool) -> list[_Row]:
        if not ids:
            return []
        statement = NODES[self._tx.dialect.name, which, categories]
        return statement.tuples(self._tx, {"ids": as_value(self._tx, ids)})


class _Placed(NamedTuple):
    vault: VaultId
    node: Bare
    parent: bytes | None
    outline: Outline


class _Above(NamedTuple):
    """Folders to be added: those whose category counts for what was granted, and the others."""

    asked: set[bytes]
    passed: set[bytes]

    def __bool__(self) -> bool:
        return bool(self.asked or self.passed)


class _Drawing:
    """Outlines while rows are added to them."""

    def __init__(self, readable: Mapping[VaultId, Readable], *, categories: bool) -> None:
        self._readable = readable
        self._categories = categories
        self._passed: set[bytes] = set()
        """Nodes that are there without having been opened, as something below has a category."""
        self.outlines = {one: Outline(known.owner, known.root) for one, known in readable.items()}

    def add(self, rows: Iterable[_Row]) -> list[_Placed]:
        """Gives those that are new, or were only passed before."""
        return self._added(rows, is_read=self._categories)

    def add_passed(self, rows: Iterable[_Row]) -> list[_Placed]:
        """As `add`, without opening."""
        placed = self._added(rows, is_read=False)
        if self._categories:
            self._passed.update(one.node.id for one in placed)
        return placed

    def above(self, level: Iterable[_Placed]) -> _Above:
        """The parents that are to be added yet."""
        asked: set[bytes] = set()
        passed: set[bytes] = set()
        for _, node, parent, outline in level:
            if parent is None:
                continue
            decides = node.category is None and node.id not in self._passed
            if parent not in outline.nodes:
                (asked if decides else passed).add(parent)
            elif decides and parent in self._passed:
                asked.add(parent)
        return _Above(asked, passed - asked)

    def _added(self, rows: Iterable[_Row], *, is_read: bool) -> list[_Placed]:
        placed = []
        outlines, readable = self.outlines, self._readable
        for row in rows:
            node_id, parent, kind, vault = row[0], row[1], row[2], row[-1]
            outline = outlines.get(vault)
            if outline is None or (node_id in outline.nodes and node_id not in self._passed):
                continue
            node: Bare | None = Bare(node_id, kind == _FOLDER, None, None)
            if is_read:
                if node_id in self._passed:
                    self._passed.remove(node_id)
                    outline.remove(node_id)
                node = _read(row, readable[vault])
            if node is not None:
                outline.add(node, parent)
                placed.append(_Placed(vault, node, parent, outline))
        return placed


def _read(row: _Row, vault: Readable) -> Bare | None:
    """`row` has MANY."""
    try:
        category = vault.readers[row[_EPOCH]].category(row)
    except (Damaged, KeyError):
        sound(Alarm.ROW_DAMAGED, table="node", id=bytes(row[0]).hex())
        return None
    made = (row[_MAKER], row[_CREATED]) if row[_MAKER] == row[_AUTHOR] else None
    return Bare(row[0], row[2] == _FOLDER, category, made)


def vaults_owned(tx: Connection, role: Role, part: Part) -> list[VaultId]:
    """By whoever has that role and may sign in, as the columns say: opening proves them. Those of
    that part.
    """
    wanted = (
        select(vault_table.c.id)
        .join(person_table, person_table.c.id == vault_table.c.owner_id)
        .where(
            person_table.c.role == role.value,
            person_table.c.state == AccountState.ACTIVE.value,
            vault_table.c.erased_at.is_(None),
            vault_table.c.id > part.after,
            vault_table.c.id <= part.last,
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
