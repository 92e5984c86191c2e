"""A vault's own rows and keys: made once, opened when needed, kept in memory for minutes.

The KEK opens the space key, the space key opens the index key (FORMAT.md §4, §7). Every row on the
way is authenticated: with another owner, space or epoch in it, nothing opens.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, insert, select

from davserver.db.authority import COVERED
from davserver.db.clock import to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import key_wrap, space, space_epoch, vault
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged, NotFound
from davserver.domain.ids import Entropy, NodeId, PersonId, SpaceId, VaultId
from davserver.sealing.index import VaultIndex
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.kek import KekProvider, Wrapped, space_key_context
from davserver.sealing.keys import new_key
from davserver.sealing.space import CategoryReader, SpaceKeys
from davserver.sealing.values import Value
from davserver.vault import key_generations
from davserver.vault.kept_keys import Kept, kept
from davserver.vault.nodes.rows import OpenVault

FIRST_EPOCH = 1
"""FORMAT.md §4.1."""

_TIDIED_EVERY = timedelta(minutes=1)
"""Keys that are out of date are dropped then, whoever never comes back."""

_TABLES = {"vault": vault, "space": space, "space_epoch": space_epoch, "key_wrap": key_wrap}

_OPENING = (
    select(
        *(
            table.c[name].label(f"{prefix}_{name}")
            for prefix, table in _TABLES.items()
            for name in (*COVERED[prefix], "row_mac")
        )
    )
    .select_from(vault)
    .join(space, space.c.vault_id == vault.c.id)
    .join(space_epoch, space_epoch.c.space_id == space.c.id)
    .join(
        key_wrap,
        (key_wrap.c.space_id == space.c.id)
        & (key_wrap.c.epoch == space_epoch.c.epoch)
        & (key_wrap.c.rcpt_type == "kek")
        & key_wrap.c.revoked_at.is_(None),
    )
)


@cache
def _opening_statement(dialect: str) -> Prepared:
    return Prepared(_OPENING.where(vault.c.id.in_(ids_of(dialect, "vaults"))))


_READING = (
    select(
        vault.c.id,
        vault.c.owner_id,
        vault.c.root_id,
        space.c.id.label("space_id"),
        key_wrap.c.epoch,
        key_wrap.c.kek_id,
        key_wrap.c.wrapped,
    )
    .select_from(vault)
    .join(space, space.c.vault_id == vault.c.id)
    .join(key_wrap, key_wrap.c.space_id == space.c.id)
    .where(
        vault.c.erased_at.is_(None), key_wrap.c.rcpt_type == "kek", key_wrap.c.revoked_at.is_(None)
    )
)


@cache
def _reading_statement(dialect: str) -> Prepared:
    return Prepared(_READING.where(vault.c.id.in_(ids_of(dialect, "vaults"))))


@dataclass(frozen=True, slots=True)
class Readable:
    """A vault of which only categories can be read. `readers` by epoch; empty where nobody asked
    for them.
    """

    owner: PersonId
    root: NodeId
    readers: dict[int, CategoryReader]


class Unlock:
    """Opens vaults. One per process, shared between threads."""

    def __init__(self, kek: KekProvider, keys: InstanceKeys, entropy: Entropy) -> None:
        self._kek = kek
        self._keys = keys
        self._entropy = entropy
        self._kept: dict[VaultId, Kept] = {}
        self._tidied = datetime.min.replace(tzinfo=UTC)

    def vault(self, tx: Connection, vault_id: VaultId, keys: int, now: datetime) -> OpenVault:
        """The opened vault. `keys` is the epoch counter of this request: keys kept under another
        are opened anew, with one statement.

        Raises NotFound when there is no such vault (erased, or tampered with), Unavailable when
        the key provider is away.
        """
        known = self._kept.get(vault_id)
        if known is not None and known.serves(keys, now):
            return known.vault
        return self._keep([self.anew(tx, vault_id)], keys, now)[vault_id]

    def vaults(
        self, tx: Connection, ids: Collection[VaultId], keys: int, now: datetime
    ) -> dict[VaultId, OpenVault]:
        """As `vault`, for many at once: one statement opens all that are not kept. One that does
        not open is left out, and logged.
        """
        asked = {one: self._kept.get(one) for one in ids}
        known = {
            vault_id: one.vault
            for vault_id, one in asked.items()
            if one is not None and one.serves(keys, now)
        }
        missing = [one for one in asked if one not in known]
        opened = self._opened(tx, missing) if missing else {}
        return known | self._keep(opened.values(), keys, now)

    def _opened(self, tx: Connection, ids: Collection[VaultId]) -> dict[VaultId, OpenVault]:
        rows = _opening_statement(tx.dialect.name).all(tx, {"vaults": as_value(tx, ids)})
        by_vault: dict[VaultId, list[Row]] = {one: [] for one in ids}
        for row in rows:
            by_vault[VaultId(row["vault_id"])].append(row)
        found = {vault_id: self._proven(vault_id, some) for vault_id, some in by_vault.items()}
        return {vault_id: one for vault_id, one in found.items() if one is not None}

    def _keep(
        self, opened: Iterable[OpenVault], keys: int, now: datetime
    ) -> dict[VaultId, OpenVault]:
        """Gives them as they are to be used."""
        found = {}
        for one in opened:
            before = self._kept.get(one.id)
            new = before.followed_by(one, keys, now) if before else kept(one, keys, now)
            self._kept[one.id] = new
            found[one.id] = new.vault
        if abs(now - self._tidied) >= _TIDIED_EVERY:
            self._tidy(now)
        return found

    def held(self) -> frozenset[VaultId]:
        """The vaults whose keys are in memory."""
        return frozenset(self._kept)

    def forget(self) -> None:
        """All of them: whoever comes next opens theirs anew, as after a restart."""
        self._kept.clear()

    def _tidy(self, now: datetime) -> None:
        # Copied first: other threads add to it meanwhile.
        for vault_id, one in list(self._kept.items()):
            if one.is_over(now):
                self._kept.pop(vault_id, None)
        self._tidied = now

    def readable(
        self, tx: Connection, ids: Collection[VaultId], *, categories: bool
    ) -> dict[VaultId, Readable]:
        """Many vaults, for their outline or for categories alone: one statement, and nothing is
        kept. The wrap is bound to vault, space, epoch and owner; no MAC is asked, as what is read
        gives nobody a right.
        """
        found: dict[VaultId, Readable] = {}
        rows = _reading_statement(tx.dialect.name).tuples(tx, {"vaults": as_value(tx, ids)})
        for vault_id, owner, root, space_id, epoch, kek_id, wrapped in rows:
            known = found.get(vault_id)
            if known is None:
                known = found[vault_id] = Readable(owner, root, {})
            if categories:
                with suppress(Damaged):
                    context = space_key_context(vault_id, space_id, epoch, owner)
                    key = self._kek.unwrap(Wrapped(kek_id, wrapped), context)
                    known.readers[epoch] = CategoryReader(key, vault_id, space_id, epoch)
        return found

    def anew(self, tx: Connection, vault_id: VaultId) -> OpenVault:
        """As `vault`, from the rows as they are now: for checks, which must not trust a memory."""
        opened = self._opened(tx, [vault_id]).get(vault_id)
        if opened is None:
            raise NotFound("no such vault")
        return opened

    def _proven(self, vault_id: VaultId, rows: Sequence[Row]) -> OpenVault | None:
        try:
            return self._unwrapped([row for row in rows if self._genuine(row)])
        except Damaged:
            sound(Alarm.VAULT_DAMAGED, id=vault_id.hex())
            return None

    def _genuine(self, row: Row) -> bool:
        return all(self._authentic(table, row) for table in _TABLES)

    def _authentic(self, table: str, row: Row) -> bool:
        columns = {name: row[f"{table}_{name}"] for name in COVERED[table]}
        return self._keys.row_is_genuine(table, columns, row[f"{table}_row_mac"])

    def _unwrapped(self, rows: Sequence[Row]) -> OpenVault:
        if not rows or rows[0]["vault_erased_at"] is not None:
            raise Damaged("no genuine row")
        one = rows[0]
        vault_id, space_id = VaultId(one["vault_id"]), SpaceId(one["space_id"])
        owner = PersonId(one["vault_owner_id"])
        current: int = one["space_cur_epoch"]
        by_epoch: dict[int, SpaceKeys] = {}
        wraps: list[tuple[Any, ...]] = [(one["vault_idx_gen"], one["vault_index_ct"])]
        for row in rows:
            epoch: int = row["space_epoch_epoch"]
            context = space_key_context(vault_id, space_id, epoch, owner)
            wrapped = Wrapped(row["key_wrap_kek_id"], row["key_wrap_wrapped"])
            key = self._kek.unwrap(wrapped, context)
            by_epoch[epoch] = SpaceKeys(key, vault_id, space_id, epoch)
            wraps.append((epoch, wrapped.kek_id, wrapped.sealed))
        if current not in by_epoch:
            raise Damaged("the present epoch's key is missing")
        index_key = by_epoch[current].open_index_key(one["vault_idx_gen"], one["vault_index_ct"])
        return OpenVault(
            id=vault_id,
            owner=owner,
            root=NodeId(one["vault_root_id"]),
            space=space_id,
            epoch=current,
            keys=by_epoch,
            index=VaultIndex(index_key, vault_id),
            quota=one["vault_quota"],
            wraps=frozenset(wraps),
        )

    def create(
        self, tx: Connection, owner: PersonId, quota: int, now: datetime
    ) -> tuple[OpenVault, bytes]:
        """A new vault's rows and keys, without its root folder yet; and the vault row's MAC."""
        vault_id, space_id = VaultId(self._entropy(16)), SpaceId(self._entropy(16))
        root = NodeId(self._entropy(16))
        space_key, index_key = new_key(self._entropy), new_key(self._entropy)
        keys = SpaceKeys(space_key, vault_id, space_id, FIRST_EPOCH)
        made = to_us(now)
        context = space_key_context(vault_id, space_id, FIRST_EPOCH, owner)
        mac = self._insert(tx, "vault", {
            "id": vault_id, "owner_id": owner, "root_id": root, "key_gen": 0,
            "index_ct": keys.seal_index_key(1, index_key), "idx_gen": 1, "quota": quota,
            "created": made, "erased_at": None,
        })  # fmt: skip
        self._insert(tx, "space", {
            "id": space_id, "vault_id": vault_id, "kind": "managed", "mode": "managed",
            "cur_epoch": FIRST_EPOCH, "created": made,
        })  # fmt: skip
        self._insert(tx, "space_epoch", {
            "space_id": space_id, "epoch": FIRST_EPOCH, "reason": "created", "link": None,
            "created": made, "retired_at": None,
        })  # fmt: skip
        wrapped = self._kek.wrap(space_key, context, key_generations.active(tx))
        self._insert_wrap(tx, space_id, wrapped, made)
        opened = OpenVault(
            vault_id,
            owner,
            root,
            space_id,
            FIRST_EPOCH,
            {FIRST_EPOCH: keys},
            VaultIndex(index_key, vault_id),
            quota,
        )
        return opened, mac

    def _insert_wrap(self, tx: Connection, space_id: SpaceId, wrapped: Wrapped, made: int) -> None:
        self._insert(tx, "key_wrap", {
            "id": self._entropy(16), "space_id": space_id, "epoch": FIRST_EPOCH, "rcpt_type": "kek",
            "rcpt_id": wrapped.kek_id, "kek_id": wrapped.kek_id, "alg": "aes-siv",
            "ctx_version": 1, "wrapped": wrapped.sealed, "grant_id": None, "created_by": None,
            "created": made, "revoked_at": None,
        })  # fmt: skip

    def _insert(self, tx: Connection, table: str, values: dict[str, Value]) -> bytes:
        row: dict[str, Any] = dict(values)
        mac = self._keys.row_mac(table, values)
        row["row_mac"] = mac
        tx.execute(insert(_TABLES[table]), row)
        return mac
