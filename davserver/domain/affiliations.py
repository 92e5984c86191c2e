"""Affiliations: a beneficiary is accompanied by a structure, and has said yes to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from davserver.domain.ids import AffiliationId, PersonId, StructureId, VaultId

IDLE = timedelta(days=730)
"""Without activity of the structure for two years it ends by itself (terms of the service that
Abri re-implements, research/domain.md §1.3).
"""


class AffiliationState(StrEnum):
    CONFIRMED = "confirmed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Affiliation:
    """One per vault and structure, from `confirmed` (included) until it ends (excluded), UTC.

    What the beneficiary grants to the structure holds only as long: `covers`. One that is
    confirmed again after its end brings nothing back.
    """

    id: AffiliationId
    vault: VaultId
    structure: StructureId
    state: AffiliationState
    confirmed: datetime
    ends: datetime | None
    ended: datetime | None
    ended_by: PersonId | None
    last_activity: datetime
    requested_by: PersonId | None = None
    requested: datetime | None = None

    @property
    def over_at(self) -> datetime:
        """When it ends by itself, if nothing happens before."""
        idle = self.last_activity + IDLE
        return idle if self.ends is None else min(self.ends, idle)

    def is_live(self, now: datetime) -> bool:
        return self.state is AffiliationState.CONFIRMED and self.confirmed <= now < self.over_at

    def covers(self, given: datetime, now: datetime) -> bool:
        """Whether a grant to the structure, made at `given`, stands on this affiliation."""
        return self.is_live(now) and self.confirmed <= given
