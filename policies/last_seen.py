"""What the folder of policy files was when it was last looked at: for people, not for decisions."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from davserver.db.clock import from_us, to_us
from davserver.db.tables import policy_folder as table

_ONLY_ROW = 1
_MOST_PROBLEMS = 100


class Verdict(StrEnum):
    """What stands between a folder and being in force."""

    IN_FORCE = "in-force"
    WAITING = "waiting"
    NEEDS_APPROVAL = "needs-approval"
    REFUSED = "refused"
    FAILED = "failed"
    UNSIGNED = "unsigned"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Seen:
    """`held`: the digest of a set that a rollback left in the folder: it is not put in force again
    by itself.
    """

    digest: str
    verdict: Verdict
    problems: tuple[str, ...]
    at: datetime
    held: str | None

    def says_the_same(self, other: "Seen") -> bool:
        return (self.digest, self.verdict, self.held) == (other.digest, other.verdict, other.held)


def fetch(tx: Connection) -> Seen | None:
    row = tx.execute(select(table).where(table.c.id == _ONLY_ROW)).one_or_none()
    if row is None:
        return None
    try:
        problems = tuple(str(one) for one in json.loads(row.problems))
        return Seen(row.digest, Verdict(row.verdict), problems, from_us(row.seen_at), row.held)
    except (TypeError, ValueError):
        return None


def write(tx: Connection, seen: Seen) -> None:
    tx.execute(delete(table))
    tx.execute(
        insert(table).values(
            id=_ONLY_ROW,
            digest=seen.digest,
            verdict=seen.verdict.value,
            problems=json.dumps(seen.problems[:_MOST_PROBLEMS]).encode(),
            seen_at=to_us(seen.at),
            held=seen.held,
        )
    )
