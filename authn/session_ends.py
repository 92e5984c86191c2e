"""The ends of sessions: one signs out, or somebody is out altogether."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from authn.rows import Row, fetch, is_genuine, with_mac
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.ids import PersonId
from davserver.sealing.instance import InstanceKeys


def end_sessions(tx: Connection, keys: InstanceKeys, person: PersonId, now: datetime) -> None:
    """All of theirs, in every browser."""
    theirs = t.web_session.c.person_id == person, t.web_session.c.ended_at.is_(None)
    for row in fetch(tx, select(t.web_session).where(*theirs)):
        end_session(tx, keys, row, now)


def end_session(tx: Connection, keys: InstanceKeys, row: Row, now: datetime) -> None:
    """One that is over stays over; a row that was altered is none."""
    if row["ended_at"] is not None or not is_genuine(keys, t.web_session, row):
        return
    complete = with_mac(keys, t.web_session, {**row, "ended_at": to_us(now)})
    values = {"ended_at": complete["ended_at"], "row_mac": complete["row_mac"]}
    tx.execute(update(t.web_session).where(t.web_session.c.id == row["id"]).values(values))
