"""Affiliations: a beneficiary is accompanied by a structure, and has said yes to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from davserver.domain.ids import AffiliationId, PersonId, RequestId, StructureId, VaultId

IDLE = timedelta(days=730)
"""Without activity of the structure for two years it ends by itself (docs/sharing.md)."""

UNANSWERED = timedelta(days=30)
"""Then a request expires; until then there is no other one by the same person for the same login,
unless it was confirmed: so nobody gets more than five tries at a code in that time.
"""

FORGOTTEN = timedelta(days=30)
"""So long after its expiry a request is forgotten: it names somebody as a professional typed it."""

MOST_TRIES = 5
"""Wrong codes that a request takes. After them only the beneficiary's own sign-in confirms it."""


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

    @classmethod
    def begun(
        cls,
        identity: AffiliationId,
        vault: VaultId,
        structure: StructureId,
        confirmed: datetime,
        now: datetime,
        ends: datetime | None = None,
    ) -> "Affiliation":
        """One that holds from `confirmed` on; its two years without activity count from `now`."""
        return cls(
            id=identity,
            vault=vault,
            structure=structure,
            state=AffiliationState.CONFIRMED,
            confirmed=confirmed,
            ends=ends,
            ended=None,
            ended_by=None,
            last_activity=now,
        )

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


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Ending(StrEnum):
    """How an affiliation ended. Words of the trail and of notices."""

    LEFT = "left"
    RELEASED = "released"
    DATE = "date"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class AffiliationRequest:
    """A professional asks somebody to accept their structure. `login` is as it was typed; `vault`
    is None where it names no beneficiary, which must not show anywhere. `ends`: of the affiliation.
    """

    id: RequestId
    structure: StructureId
    by: PersonId
    vault: VaultId | None
    login: str
    code_mac: bytes
    tries: int
    requested: datetime
    expires: datetime
    ends: datetime | None
    answered: datetime | None
    answer: Answer | None

    def is_open(self, now: datetime) -> bool:
        """It can be answered. An end that is past by now can no longer be agreed to."""
        in_time = now < self.expires and (self.ends is None or now < self.ends)
        return self.answer is None and in_time

    def takes_codes(self, now: datetime) -> bool:
        return self.is_open(now) and self.tries < MOST_TRIES

    def bars_another(self, now: datetime) -> bool:
        """Whether its maker has to wait before they ask the same again."""
        return self.answer is not Answer.CONFIRMED and now < self.expires
