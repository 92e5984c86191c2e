"""Grants: a beneficiary lets a professional or a structure do something below one node."""

from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import Right
from davserver.domain.ids import GrantId, NodeId, PersonId, StructureId, VaultId


@dataclass(frozen=True, slots=True)
class ToPerson:
    id: PersonId


@dataclass(frozen=True, slots=True)
class ToStructure:
    id: StructureId


Grantee = ToPerson | ToStructure


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights on one node and all below it, from `starts` (included) to `until` (excluded), UTC.

    `folder` and `name` are how the other side sees it: /folder/name. Both are fixed for the
    grant's life. `allowance` is how many bytes the other side may add (DESIGN §4).
    """

    id: GrantId
    vault: VaultId
    node: NodeId
    to: Grantee
    right: Right
    starts: datetime
    until: datetime | None
    ended: datetime | None
    folder: str
    name: str
    allowance: int
    created: datetime

    def is_live(self, now: datetime) -> bool:
        return (
            self.ended is None and self.starts <= now and (self.until is None or now < self.until)
        )

    def gives(self, right: Right) -> bool:
        return self.right is Right.WRITE or right is self.right
