"""Grants in the database: which are live for whom, and under which names (DESIGN §2.1, §4)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from sqlalchemy import Connection, delete, update

from davserver.db.clock import to_us
from davserver.db.dependencies import SHARING
from davserver.db.id_list import as_value, ids_of
from davserver.db.query_cache import lookup, store
from davserver.db.tables import grant as table
from davserver.db.tables import lock as lock_table
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grant, Grantee
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.grants.kin import kin
from davserver.vault.grants.names import (
    could_be_stored_as,
    first_free,
    folder_name,
    numbered_folder,
    numbered_item,
    numbers,
    with_folders_settled,
    with_items_settled,
)
from davserver.vault.grants.reading import GrantRows, Spell
from davserver.vault.grants.rows import (
    GrantRow,
    at_rest,
    ended,
    renewed,
    seal_row,
)
from davserver.vault.grants.statements import (
    ALL,
    LIVE,
    LIVE_ON,
    MINE,
    NOT_OVER,
    OF_VAULT,
    mine,
    mine_there,
    mine_under,
    numbered,
)

_NAMES_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """One folder at the root of a viewer's drive: all that is live for them from one vault."""

    name: str
    vault: VaultId
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """A grant about to be made, as far as its names go."""

    vault: VaultId
    owner_name: str
    node: NodeId
    node_name: str
    to: Grantee


class GrantBook:
    """`grantees` are a person's id and the ids of the structures where they work now.

    A grant is live when it has begun, has not ended, does not rest, its row is genuine and what it
    stands on holds (`davserver.vault.grants.standing`).
    """

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._read = GrantRows(keys)

    def live_for(
        self, tx: Connection, vault: VaultId, grantees: Collection[bytes], now: datetime
    ) -> list[Grant]:
        """All that is live for these grantees in one vault, under the names as stored."""
        asked = {**numbered("grantee", [*grantees]), "vault": vault}
        return self._read.mine(tx, mine_there(len(grantees)), asked, now)

    def live_under_name(
        self, tx: Connection, grantees: Collection[bytes], folder: str, now: datetime
    ) -> tuple[Grant, ...]:
        """What /`folder` means on this viewer's drive: grants of one vault, under the names as
        shown. Empty when there is no such thing.
        """
        question = ("under a name", tuple(grantees), folder)
        spell: Spell | None = lookup(tx, SHARING, question)
        if spell is None or not spell.covers(now):
            spell = self._under_name(tx, grantees, folder, now)
            store(tx, SHARING, question, spell)
        return spell.grants

    def _under_name(
        self, tx: Connection, grantees: Collection[bytes], folder: str, now: datetime
    ) -> Spell:
        stored = could_be_stored_as(folder)
        indexes = self._indexes(grantees, stored)
        asked = {**numbered("grantee", [*grantees]), **numbered("folder", indexes)}
        wanted = mine_under(len(grantees), len(indexes))
        spell = self._read.mine_for_a_while(tx, wanted, asked, now)
        inside = [one for one in spell.grants if one.folder in stored]
        meant = [one for one in with_folders_settled(inside) if one.folder == folder]
        return replace(spell, grants=tuple(with_items_settled(meant)))

    def folders_for(
        self, tx: Connection, grantees: Collection[bytes], now: datetime
    ) -> list[SharedFolder]:
        """The root of this viewer's drive, by name; grants under the names as shown."""
        grants = self._read.mine(tx, mine(len(grantees)), numbered("grantee", [*grantees]), now)
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
        wanted = ALL.where(OF_VAULT)
        some = wanted if ended else wanted.where(table.c.ended_at.is_(None))
        return self._read.rows(tx, some, {"vault": vault})

    def of_everybody(self, tx: Connection) -> list[GrantRow]:
        """Every grant of the instance, oldest first: for operators."""
        return self._read.rows(tx, ALL, {})

    def on_nodes(
        self, tx: Connection, vault: VaultId, nodes: Collection[NodeId], now: datetime
    ) -> list[Grant]:
        """All that is live on any of these nodes, whoever it is for: who else sees a place."""
        asked = {"nodes": list(nodes), "vault": vault, "now": to_us(now)}
        return self._read.live(tx, LIVE_ON, asked, now)

    def one(self, tx: Connection, grant: GrantId) -> GrantRow:
        """A grant in any state. Raises NotFound."""
        found = self._read.rows(tx, ALL.where(table.c.id == grant), {})
        if not found:
            raise NotFound("there is no such grant")
        return found[0]

    def standing(self, tx: Connection, to: Grantee, node: NodeId, now: datetime) -> list[GrantRow]:
        """The grants on this node to this grantee that are live or will be, as stored."""
        same = ALL.where(table.c.to_id == to.id, table.c.node_id == node, NOT_OVER)
        found = self._read.held(tx, same, {"now": to_us(now)})
        return [one.row for one in found if one.bounded(now) is not None]

    def given_to(self, tx: Connection, to: Grantee, now: datetime) -> list[GrantRow]:
        """All to this grantee that are not over: live, upcoming, resting."""
        return self._read.rows(tx, ALL.where(table.c.to_id == to.id, NOT_OVER), {"now": to_us(now)})

    def some(self, tx: Connection, grants: Collection[GrantId]) -> list[GrantRow]:
        """Those of these grants that are genuine, in any state, oldest first: one statement."""
        these = table.c.id.in_(ids_of(tx.dialect.name, "ids"))
        return self._read.rows(tx, ALL.where(these), {"ids": as_value(tx, grants)})

    def shared_on(
        self, tx: Connection, vault: VaultId, parents: Collection[GrantId]
    ) -> list[GrantRow]:
        """What was shared on from these grants of one vault and has not been ended."""
        below = table.c.parent_id.in_(list(parents))
        wanted = ALL.where(OF_VAULT, table.c.ended_at.is_(None), below)
        return self._read.rows(tx, wanted, {"vault": vault}) if parents else []

    def live_among(self, tx: Connection, grants: Collection[GrantId], now: datetime) -> list[Grant]:
        """Those of these grants that are live, each with its effective end."""
        wanted = LIVE.where(table.c.id.in_(list(grants)))
        return self._read.live(tx, wanted, {"now": to_us(now)}, now) if grants else []

    def insert(self, tx: Connection, grant: Grant, *, by: PersonId, purpose: str) -> GrantRow:
        row, columns = seal_row(self._keys, GrantRow(grant, by, None, purpose, 1, b""))
        tx.execute(table.insert(), columns)
        return row

    def end(
        self, tx: Connection, grant: GrantId, *, by: PersonId | None, now: datetime
    ) -> GrantRow:
        """Ends it now (`by` None: a rule did) and drops the locks that were taken through it. One
        that was ended before stays as it is. Raises NotFound.
        """
        before = self.one(tx, grant)
        if before.grant.ended is not None:
            return before
        row = self._over(tx, ended(before, by, now))
        tx.execute(delete(lock_table).where(lock_table.c.grant_id == grant))
        return row

    def renew(self, tx: Connection, grant: GrantId, until: datetime | None) -> GrantRow:
        """Moves its end; its names stay. Raises NotFound."""
        return self._over(tx, renewed(self.one(tx, grant), until))

    def rest(self, tx: Connection, grant: GrantId, *, resting: bool) -> GrantRow:
        """Lets it give nothing, or again what it gave. Raises NotFound."""
        return self._over(tx, at_rest(self.one(tx, grant), resting=resting))

    def _over(self, tx: Connection, row: GrantRow) -> GrantRow:
        """Writes it over the row of the same id."""
        sealed, columns = seal_row(self._keys, row)
        tx.execute(update(table).where(table.c.id == row.grant.id).values(columns))
        return sealed

    def free_names(self, tx: Connection, wanted: Naming, now: datetime) -> tuple[str, str]:
        """Folder and name for a new grant, free on every drive where it will appear. Names that
        this vault and node already have there are used again.
        """
        around = kin(tx, wanted.to, now)
        asked = {"grantees": list(around), "vault": wanted.vault, "now": to_us(now)}
        present = self._read.grants(tx, ALL.where(MINE, OF_VAULT, NOT_OVER), asked)
        present.sort(key=lambda one: one.to != wanted.to)
        known_folders = [one.folder for one in present]
        names = numbers(folder_name(wanted.owner_name), numbered_folder)
        folder = self._free_folder(tx, wanted.vault, around, chain(known_folders, names), now)
        inside = [one for one in present if one.folder == folder]
        known = [one.name for one in inside if one.node == wanted.node]
        taken = {one.name for one in inside if one.node != wanted.node}
        return folder, first_free(chain(known, numbers(wanted.node_name, numbered_item)), taken)

    def _free_folder(
        self,
        tx: Connection,
        vault: VaultId,
        around: Collection[bytes],
        names: Iterator[str],
        now: datetime,
    ) -> str:
        """The first of `names` that no other vault has on any of these drives."""
        asked = {"grantees": list(around), "now": to_us(now)}
        others = ALL.where(MINE, table.c.vault_id != vault, NOT_OVER)
        while True:
            some = list(islice(names, _NAMES_AT_A_TIME))
            by_index = table.c.folder_idx.in_(self._indexes(around, some))
            rows = self._read.grants(tx, others.where(by_index), asked)
            taken = {one.folder for one in rows}
            for name in some:
                if name not in taken:
                    return name

    def _indexes(self, grantees: Collection[bytes], names: Collection[str]) -> list[bytes]:
        ids = [PersonId(one) for one in grantees]
        return [self._keys.grant_name_index(one, name) for one in ids for name in names]
