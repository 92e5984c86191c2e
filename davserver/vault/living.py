"""The living grants of the whole instance, vault by vault: who has what from whom at this moment.

Judged as in every request (`davserver.vault.standing`), but without names: those are for whoever
lists a drive, and opening them would take most of the time.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.tables import affiliation
from davserver.db.tables import grant as table
from davserver.domain.actions import Right
from davserver.domain.grants import Grant, ToStructure
from davserver.domain.ids import GrantId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault import standing
from davserver.vault.affiliations import NAMES as AFFILIATION_NAMES
from davserver.vault.affiliations import open_affiliation
from davserver.vault.grant_rows import COLUMNS, NAMES, nameless_row
from davserver.vault.standing import Held

_AT_ONCE = 2000
"""Grants that are looked at together; those of one vault always are."""

_PAIR = and_(
    table.c.to_kind == "structure",
    affiliation.c.vault_id == table.c.vault_id,
    affiliation.c.structure_id == table.c.to_id,
)
_WANTED = select(*COLUMNS, *(affiliation.c[name] for name in AFFILIATION_NAMES)).select_from(
    table.outerjoin(affiliation, _PAIR)
)


@dataclass(frozen=True, slots=True)
class Kind:
    """To whom, and what for: what living grants have in common, as their rows say."""

    to: bytes
    is_structure: bool
    right: Right


def kinds(tx: Connection, now: datetime) -> dict[Kind, int]:
    """How many grants of each kind are live as far as their own rows go: one statement."""
    columns = (table.c.to_id, table.c.to_kind, table.c.right)
    words = [one.value for one in Right]
    counted = (
        select(*columns, func.count())
        .where(*_own_span(now), table.c.right.in_(words))
        .group_by(*columns)
    )
    return {
        Kind(bytes(to), kind == "structure", Right(right)): count
        for to, kind, right, count in tx.execute(counted)
    }


class LivingGrants:
    """Reads in one transaction. `now` decides what is live."""

    def __init__(self, tx: Connection, keys: InstanceKeys, now: datetime) -> None:
        self._tx = tx
        self._keys = keys
        self._now = now

    def by_vault(self, to: Collection[bytes] | None) -> Iterator[dict[VaultId, list[Grant]]]:
        """All living grants of each vault that has one to any of these; of all vaults for None.
        Some vaults at a time.
        """
        wanted, asked = _WANTED.where(*_own_span(self._now)), {}
        if to is not None:
            asked = {"to": as_value(self._tx, to)}
            theirs = table.c.to_id.in_(ids_of(self._tx.dialect.name, "to"))
            wanted = wanted.where(table.c.vault_id.in_(select(table.c.vault_id).where(theirs)))
        some: list[Held] = []
        options = {"yield_per": _AT_ONCE}
        ordered = wanted.order_by(table.c.vault_id)
        with self._tx.execute(ordered, asked, execution_options=options) as rows:
            for row in rows:
                held = self._open(row)
                if held is None:
                    continue
                vault = held.row.grant.vault
                if len(some) >= _AT_ONCE and vault != some[-1].row.grant.vault:
                    yield self._living(some)
                    some = []
                some.append(held)
        yield self._living(some)

    def _living(self, held: list[Held]) -> dict[VaultId, list[Grant]]:
        found: dict[VaultId, list[Grant]] = {}
        for one in standing.live(self._tx, self._keys, held, self._load, self._now):
            found.setdefault(one.vault, []).append(one)
        return found

    def _load(self, ids: Collection[GrantId]) -> list[Held]:
        these = table.c.id.in_(ids_of(self._tx.dialect.name, "ids"))
        rows = self._tx.execute(_WANTED.where(these), {"ids": as_value(self._tx, ids)})
        opened = (self._open(row) for row in rows)
        return [one for one in opened if one is not None]

    def _open(self, values: Row[Any]) -> Held | None:
        row = nameless_row(self._keys, dict(zip(NAMES, values[: len(NAMES)], strict=True)))
        if row is None:
            return None
        beside = dict(zip(AFFILIATION_NAMES, values[len(NAMES) :], strict=True))
        if not isinstance(row.grant.to, ToStructure) or beside["id"] is None:
            return Held(row, None)
        return Held(row, open_affiliation(self._keys, beside))


def _own_span(now: datetime) -> tuple[ColumnElement[bool], ...]:
    at = to_us(now)
    return (
        table.c.ended_at.is_(None),
        table.c.starts <= at,
        or_(table.c.until.is_(None), table.c.until > at),
    )
