"""Affiliations that end by themselves: the housekeeping writes it down and tells both sides; and
requests for them, which are forgotten a while after nobody can answer them any more.

What was granted through them was out of reach from the very moment
(`davserver.vault.grants.standing`).
"""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from davserver.domain.affiliations import FORGOTTEN, Affiliation, AffiliationState, Ending
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.gate.acting import row_stamps
from davserver.gate.affiliations.affiliating import finish, left_side, owner_of, slug_of
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import affiliation_requests as requests
from davserver.vault import affiliations

MOST_AT_ONCE = 50
"""Affiliations per round; the next round does the rest."""


def end_those_over(tools: Tools, now: datetime) -> int:
    """How many. Each in its own transaction: one damaged trail holds up no other."""
    with tools.db.read() as tx:
        found = affiliations.over(tx, tools.keys, now, MOST_AT_ONCE)
    ended = 0
    for one in found:
        try:
            ended += tools.db.write(partial(_end, tools, one, now))
        except Damaged:
            # `abri trail verify` says which. It gives nobody anything meanwhile.
            sound(Alarm.AFFILIATION_NOT_ENDED, affiliation=one.id.hex())
    return ended


def _end(tools: Tools, seen: Affiliation, now: datetime, tx: Connection) -> bool:
    """False when somebody ended or renewed it meanwhile."""
    one = affiliations.between(tx, tools.keys, seen.vault, seen.structure)
    if one is None or one.state is not AffiliationState.CONFIRMED or one.is_live(now):
        return False
    by_date = one.ends is not None and one.ends <= now
    how = Ending.DATE if by_date else Ending.IDLE
    finish(tx, tools, one, how, None, now)
    says = {
        "vault": one.vault.hex(),
        "structure": slug_of(tx, tools, one.structure),
        "why": how.value,
    }
    people = left_side(tx, tools, one, now) | owner_of(tx, tools, one.vault, now)
    tell(tx, tools, NoticeKind.AFFILIATION_OVER, people, says, now)
    return True


def forget_requests(tools: Tools, now: datetime) -> int:
    """How many. They name people as somebody typed them, whether these exist or not."""
    before = now - FORGOTTEN
    with tools.db.read() as tx:
        if not requests.expired(tx, before, 1):
            return 0

    def work(tx: Connection) -> int:
        stamps = requests.remove(tx, requests.expired(tx, before, MOST_AT_ONCE))
        details = {"by": "retention", "requests": str(len(stamps))}
        rows = row_stamps(stamps)
        event = Event(vault=None, what=What.ERASE, who=None, rows=rows, details=details)
        tools.trail.record(tx, event, now)
        return len(stamps)

    return tools.db.write(work)
