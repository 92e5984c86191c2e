"""Offers: what an operator would share in a beneficiary's name, where the owner is to say yes.

An offer gives nobody anything. Accepted, it is made as the owner's own grant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from davserver.domain.actions import Right
from davserver.domain.grants import Grantee
from davserver.domain.ids import GrantId, NodeId, OfferId, VaultId

UNANSWERED = timedelta(days=30)
"""Then an offer can no longer be accepted."""

FORGOTTEN = timedelta(days=30)
"""So long after its expiry an offer is forgotten. What was said to it stays in the trail."""


class OfferAnswer(StrEnum):
    """Stored words."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class OfferState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Offer:
    """`starts` None: when it is accepted. `renews`: the grant whose end would move to `until`; what
    else is said here is as it was in that grant. `operator`: as they called themselves.
    """

    id: OfferId
    vault: VaultId
    node: NodeId
    to: Grantee
    right: Right
    starts: datetime | None
    until: datetime | None
    purpose: str
    renews: GrantId | None
    operator: str
    created: datetime
    expires: datetime
    answered: datetime | None = None
    answer: OfferAnswer | None = None

    def state(self, now: datetime) -> OfferState:
        """One whose grant would be over by now has expired with it."""
        if self.answer is not None:
            return OfferState(self.answer.value)
        over = self.expires <= now or (self.until is not None and self.until <= now)
        return OfferState.EXPIRED if over else OfferState.WAITING

    def begins(self, now: datetime) -> datetime | None:
        """When a grant that is accepted now begins; None: at once."""
        return self.starts if self.starts is not None and self.starts > now else None
