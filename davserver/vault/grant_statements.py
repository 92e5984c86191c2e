"""The statements that read grants, each with the affiliation of its vault and structure.

Built once: building a statement of so many columns costs more than running it.
"""

from typing import Any

from sqlalchemy import BigInteger, BindParameter, Select, and_, bindparam, or_, select

from davserver.db.tables import affiliation
from davserver.db.tables import grant as table
from davserver.vault.affiliations import NAMES as AFFILIATION_NAMES
from davserver.vault.grant_rows import COLUMNS

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
LIVE_MINE = LIVE.where(MINE)
LIVE_THERE = LIVE.where(MINE, OF_VAULT)
LIVE_UNDER = LIVE.where(MINE, table.c.folder_idx.in_(bindparam("folders", expanding=True)))
LIVE_ON = LIVE.where(OF_VAULT, table.c.node_id.in_(bindparam("nodes", expanding=True)))
