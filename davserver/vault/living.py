"""The living grants of the whole instance, as far as a question about all of them goes.

They are judged by their own columns and their affiliation's, in the database; those that were
shared on as in every request (`davserver.vault.standing`). No MAC is asked of the others: a forged
row opens nothing, and here it could only make a report say too much.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    and_,
    bindparam,
    exists,
    not_,
    or_,
    select,
)

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import affiliation
from davserver.db.tables import grant as table
from davserver.domain.actions import Right
from davserver.domain.affiliations import IDLE, AffiliationState
from davserver.domain.grants import Grant
from davserver.domain.ids import GrantId, VaultId
from davserver.vault.grants import GrantBook
from davserver.vault.suspensions import RESTS

_PAGE = 20_000
_RIGHTS = {right.value: right for right in Right}


class Kind(NamedTuple):
    """To whom, and what for: what grants have in common."""

    to: bytes
    is_structure: bool
    right: Right


class Share(NamedTuple):
    """One living grant. `within`: as `Grant.within`."""

    node: bytes
    kind: Kind
    within: bytes | None = None


def kinds(tx: Connection, now: datetime) -> set[Kind]:
    """All that are live as far as their own columns go: one statement."""
    columns = (table.c.to_id, table.c.to_kind, table.c.right)
    asked = {"now": to_us(now)}
    rows = tx.execute(select(*columns).where(_OWN_SPAN).distinct(), asked)
    return {
        Kind(to, kind == "structure", _RIGHTS[right])
        for to, kind, right in rows
        if right in _RIGHTS
    }


def by_vault(
    tx: Connection, book: GrantBook, to: Collection[bytes], now: datetime
) -> Iterator[dict[VaultId, list[Share]]]:
    """All living grants of each vault that has one to any of these; some vaults at a time."""
    asked = {"now": to_us(now), "idle": to_us(now - IDLE)}
    wanted = frozenset(to)
    after, most = b"", _PAGE
    while True:
        rows: Sequence[Row] = _PAGE_OF_ALL.all(tx, asked | {"after": after, "most": most})
        whole = _without_the_last(rows) if len(rows) == most else rows
        if whole:
            after = whole[-1]["vault_id"]
            yield _shares(tx, book, whole, wanted, now)
        if len(rows) < most:
            return
        most = _PAGE if whole else 2 * most  # a single vault fills the page


def _without_the_last(rows: Sequence[Row]) -> list[Row]:
    """The last vault may go on in the next page."""
    last = rows[-1]["vault_id"]
    return [row for row in rows if row["vault_id"] != last]


def _shares(
    tx: Connection, book: GrantBook, rows: Sequence[Row], to: frozenset[bytes], now: datetime
) -> dict[VaultId, list[Share]]:
    found: dict[VaultId, list[Share]] = {}
    theirs = {row["vault_id"] for row in rows if row["to_id"] in to}
    rows = [row for row in rows if row["vault_id"] in theirs]
    on = [GrantId(row["id"]) for row in rows if row["parent_id"] is not None]
    standing = {one.id: one for one in book.live_among(tx, on, now)}
    for vault, some in groupby(rows, lambda row: VaultId(row["vault_id"])):
        shares = [share for row in some if (share := _share(row, standing))]
        if shares:
            found[vault] = shares
    return found


def _share(row: Row, standing: dict[GrantId, Grant]) -> Share | None:
    if row["right"] not in _RIGHTS:
        return None
    kind = Kind(row["to_id"], row["to_kind"] == _STRUCTURE, _RIGHTS[row["right"]])
    if row["parent_id"] is None:
        return Share(row["node_id"], kind)
    grant = standing.get(row["id"])
    return Share(row["node_id"], kind, grant.within) if grant else None


_STRUCTURE = "structure"
_NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
_OWN_SPAN = and_(
    not_(RESTS),
    table.c.ended_at.is_(None),
    table.c.starts <= _NOW,
    or_(table.c.until.is_(None), table.c.until > _NOW),
)
_COVERED = exists().where(
    affiliation.c.vault_id == table.c.vault_id,
    affiliation.c.structure_id == table.c.to_id,
    affiliation.c.state == AffiliationState.CONFIRMED.value,
    affiliation.c.confirmed_at <= table.c.created,
    affiliation.c.confirmed_at <= _NOW,
    or_(affiliation.c.ends.is_(None), affiliation.c.ends > _NOW),
    affiliation.c.last_activity > bindparam("idle", type_=BigInteger),
)
"""As `Affiliation.covers`."""


_NAMES = ("id", "vault_id", "node_id", "parent_id", "to_id", "to_kind", "right")
_PAGE_OF_ALL = Prepared(
    select(*(table.c[name] for name in _NAMES))
    .where(
        _OWN_SPAN,
        or_(table.c.to_kind != _STRUCTURE, _COVERED),
        table.c.vault_id > bindparam("after"),
    )
    .order_by(table.c.vault_id)
    .limit(bindparam("most"))
)
