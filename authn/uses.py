"""The day on which a credential was last used: people find devices that they no longer use."""

from datetime import datetime, time, timedelta

from sqlalchemy import or_, update

from authn.notes import note_if_possible
from authn.rows import CredentialRow
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.database import Database

_DAY_US = timedelta(days=1) // timedelta(microseconds=1)


def note_use(db: Database, row: CredentialRow, now: datetime) -> None:
    """The day, once a day, and no more."""
    today = to_us(now) // _DAY_US
    if row.last_used_day is not None and row.last_used_day >= today:
        return
    column = t.credential.c.last_used_day
    stale = or_(column.is_(None), column < today)
    statement = (
        update(t.credential).where(t.credential.c.id == row.id, stale).values(last_used_day=today)
    )
    note_if_possible(db, statement, "last-use")


def last_of_day(now: datetime) -> datetime:
    """The last moment of the same day, UTC: then there is something to note again."""
    return datetime.combine(now, time.max, now.tzinfo)
