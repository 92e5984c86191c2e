"""Rows of grants, opened: whether genuine, and which of them are live.

Rows are read anew whenever anything changed: a grant that ended is gone in the next statement that
asks. That a row of exactly these bytes was genuine, and what it says, is remembered for a while.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from davserver.db.clock import to_us
from davserver.db.dependencies import SHARING
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.query_cache import cached, lookup, store
from davserver.db.tables import grant as table
from davserver.domain.grants import Grant, ToStructure
from davserver.domain.ids import GrantId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.affiliations import NAMES as AFFILIATION_NAMES
from davserver.vault.affiliations import open_affiliation
from davserver.vault.grants import standing
from davserver.vault.grants.rows import NAMES, GrantRow, open_row
from davserver.vault.grants.standing import HeldGrant
from davserver.vault.grants.statements import ALL, Wanted

_REMEMBERED = 25_000
"""Opened rows, of 2 kB each: as many as one person may well have, who lists them all at once."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was not over at that moment."""

    at: datetime
    held: list[HeldGrant]


@dataclass(frozen=True, slots=True)
class Spell:
    """What is live from `since` (included) to `until` (excluded; None: nothing ends it) while no
    grant and no affiliation changes.
    """

    grants: tuple[Grant, ...]
    since: datetime
    until: datetime | None

    def covers(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


class GrantRows:
    """One per process, shared between threads."""

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._opened = lru_cache(_REMEMBERED)(self._open)

    def rows(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[GrantRow]:
        """The genuine ones, in any state."""
        return [one.row for one in self.held(tx, wanted, asked)]

    def held(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[HeldGrant]:
        """The same, with what they stand on."""
        return self._genuine(tuple(one) for one in tx.execute(wanted, asked))

    def _genuine(self, rows: Iterable[tuple[Any, ...]]) -> list[HeldGrant]:
        return [held for held in map(self._opened, rows) if held is not None]

    def _open(self, values: tuple[Any, ...]) -> HeldGrant | None:
        row = open_row(self._keys, dict(zip(NAMES, values[: len(NAMES)], strict=True)))
        if row is None:
            return None
        beside = dict(zip(AFFILIATION_NAMES, values[len(NAMES) :], strict=True))
        if not isinstance(row.grant.to, ToStructure) or beside["id"] is None:
            return HeldGrant(row, None)
        return HeldGrant(row, open_affiliation(self._keys, beside))

    def grants(self, tx: Connection, wanted: Wanted, asked: dict[str, Any]) -> list[Grant]:
        """As stored, whatever they stand on."""
        return [row.grant for row in self.rows(tx, wanted, asked)]

    def live(
        self, tx: Connection, wanted: Wanted, asked: dict[str, Any], now: datetime
    ) -> list[Grant]:
        """Those of them that are live at `now`, each with its effective end."""
        held = _awake(self.held(tx, wanted, asked))
        return standing.live(tx, self._keys, held, lambda ids: self._awake_among(tx, ids), now)

    def mine(
        self, tx: Connection, wanted: Prepared, asked: dict[str, bytes], now: datetime
    ) -> list[Grant]:
        """As `live`, of grants to those who ask."""
        return self._mine(tx, wanted, asked, now)[0]

    def mine_for_a_while(
        self, tx: Connection, wanted: Prepared, asked: dict[str, bytes], now: datetime
    ) -> Spell:
        """As `mine`, with how long that is so."""
        grants, held = self._mine(tx, wanted, asked, now)
        return Spell(tuple(grants), now, standing.steady_until(held, now))

    def _mine(
        self, tx: Connection, wanted: Prepared, asked: dict[str, bytes], now: datetime
    ) -> tuple[list[Grant], list[HeldGrant]]:
        """What is over once stays so: while nothing changes, a later moment needs no other rows."""
        question = (wanted, *asked.values())
        before: _Asked | None = lookup(tx, SHARING, question)
        if before is None or now < before.at:
            rows = wanted.tuples(tx, {**asked, "now": to_us(now)})
            before = _Asked(now, _awake(self._genuine(rows)))
            store(tx, SHARING, question, before)

        def load(ids: Collection[GrantId]) -> list[HeldGrant]:
            below = (question, frozenset(ids))
            return cached(tx, SHARING, below, lambda: self._awake_among(tx, ids))

        return standing.live(tx, self._keys, before.held, load, now), before.held

    def _awake_among(self, tx: Connection, ids: Collection[GrantId]) -> list[HeldGrant]:
        these = table.c.id.in_(ids_of(tx.dialect.name, "ids"))
        return _awake(self.held(tx, ALL.where(these), {"ids": as_value(tx, ids)}))


def _awake(held: Collection[HeldGrant]) -> list[HeldGrant]:
    """What rests gives nothing, and nothing stands on it."""
    return [one for one in held if not one.row.resting]
