"""The statements that read grants, each with the affiliation of its vault and structure.

Built once: building a statement of so many columns costs more than running it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    or_,
    select,
)

from davserver.db.prepared import Prepared
from davserver.db.tables import affiliation
from davserver.db.tables import grant as table
from davserver.vault.affiliations import NAMES as AFFILIATION_NAMES
from davserver.vault.grants.rows import COLUMNS

Wanted = Select[*tuple[Any, ...]]

NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
MINE = table.c.to_id.in_(bindparam("grantees", expanding=True))
OF_VAULT = table.c.vault_id == bindparam("vault")
NOT_OVER = and_(table.c.ended_at.is_(None), or_(table.c.until.is_(None), table.c.until > NOW))
_PAIR = and_(
    affiliation.c.vault_id == table.c.vault_id, affiliation.c.structure_id == table.c.to_id
)
_AFFILIATION = tuple(affiliation.c[name].label(f"of_{name}") for name in AFFILIATION_NAMES)
ALL = (
    select(*COLUMNS, *_AFFILIATION)
    .select_from(table.outerjoin(affiliation, _PAIR))
    .order_by(table.c.created, table.c.id)
)
LIVE = ALL.where(NOT_OVER, table.c.starts <= NOW)
LIVE_ON = LIVE.where(OF_VAULT, table.c.node_id.in_(bindparam("nodes", expanding=True)))


# Every request of whoever works with what others share asks one of these.


@lru_cache(64)
def mine(grantees: int) -> Prepared:
    """What is not over, to so many grantees."""
    return Prepared(ALL.where(NOT_OVER, _to(grantees)))


@lru_cache(64)
def mine_there(grantees: int) -> Prepared:
    """The same, in one vault."""
    return Prepared(ALL.where(NOT_OVER, _to(grantees), OF_VAULT))


@lru_cache(256)
def mine_under(grantees: int, folders: int) -> Prepared:
    """The same, under one of so many indexes of names."""
    return Prepared(ALL.where(NOT_OVER, _to(grantees), _one_of("folder_idx", "folder", folders)))


def numbered(word: str, values: Sequence[bytes]) -> dict[str, bytes]:
    """The values as these statements take them."""
    return {f"{word}{number}": value for number, value in enumerate(values)}


def _to(grantees: int) -> ColumnElement[bool]:
    return _one_of("to_id", "grantee", grantees)


def _one_of(column: str, word: str, count: int) -> ColumnElement[bool]:
    values: list[BindParameter[bytes]] = [bindparam(f"{word}{number}") for number in range(count)]
    # SQLite makes a table in memory for a list, of one value too.
    return table.c[column] == values[0] if count == 1 else table.c[column].in_(values)
