"""Grants in the database: which are live for whom, and under which names (DESIGN §2.1, §4).

Rows are read anew by every question: a grant that ended is gone in the next statement that asks.
Only that a row of exactly these bytes was genuine, and what it says, is remembered for a while.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, delete, update

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.tables import grant as table
from davserver.db.tables import lock as lock_table
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grant, Grantee, ToStructure
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault import standing
from davserver.vault.affiliations import NAMES as AFFILIATION_NAMES
from davserver.vault.affiliations import open_affiliation
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
from davserver.vault.grant_rows import (
    NAMES,
    GrantRow,
    at_rest,
    ended,
    open_row,
    renewed,
    seal_row,
)
from davserver.vault.grant_statements import (
    ALL,
    LIVE,
    LIVE_MINE,
    LIVE_ON,
    LIVE_THERE,
    LIVE_UNDER,
    MINE,
    NOT_OVER,
    OF_VAULT,
    Wanted,
)
from davserver.vault.kin import kin
from davserver.vault.standing import Held

_NAMES_AT_A_TIME = 20
_REMEMBERED = 25_000
"""Opened rows, of 2 kB each: as many as one person may well have, who lists them all at once."""


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
    stands on holds (`davserver.vault.standing`).
    """

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._opened = lru_cache(_REMEMBERED)(self._open)

    def live_for(
        self, tx: Connection, vault: VaultId, grantees: Collection[bytes], now: datetime
    ) -> list[Grant]:
        """All that is live for these grantees in one vault, under the names as stored."""
        asked = {"grantees": list(grantees), "vault": vault, "now": to_us(now)}
        return self._live(tx, LIVE_THERE, asked, now)

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
        indexes = self._indexes(grantees, stored)
        asked = {"grantees": list(grantees), "folders": indexes, "now": to_us(now)}
        grants = self._live(tx, LIVE_UNDER, asked, now)
        inside = [one for one in grants if one.folder in stored]
        meant = [one for one in with_folders_settled(inside) if one.folder == folder]
        return [one for one in with_items_settled(meant) if name is None or one.name == name]

    def folders_for(
        self, tx: Connection, grantees: Collection[bytes], now: datetime
    ) -> list[SharedFolder]:
        """The root of this viewer's drive, by name; grants under the names as shown."""
        asked = {"grantees": list(grantees), "now": to_us(now)}
        grants = self._live(tx, LIVE_MINE, asked, now)
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
        return self._rows(tx, some, {"vault": vault})

    def of_everybody(self, tx: Connection) -> list[GrantRow]:
        """Every grant of the instance, oldest first: for operators."""
        return self._rows(tx, ALL, {})

    def on_nodes(
        self, tx: Connection, vault: VaultId, nodes: Collection[NodeId], now: datetime
    ) -> list[Grant]:
        """All that is live on any of these nodes, whoever it is for: who else sees a place."""
        asked = {"nodes": list(nodes), "vault": vault, "now": to_us(now)}
        return self._live(tx, LIVE_ON, asked, now)

    def one(self, tx: Connection, grant: GrantId) -> GrantRow:
        """A grant in any state. Raises NotFound."""
        found = self._rows(tx, ALL.where(table.c.id == grant), {})
        if not found:
            raise NotFound("there is no such grant")
        return found[0]

    def standing(self, tx: Connection, to: Grantee, node: NodeId, now: datetime) -> list[GrantRow]:
        """The grants on this node to this grantee that are live or will be, as stored."""
        same = ALL.where(table.c.to_id == to.id, table.c.node_id == node, NOT_OVER)
        found = self._held(tx, same, {"now": to_us(now)})
        return [one.row for one in found if one.bounded(now) is not None]

    def given_to(self, tx: Connection, to: Grantee, now: datetime) -> list[GrantRow]:
        """All to this grantee that are not over: live, upcoming, resting."""
        return self._rows(tx, ALL.where(table.c.to_id == to.id, NOT_OVER), {"now": to_us(now)})

    def some(self, tx: Connection, grants: Collection[GrantId]) -> list[GrantRow]:
        """Those of these grants that are genuine, in any state, oldest first: one statement."""
        these = table.c.id.in_(ids_of(tx.dialect.name, "ids"))
        return self._rows(tx, ALL.where(these), {"ids": as_value(tx, grants)})

    def shared_on(
        self, tx: Connection, vault: VaultId, parents: Collection[GrantId]
    ) -> list[GrantRow]:
        """What was shared on from these grants of one vault and has not been ended."""
        below = table.c.parent_id.in_(list(parents))
        wanted = ALL.where(OF_VAULT, table.c.ended_at.is_(None), below)
        return self._rows(tx, wanted, {"vault": vault}) if parents else []

    def live_among(self, tx: Connection, grants: Collection[GrantId], now: datetime) -> list[Grant]:
        """Those of these grants that are live, each with its effective end."""
        wanted = LIVE.where(table.c.id.in_(list(grants)))
        return self._live(tx, wanted, {"now": to_us(now)}, now) if grants else []

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
        present = self._grants(tx, ALL.where(MINE, OF_VAULT, NOT_OVER), asked)
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
            rows = self._grants(tx, others.where(by_index), asked)
            taken = {one.folder for one in rows}
            for name in some:
                if name not in taken:
                    return name

    def _indexes(self, grantees: Collection[bytes], names: Collection[str]) -> list[bytes]:
        ids = [PersonId(one) for one in grantees]
        return [self._keys.grant_name_index(one, name) for one in ids for name in names]

    def _rows(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[GrantRow]:
        return [one.row for one in self._held(tx, wanted, asked)]

    def _held(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[Held]:
        opened = (self._opened(tuple(one)) for one in tx.execute(wanted, asked))
        return [held for held in opened if held is not None]

    def _open(self, values: tuple[Any, ...]) -> Held | None:
        row = open_row(self._keys, dict(zip(NAMES, values[: len(NAMES)], strict=True)))
        if row is None:
            return None
        beside = dict(zip(AFFILIATION_NAMES, values[len(NAMES) :], strict=True))
        if not isinstance(row.grant.to, ToStructure) or beside["id"] is None:
            return Held(row, None)
        return Held(row, open_affiliation(self._keys, beside))

    def _grants(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[Grant]:
        """As stored, whatever they stand on."""
        return [row.grant for row in self._rows(tx, wanted, asked)]

    def _live(
        self, tx: Connection, wanted: Wanted, asked: dict[str, Any], now: datetime
    ) -> list[Grant]:
        def load(ids: Collection[GrantId]) -> list[Held]:
            these = table.c.id.in_(ids_of(tx.dialect.name, "ids"))
            return _awake(self._held(tx, ALL.where(these), {"ids": as_value(tx, ids)}))

        held = _awake(self._held(tx, wanted, asked))
        return standing.live(tx, self._keys, held, load, now)


def _awake(held: Collection[Held]) -> list[Held]:
    """What rests gives nothing, and nothing stands on it."""
    return [one for one in held if not one.row.resting]
