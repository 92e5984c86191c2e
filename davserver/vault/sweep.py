"""Sweeping: what nothing needs any more goes, in small steps that may be cut short anywhere.

Bytes go before the row that knows them, so that whatever a killed run left behind is found by the
next one; a row is marked `dead` before its bytes go, so that nothing can publish it meanwhile
(DESIGN §5.4). Whoever reads a blob holds it open: it is theirs until they close.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    delete,
    literal,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.db.leftovers import empty_log
from davserver.db.tables import (
    blob,
    epoch,
    lock,
    node,
    node_version,
    passing_blob,
    scratch,
    trashed_node,
)
from davserver.db.turns import only_one
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged, NotFound
from davserver.domain.ids import ID_BYTES, BlobId, NodeId, VaultId
from davserver.domain.nodes import Node
from davserver.vault.blobs.store import BlobStore
from davserver.vault.nodes.walk import walk
from davserver.vault.stamps import Stamp
from davserver.vault.thinning import purge
from davserver.vault.vault import Vaults

READERS_NEED = timedelta(minutes=5)
"""How long stored bytes outlive their last row: whoever just looked a blob up will open it."""

AT_ONCE = 100
"""Rows in one transaction: others write in between."""

MOST_IN_A_RUN = 2000
"""Of each kind. What is left waits for the next run."""

LOOKED_AT = MOST_IN_A_RUN
"""Dead contents whose names are looked for together, in all rows of their vaults."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Something that was in the trash for long enough. `chain` leads to it from the vault's root,
    as it last was; `stamps` are all rows that went with it.
    """

    vault: VaultId
    chain: tuple[Node, ...]
    stamps: tuple[Stamp, ...]


_Dead = Row[bytes, bytes, int]

Witness = Callable[[Connection, Erased, datetime], None]
"""Told in the very transaction that erases: what it cannot record does not happen."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did. `kept`: dead blobs that some row still names, which `abri vault check`
    will tell more about; `log_emptied`: see `empty_log`, None where nothing was removed.
    """

    abandoned: int = 0
    blobs: int = 0
    trash: int = 0
    scratch: int = 0
    locks: int = 0
    kept: int = 0
    log_emptied: bool | None = None

    @property
    def removed(self) -> int:
        return self.blobs + self.trash + self.scratch + self.locks


class Sweeper:
    """Safe in any number of processes; one of them does the work at a time."""

    def __init__(
        self,
        db: Database,
        blobs: BlobStore,
        vaults: Vaults,
        witness: Witness,
        *,
        trash_kept: timedelta | None,
        looked_at: int = LOOKED_AT,
    ) -> None:
        """`trash_kept`: None keeps what is in the trash until room is needed. `looked_at`: dead
        contents whose names are looked for together, at least one.
        """
        self._db = db
        self._blobs = blobs
        self._vaults = vaults
        self._witness = witness
        self._trash_kept = trash_kept
        self._looked_at = looked_at

    def run(self, now: datetime) -> Swept | None:
        """One bounded round. None when another process is at it.

        Raises Unavailable; what was done until then stays done.
        """
        with only_one(self._db, "sweep") as mine:
            return self._run(now) if mine else None

    def _run(self, now: datetime) -> Swept:
        trash = self._sweep_trash(now)
        scratch_rows = self._forget(scratch, scratch.c.expires_at <= to_us(now))
        locks = self._forget(lock, lock.c.expires_at <= to_us(now))
        abandoned = self._bury_abandoned(now)
        self._let_readers_finish(now)
        blobs, kept = self._delete_dead(now)
        done = Swept(abandoned, blobs, trash, scratch_rows, locks, kept)
        return replace(done, log_emptied=empty_log(self._db)) if done.removed else done

    # ── trash ───────────────────────────────────────────────────────────────────────────────────

    def _sweep_trash(self, now: datetime) -> int:
        if self._trash_kept is None:
            return 0
        is_due = trashed_node & (node.c.trashed_at <= to_us(now - self._trash_kept))
        wanted = select(node.c.id, node.c.vault_id).where(is_due).order_by(node.c.trashed_at)
        with self._db.read() as tx:
            found = tx.execute(wanted.limit(MOST_IN_A_RUN)).all()
        return sum(self._erase(NodeId(r.id), VaultId(r.vault_id), is_due, now) for r in found)

    def _erase(
        self, one: NodeId, vault_id: VaultId, is_due: ColumnElement[bool], now: datetime
    ) -> bool:
        """Whether it went. What was altered stays: nobody's tampering is finished by rule. Nor does
        what was taken out of the trash since it was found, though it be there again.
        """

        def work(tx: Connection) -> bool:
            if tx.execute(select(node.c.id).where(node.c.id == one, is_due)).first() is None:
                return False
            keys = tx.execute(select(epoch.c["keys"])).scalar_one()
            vault = self._vaults.open(tx, vault_id, keys, now)
            chain, _, _ = walk(tx, vault, one, ())
            stamps = purge(tx, vault, one)
            self._witness(tx, Erased(vault_id, tuple(chain), stamps), now)
            return True

        try:
            return self._db.write(work)
        except (Damaged, NotFound):
            sound(Alarm.TRASH_DAMAGED, id=one.hex())
            return False

    # ── blobs ───────────────────────────────────────────────────────────────────────────────────

    def _bury_abandoned(self, now: datetime) -> int:
        """Uploads whose lease ran out: from here on they cannot be published."""
        late = passing_blob & (blob.c.state == "staging") & (blob.c.lease_until <= to_us(now))
        return self._in_steps(
            lambda tx, some: (
                tx.execute(update(blob).where(late, some).values(state="dead")).rowcount
            ),
            blob,
            late,
        )

    def _let_readers_finish(self, now: datetime) -> None:
        fresh = passing_blob & (blob.c.state == "dead") & blob.c.lease_until.is_(None)
        until = to_us(now + READERS_NEED)
        self._in_steps(
            lambda tx, some: (
                tx.execute(update(blob).where(fresh, some).values(lease_until=until)).rowcount
            ),
            blob,
            fresh,
        )

    def _delete_dead(self, now: datetime) -> tuple[int, int]:
        """How many went, and how many stay because some row still names them."""
        due = passing_blob & (blob.c.state == "dead") & (blob.c.lease_until <= to_us(now))
        done = kept = 0
        beyond: ColumnElement[bool] = true()
        while done < MOST_IN_A_RUN:
            with self._db.read() as tx:
                some = _oldest(tx, due & beyond, self._looked_at)
                named = _named(tx, some)
            if not some:
                break
            free = [row for row in some if row.id not in named]
            done += self._take(due, free[: MOST_IN_A_RUN - done])
            kept += len(some) - len(free)
            beyond = _behind(some[-1])
        if kept:
            sound(Alarm.DEAD_BLOB_NAMED, count=kept)
        return done, kept

    def _take(self, due: ColumnElement[bool], free: Sequence[_Dead]) -> int:
        done = 0
        for start in range(0, len(free), AT_ONCE):
            some = free[start : start + AT_ONCE]
            self._delete_bytes([row.id for row in some])
            gone = delete(blob).where(due, _these(blob, [(row.vault_id, row.id) for row in some]))
            done += self._db.write(lambda tx, gone=gone: tx.execute(gone).rowcount)  # type: ignore[misc]  # the loop's own value
        return done

    def _delete_bytes(self, some: Sequence[Any]) -> None:
        for one in some:
            # What is no id has no bytes in any store: somebody wrote it into the database.
            if isinstance(one, bytes) and len(one) == ID_BYTES:
                self._blobs.delete(BlobId(one))

    # ── steps ───────────────────────────────────────────────────────────────────────────────────

    def _forget(self, table: Table, which: ColumnElement[bool]) -> int:
        return self._in_steps(
            lambda tx, some: tx.execute(delete(table).where(which, some)).rowcount,
            table,
            which,
        )

    def _in_steps(
        self,
        step: Callable[[Connection, ColumnElement[bool]], int],
        table: Table,
        which: ColumnElement[bool],
    ) -> int:
        """Run `step` on up to MOST_IN_A_RUN rows, AT_ONCE in one transaction. How many it hit."""
        done = 0
        while done < MOST_IN_A_RUN:
            with self._db.read() as tx:
                keys = tx.execute(select(*table.primary_key).where(which).limit(AT_ONCE)).all()
            if not keys:
                break
            some = _these(table, [tuple(key) for key in keys])
            hit = self._db.write(lambda tx, some=some: step(tx, some))  # type: ignore[misc]  # the loop's own value
            done += hit
            if not hit:
                break  # somebody else was faster, or a row does not let itself be found again
        return done


def _these(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """The rows of these primary keys."""
    return tuple_(*table.primary_key).in_(keys)


def _oldest(tx: Connection, which: ColumnElement[bool], most: int) -> Sequence[_Dead]:
    wanted = select(blob.c.id, blob.c.vault_id, blob.c.lease_until).where(which)
    return tx.execute(wanted.order_by(blob.c.lease_until, blob.c.id).limit(most)).all()


def _behind(last: _Dead) -> ColumnElement[bool]:
    order = tuple_(blob.c.lease_until, blob.c.id)
    return order > tuple_(literal(last.lease_until), literal(last.id))


def _named(tx: Connection, some: Sequence[_Dead]) -> set[bytes]:
    """Those that a row of their vaults names. What is dead is not published any more, so that none
    comes to be named later; an index to ask by content would cost each upload three pages.
    """
    ids, vaults = [row.id for row in some], {row.vault_id for row in some}
    of_rows = (
        select(one.c.blob_id).where(one.c.vault_id.in_(vaults), one.c.blob_id.in_(ids))
        for one in (node, node_version)
    )
    return set(tx.execute(union_all(*of_rows)).scalars())
