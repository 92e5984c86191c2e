"""Grants: a beneficiary lets a professional or a structure do something below one node."""

from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import GIVEN, Action, Right
from davserver.domain.ids import GrantId, NodeId, PersonId, StructureId, VaultId
from davserver.domain.lean import lean


@dataclass(frozen=True, slots=True)
class ToPerson:
    id: PersonId


@dataclass(frozen=True, slots=True)
class ToStructure:
    id: StructureId


Grantee = ToPerson | ToStructure


@lean(frozen=True, slots=True)
class Grant:
    """Rights on one node and all below it, from `starts` (included) to `until` (excluded), UTC.

    `folder` and `name` are how the other side sees it: /folder/name. Both are fixed for the
    grant's life. `allowance` is how many bytes the other side may add (DESIGN §4).

    `parent` is the grant that a re-share stands on; then it reaches only what also lies `within`
    that grant's node. What a book of grants gives out as live has its effective end in `until`:
    never later than what it stands on.
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
    parent: GrantId | None = None
    within: NodeId | None = None

    def is_live(self, now: datetime) -> bool:
        return (
            self.ended is None and self.starts <= now and (self.until is None or now < self.until)
        )

    def gives(self, action: Action) -> bool:
        return action in GIVEN[self.right]
