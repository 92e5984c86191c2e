"""The living grants of the whole instance, as far as a question about all of them goes.

They are judged by their own columns and their affiliation's, in the database; those that were
shared on as in every request (`davserver.vault.grants.standing`). No MAC is asked of the others: a
forged row opens nothing, and here it could only make a report say too much.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
)

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import affiliation
from davserver.db.tables import grant as table
from davserver.domain.actions import Right
from davserver.domain.affiliations import IDLE, AffiliationState
from davserver.domain.ids import ID_BYTES, GrantId, VaultId
from davserver.vault.grants.grants import GrantBook
from davserver.vault.grants.suspensions import RESTS

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


class _Row(NamedTuple):
    """Of a grant, in the order of _NAMES."""

    id: bytes
    vault: VaultId
    node: bytes
    parent: bytes | None
    to: bytes
    to_kind: str
    right: str


def kinds(tx: Connection, now: datetime) -> set[Kind]:
    """All that are live as far as their own columns go: one statement."""
    columns = (table.c.to_id, table.c.to_kind, table.c.right)
    asked = {"now": to_us(now)}
    rows = tx.execute(select(*columns).where(_OWN_SPAN).distinct(), asked)
    return {kind for row in rows if (kind := _kind(*row))}


def are_many(tx: Connection, number: int) -> bool:
    """Whether there are at least so many that have not ended."""
    some = select(table.c.id).where(table.c.ended_at.is_(None)).limit(number).subquery()
    return (tx.scalar(select(func.count()).select_from(some)) or 0) >= number


class Part(NamedTuple):
    """Vaults by their ids: those above `after`, up to `last`."""

    after: bytes
    last: bytes


EVERY = Part(b"", b"\xff" * (ID_BYTES + 1))


def parts(number: int) -> list[Part]:
    """All vaults, in so many parts of about the same size: ids are drawn by chance."""
    width = 4
    bounds = [(n << 8 * width) // number for n in range(1, number)]
    ends = [b"", *(one.to_bytes(width, "big") for one in bounds), EVERY.last]
    return [Part(*pair) for pair in pairwise(ends)]


def by_vault(
    tx: Connection, book: GrantBook, to: Collection[bytes], now: datetime, part: Part = EVERY
) -> Iterator[dict[VaultId, list[Share]]]:
    """All living grants of each vault that has one to any of these; some vaults at a time."""
    asked = {"now": to_us(now), "idle": to_us(now - IDLE), "last": part.last}
    wanted = frozenset(to)
    after, most = part.after, _PAGE
    while True:
        page = _PAGE_OF_ALL.tuples(tx, asked | {"after": after, "most": most})
        rows = [_Row._make(row) for row in page]
        whole = _without_the_last(rows) if len(rows) == most else rows
        if whole:
            after = whole[-1].vault
            yield _shares(tx, book, whole, wanted, now)
        if len(rows) < most:
            return
        most = _PAGE if whole else 2 * most  # a single vault fills the page


def _without_the_last(rows: list[_Row]) -> list[_Row]:
    """The last vault may go on in the next page."""
    last = rows[-1].vault
    return [row for row in rows if row.vault != last]


def _shares(
    tx: Connection, book: GrantBook, rows: list[_Row], to: frozenset[bytes], now: datetime
) -> dict[VaultId, list[Share]]:
    found: dict[VaultId, list[Share]] = {}
    theirs = {row.vault for row in rows if row.to in to}
    rows = [row for row in rows if row.vault in theirs]
    on = [GrantId(row.id) for row in rows if row.parent is not None]
    standing = {one.id: one for one in book.live_among(tx, on, now)}
    kinds: dict[tuple[bytes, str, str], Kind | None] = {}
    for grant, vault, node, parent, to_id, to_kind, right in rows:
        words = (to_id, to_kind, right)
        if words not in kinds:
            kinds[words] = _kind(*words)
        kind = kinds[words]
        if kind is None:
            continue
        if parent is None:
            found.setdefault(vault, []).append(Share(node, kind))
        elif (on_it := standing.get(GrantId(grant))) is not None:
            found.setdefault(vault, []).append(Share(node, kind, on_it.within))
    return found


def _kind(to: bytes, to_kind: str, right: str) -> Kind | None:
    return Kind(to, to_kind == _STRUCTURE, _RIGHTS[right]) if right in _RIGHTS else None


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
        table.c.vault_id <= bindparam("last"),
    )
    .order_by(table.c.vault_id)
    .limit(bindparam("most"))
)
