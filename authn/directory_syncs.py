"""Who looks at all of a directory now, when that was last done, and what waits to be confirmed.

One row per directory. Whoever wants to look takes a turn, over all processes and machines: a moment
until which it holds, so that the turn of whoever was killed runs out by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from authn.directory_accounts import synced
from authn.rows import fetch, with_mac
from davserver.db import tables as t
from davserver.db.clock import from_us_or_none, to_us
from davserver.domain.ids import ID_BYTES, Entropy
from davserver.sealing.instance import InstanceKeys

_table = t.directory_sync

DIGEST_LENGTH = 64
"""Of a plan: SHA-256 in hexadecimal. The bytes of a plan begin with it."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """`synced`: when all of it was last looked at. `turn`: until when somebody does so now.
    `held`: a plan that waits, since `held_at`; `confirmed`: the digest of what was said yes to.
    """

    directory: str
    synced: datetime | None = None
    turn: datetime | None = None
    held: bytes | None = None
    held_at: datetime | None = None
    confirmed: str | None = None


def state_of(tx: Connection, keys: InstanceKeys, directory: str) -> SyncState:
    row = _row(tx, directory)
    return SyncState(directory) if row is None else _state(keys, row)


def states(tx: Connection, keys: InstanceKeys) -> dict[str, SyncState]:
    """Of every directory that was ever looked at, by name."""
    return {row["directory"]: _state(keys, row) for row in fetch(tx, select(_table))}


class Turns:
    """The turns of one directory. Each method works inside the caller's writing transaction; those
    that take `mine` do nothing, and give False, where that turn is not the present one any more.
    """

    def __init__(self, keys: InstanceKeys, entropy: Entropy, directory: str) -> None:
        self._keys = keys
        self._entropy = entropy
        self._directory = directory

    def take(self, tx: Connection, now: datetime, until: datetime) -> bool:
        """False while somebody else has it."""
        if _row(tx, self._directory) is None:
            row: dict[str, Any] = {
                "id": self._entropy(ID_BYTES),
                "directory": self._directory,
                "synced_at": None,
                "turn_until": to_us(until),
                "held": None,
                "held_at": None,
                "confirmed": None,
            }
            tx.execute(insert(_table).values(with_mac(self._keys, _table, row)))
            return True
        free = or_(_table.c.turn_until.is_(None), _table.c.turn_until <= to_us(now))
        return self._set(tx, free, {"turn_until": to_us(until)})

    def extend(self, tx: Connection, mine: datetime, until: datetime) -> bool:
        return self._set(tx, _is(mine), {"turn_until": to_us(until)})

    def give_back(self, tx: Connection, mine: datetime) -> bool:
        """Nothing is known: what was known before stays."""
        return self._set(tx, _is(mine), {"turn_until": None})

    def finish(self, tx: Connection, mine: datetime, synced_at: datetime) -> bool:
        """Everybody was heard, as of that moment, and nothing waits."""
        row = _row(tx, self._directory)
        if row is None:
            return False
        changes = {"synced_at": to_us(synced_at), "turn_until": None} | _NOTHING_HELD
        return self._set(tx, _is(mine), with_mac(self._keys, _table, {**row, **changes}))

    def hold(self, tx: Connection, mine: datetime, plan: bytes, now: datetime) -> bool:
        """That plan waits; a yes to another one does not count for it. A yes to this one, given
        while it was found again, stays.
        """
        row = _row(tx, self._directory)
        if row is None:
            return False
        is_same = digest_of(row["held"]) == digest_of(plan)
        since = row["held_at"] if is_same else to_us(now)
        confirmed = row["confirmed"] if is_same else None
        changes = {"held": plan, "held_at": since, "confirmed": confirmed, "turn_until": None}
        return self._set(tx, _is(mine), changes)

    def confirm(self, tx: Connection, digest: str) -> bool:
        """Says yes to the plan of that digest; False where another one waits by now, or none."""
        row = _row(tx, self._directory)
        if row is None or digest_of(row["held"]) != digest:
            return False
        return self._set(tx, _table.c.held == row["held"], {"confirmed": digest})

    def _set(self, tx: Connection, where: Any, values: Mapping[str, Any]) -> bool:
        mine = _table.c.directory == self._directory
        return tx.execute(update(_table).where(mine, where).values(values)).rowcount == 1


def digest_of(plan: bytes | None) -> str | None:
    """What a plan that waits begins with."""
    return None if plan is None else plan[:DIGEST_LENGTH].decode("ascii", "replace")


_NOTHING_HELD = {"held": None, "held_at": None, "confirmed": None}


def _is(turn: datetime) -> Any:
    """Its end is what tells a turn from others: no two end in one microsecond."""
    return _table.c.turn_until == to_us(turn)


def _row(tx: Connection, directory: str) -> Mapping[str, Any] | None:
    found = fetch(tx, select(_table).where(_table.c.directory == directory))
    return found[0] if found else None


def _state(keys: InstanceKeys, row: Mapping[str, Any]) -> SyncState:
    return SyncState(
        directory=row["directory"],
        synced=synced(keys, row),
        turn=from_us_or_none(row["turn_until"]),
        held=row["held"],
        held_at=from_us_or_none(row["held_at"]),
        confirmed=row["confirmed"],
    )
