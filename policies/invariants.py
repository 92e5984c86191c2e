"""What no file can change: access needs ownership or a live grant (DESIGN §2.1).

Rules only narrow what stands here. The tables are literal, and a test asks that they are complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from davserver.domain.actions import GRANTABLE, Action, Relation, Right
from davserver.domain.errors import Reason
from davserver.domain.grants import Grant
from davserver.domain.people import AccountState, Principal, Role

CONTENT: frozenset[Action] = frozenset(Action) - {Action.AUDIT, Action.ACCOUNT}
"""Actions on documents and on who may reach them: only with ownership or a live grant."""

READS_NOTHING = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
"""Roles that never reach a document, whatever is granted to them or to their structure."""

OWN_REVOKE = "invariant/own-revoke"
"""The rule behind a beneficiary's `revoke`: nobody can be locked into a share."""

ON_A_READ_ONLY_DEVICE: dict[Action, bool] = {
    Action.LIST: True,
    Action.GET: True,
    Action.PUT: False,
    Action.MKCOL: False,
    Action.LOCK: False,
    Action.MOVE: False,
    Action.RECALL: False,
    Action.DELETE: False,
    Action.GRANT: False,
    Action.REGRANT: False,
    Action.REVOKE: True,
    Action.AUDIT: True,
    Action.ACCOUNT: False,
}
"""What a credential marked read-only may still be used for. `revoke` only takes access away.
Whoever changed too many of somebody's documents within a minute goes on there as on such a device.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no that no rule can turn. `rule` names the invariant."""

    reason: Reason
    rule: str


NOBODY = Refusal(Reason.NO_GRANT, "invariant/no-grant")
BLOCKED = Refusal(Reason.POLICY, "invariant/account-blocked")
READ_ONLY_DEVICE = Refusal(Reason.READ_ONLY_DEVICE, "invariant/read-only-device")
OWNER_ONLY = Refusal(Reason.OWNER_ONLY, "invariant/owner-only")
READ_ONLY = Refusal(Reason.READ_ONLY, "invariant/read-only-grant")
PAUSED = Refusal(Reason.TOO_MANY_CHANGES, "invariant/paused")
DEPOSIT_ONLY = Refusal(Reason.DEPOSIT_ONLY, "invariant/deposit-only-grant")
REFUSALS = (NOBODY, BLOCKED, READ_ONLY_DEVICE, OWNER_ONLY, READ_ONLY, PAUSED, DEPOSIT_ONLY)

_ACTIVE = AccountState.ACTIVE

GRANTED = frozenset({Relation.GRANTEE, Relation.VIA_STRUCTURE})
"""The relations that a grant makes."""


def refusal(
    who: Principal, action: Action, relation: Relation, grant: Grant | None
) -> Refusal | None:
    """Why this can never be, or None when the rules decide. `relation` is as the facts have it."""
    if who.person.state is not _ACTIVE and not _ends_for_them(who, action):
        return BLOCKED
    never = _NEVER[who.person.role, relation, action]
    if never is not None:
        return never
    if who.read_only and not ON_A_READ_ONLY_DEVICE[action]:
        return READ_ONLY_DEVICE
    if relation in GRANTED and not (grant and grant.gives(action)):
        return DEPOSIT_ONLY if grant and grant.right is Right.DEPOSIT else READ_ONLY
    if grant and grant.vault in who.paused and not ON_A_READ_ONLY_DEVICE[action]:
        return PAUSED
    return None


def _ends_for_them(who: Principal, action: Action) -> bool:
    """A blocked beneficiary's shares can still be ended by an operator on their behalf."""
    return who.operator is not None and action is Action.REVOKE


def reachable(role: Role, relation: Relation, action: Action) -> bool:
    """Whether anything ties this role to what the action is about."""
    if action in CONTENT:
        return role not in READS_NOTHING and (relation is Relation.OWNER or relation in GRANTED)
    match relation:
        case Relation.OWNER:
            return True
        case Relation.MANAGES:
            return role is Role.MANAGER
        case Relation.NONE:
            return role is Role.ADMINISTRATOR
        case Relation.GRANTEE | Relation.VIA_STRUCTURE:
            return role not in READS_NOTHING


def possible(role: Role, relation: Relation, action: Action) -> bool:
    """False where no rule is ever honoured: the loader refuses an `allow` that only says this."""
    owner_only = relation in GRANTED and action not in GRANTABLE
    # What a whole team holds is not passed on: nobody in it was chosen by name.
    by_team = relation is Relation.VIA_STRUCTURE and action is Action.REGRANT
    return reachable(role, relation, action) and not owner_only and not by_team


def _never(role: Role, relation: Relation, action: Action) -> Refusal | None:
    if possible(role, relation, action):
        return None
    return OWNER_ONLY if reachable(role, relation, action) else NOBODY


_NEVER: Mapping[tuple[Role, Relation, Action], Refusal | None] = MappingProxyType(
    {one: _never(*one) for one in product(Role, Relation, Action)}
)
"""By words alone; worked out once, because each line of a listing asks for eight of them."""
