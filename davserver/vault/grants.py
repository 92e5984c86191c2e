"""Grants in the database: which are live for whom, and under which names (DESIGN §2.1, §4).

Nothing here is cached: a grant that ended is gone in the next statement that asks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    literal,
    or_,
    select,
    update,
)

from davserver.db.clock import to_us
from davserver.db.tables import grant as table
from davserver.db.tables import lock as lock_table
from davserver.domain.errors import NoSpace, NotFound
from davserver.domain.grants import Grant, Grantee
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.grant_names import (
    could_be_stored_as,
    first_free,
    folder_name,
    numbered_folder,
    numbered_item,
    numbers,
    with_folders_settled,
    with_items_settled,
)
from davserver.vault.grant_rows import COLUMNS, NAMES, GrantRow, ended, open_row, seal_row

_NAMES_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """One folder at the root of a viewer's drive: all that is live for them from one vault."""

    name: str
    vault: VaultId
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """A grant about to be made, as far as its names go. `kin` are the ids whose grants appear on
    a drive together with this one: a person's structures; a structure's members and theirs.
    """

    vault: VaultId
    owner_name: str
    node: NodeId
    node_name: str
    to: Grantee
    kin: frozenset[bytes]


class GrantBook:
    """`grantees` are a person's id and the ids of the structures where they work now.

    A grant is live when it has begun, has not ended and its row is genuine.
    """

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys

    def live_for(
        self, tx: Connection, vault: VaultId, grantees: Collection[bytes], now: datetime
    ) -> list[Grant]:
        """All that is live for these grantees in one vault, under the names as stored."""
        mine = and_(table.c.to_id.in_(grantees), table.c.vault_id == vault)
        return self._grants(tx, select(*COLUMNS).where(mine, _live(now)))

    def live_under_name(
        self,
        tx: Connection,
        grantees: Collection[bytes],
        folder: str,
        name: str | None,
        now: datetime,
    ) -> list[Grant]:
        """What /`folder` means on this viewer's drive, or /`folder`/`name`: grants of one vault,
        and of one node where a name is given. Empty when there is no such thing.
        """
        stored = could_be_stored_as(folder)
        by_index = table.c.folder_idx.in_(self._indexes(grantees, stored))
        mine = and_(table.c.to_id.in_(grantees), by_index)
        grants = self._grants(tx, select(*COLUMNS).where(mine, _live(now)))
        inside = [one for one in grants if one.folder in stored]
        meant = [one for one in with_folders_settled(inside) if one.folder == folder]
        return [one for one in with_items_settled(meant) if name is None or one.name == name]

    def folders_for(
        self, tx: Connection, grantees: Collection[bytes], now: datetime
    ) -> list[SharedFolder]:
        """The root of this viewer's drive, by name; grants under the names as shown."""
        mine = table.c.to_id.in_(grantees)
        grants = self._grants(tx, select(*COLUMNS).where(mine, _live(now)))
        folders: dict[tuple[str, VaultId], list[Grant]] = {}
        for one in with_folders_settled(grants):
            folders.setdefault((one.folder, one.vault), []).append(one)
        return [
            SharedFolder(name, vault, tuple(with_items_settled(inside)))
            for (name, vault), inside in sorted(folders.items(), key=lambda pair: pair[0])
        ]

    def of_vault(self, tx: Connection, vault: VaultId, *, ended: bool) -> list[GrantRow]:
        """All grants of one vault, oldest first: live, upcoming, expired; `ended`: those too that
        somebody ended.
        """
        wanted = select(*COLUMNS).where(table.c.vault_id == vault)
        return self._rows(tx, wanted if ended else wanted.where(table.c.ended_at.is_(None)))

    def of_everybody(self, tx: Connection) -> list[GrantRow]:
        """Every grant of the instance, oldest first: for operators."""
        return self._rows(tx, select(*COLUMNS))

    def on_nodes(
        self, tx: Connection, vault: VaultId, nodes: Collection[NodeId], now: datetime
    ) -> list[Grant]:
        """All that is live on any of these nodes, whoever it is for: who else sees a place."""
        there = and_(table.c.node_id.in_(nodes), table.c.vault_id == vault)
        return self._grants(tx, select(*COLUMNS).where(there, _live(now)))

    def one(self, tx: Connection, grant: GrantId) -> GrantRow:
        """A grant in any state. Raises NotFound."""
        found = self._rows(tx, select(*COLUMNS).where(table.c.id == grant))
        if not found:
            raise NotFound("there is no such grant")
        return found[0]

    def standing(self, tx: Connection, to: Grantee, node: NodeId, now: datetime) -> Grant | None:
        """The grant on this node to this grantee that is live or will be, if there is one."""
        same = and_(table.c.to_id == to.id, table.c.node_id == node, _not_over(now))
        return next(iter(self._grants(tx, select(*COLUMNS).where(same))), None)

    def insert(self, tx: Connection, grant: Grant, *, by: PersonId, purpose: str) -> GrantRow:
        row, columns = seal_row(self._keys, GrantRow(grant, by, None, purpose, 1, b""))
        tx.execute(table.insert(), columns)
        return row

    def end(self, tx: Connection, grant: GrantId, *, by: PersonId, now: datetime) -> GrantRow:
        """Ends it now and drops the locks that were taken through it. One that was ended before
        stays as it is. Raises NotFound.
        """
        before = self.one(tx, grant)
        if before.grant.ended is not None:
            return before
        row, columns = seal_row(self._keys, ended(before, by, now))
        tx.execute(update(table).where(table.c.id == grant).values(columns))
        tx.execute(delete(lock_table).where(lock_table.c.grant_id == grant))
        return row

    def room(self, tx: Connection, grant: Grant) -> int:
        """How many bytes may still be added through this grant."""
        used = tx.execute(select(table.c.used).where(table.c.id == grant.id)).scalar_one()
        return max(0, grant.allowance - int(used))

    def add_used(self, tx: Connection, grant: GrantId, size: int) -> None:
        """Counts `size` bytes against the allowance; fewer than 0 gives some back. Raises NoSpace
        when they do not fit, NotFound when there is no such grant.
        """
        total = table.c.used + size
        fits = or_(literal(size) <= 0, total <= table.c.allowance)
        change = update(table).where(table.c.id == grant, fits)
        done = tx.execute(change.values(used=case((total < 0, 0), else_=total)))
        if done.rowcount != 1:
            self.one(tx, grant)
            raise NoSpace("the allowance of this share is used up")

    def free_names(self, tx: Connection, wanted: Naming, now: datetime) -> tuple[str, str]:
        """Folder and name for a new grant, free on every drive where it will appear. Names that
        this vault and node already have there are used again.
        """
        grantees = wanted.kin | {wanted.to.id}
        same_vault = and_(table.c.to_id.in_(grantees), table.c.vault_id == wanted.vault)
        present = self._grants(tx, select(*COLUMNS).where(same_vault, _not_over(now)))
        present.sort(key=lambda one: one.to != wanted.to)
        folder = self._free_folder(tx, wanted, [one.folder for one in present], now)
        inside = [one for one in present if one.folder == folder]
        known = [one.name for one in inside if one.node == wanted.node]
        taken = {one.name for one in inside if one.node != wanted.node}
        names = chain(known, numbers(wanted.node_name, numbered_item))
        return folder, first_free(names, taken)

    def _free_folder(
        self, tx: Connection, wanted: Naming, known: Sequence[str], now: datetime
    ) -> str:
        grantees = wanted.kin | {wanted.to.id}
        others = and_(table.c.to_id.in_(grantees), table.c.vault_id != wanted.vault)
        plain = numbers(folder_name(wanted.owner_name), numbered_folder)
        candidates = list(dict.fromkeys([*known, *islice(plain, _NAMES_AT_A_TIME)]))
        while candidates:
            by_index = table.c.folder_idx.in_(self._indexes(grantees, candidates))
            rows = self._grants(tx, select(*COLUMNS).where(others, by_index, _not_over(now)))
            taken = {one.folder for one in rows}
            free = next((name for name in candidates if name not in taken), None)
            if free is not None:
                return free
            candidates = list(islice(plain, _NAMES_AT_A_TIME))
        message = "unreachable: numbered names never run out"
        raise AssertionError(message)

    def _indexes(self, grantees: Collection[bytes], names: Collection[str]) -> list[bytes]:
        ids = [PersonId(one) for one in grantees]
        return [self._keys.grant_name_index(one, name) for one in ids for name in names]

    def _rows(self, tx: Connection, wanted: Select[*tuple[object, ...]]) -> list[GrantRow]:
        found = tx.execute(wanted.order_by(table.c.created, table.c.id))
        opened = (open_row(self._keys, dict(zip(NAMES, one, strict=True))) for one in found)
        return [row for row in opened if row is not None]

    def _grants(self, tx: Connection, wanted: Select[*tuple[object, ...]]) -> list[Grant]:
        return [row.grant for row in self._rows(tx, wanted)]


def _not_over(now: datetime) -> ColumnElement[bool]:
    later = or_(table.c.until.is_(None), table.c.until > to_us(now))
    return and_(table.c.ended_at.is_(None), later)


def _live(now: datetime) -> ColumnElement[bool]:
    return and_(_not_over(now), table.c.starts <= to_us(now))
