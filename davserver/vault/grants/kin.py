"""Whose grants appear on a drive together: names must differ among them (DESIGN §4)."""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from davserver.db.clock import to_us
from davserver.db.tables import membership
from davserver.domain.grants import Grantee, ToStructure


def kin(tx: Connection, to: Grantee, now: datetime) -> set[bytes]:
    """A person's structures, or a structure's members and all of theirs; memberships to come count.

    The rows' MACs are not asked: a forged one could only put a number behind a name.
    """
    here = membership.c.person_id == to.id
    if isinstance(to, ToStructure):
        inside = select(membership.c.person_id).where(membership.c.structure_id == to.id)
        here = membership.c.person_id.in_(inside)
    still = or_(membership.c.ends.is_(None), membership.c.ends > to_us(now))
    pairs = tx.execute(select(membership.c.person_id, membership.c.structure_id).where(here, still))
    return {to.id, *(one for pair in pairs for one in pair)}
