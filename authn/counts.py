"""What the throttle keeps under one key, as a row of any statement tells it."""

from dataclasses import dataclass
from datetime import datetime

from authn.rows import Row
from davserver.db.clock import from_us


@dataclass(frozen=True, slots=True)
class Count:
    """`failures` at `last`, blocked until `until`."""

    failures: int
    last: datetime
    until: datetime


def count_in(row: Row, name: str) -> Count | None:
    if row[f"{name}__key"] is None:
        return None
    return Count(
        row[f"{name}__failures"],
        from_us(row[f"{name}__last_at"]),
        from_us(row[f"{name}__blocked_until"]),
    )
