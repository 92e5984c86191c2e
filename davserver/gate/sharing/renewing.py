"""Renewing: a grant that is not over gets another end, and keeps its names on the other side."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.register import bump_revocation
from davserver.domain.actions import Action
from davserver.domain.decisions import Permit
from davserver.domain.drive import GrantView
from davserver.domain.errors import BadInput, NotFound, Reason
from davserver.domain.ids import GrantId
from davserver.domain.people import Principal
from davserver.gate.acting import refuse
from davserver.gate.consent import asks_owner
from davserver.gate.places import Place
from davserver.gate.shares import GrantState
from davserver.gate.sharing.giving import require_grantee
from davserver.gate.sharing.ledger import ALONE, Beside, Ledger, require_to_come
from davserver.gate.sharing.resharing import bounded_end, require_way_on
from davserver.gate.sharing.taking_back import owner_of
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault.grants.rows import GrantRow

_RUNNING = frozenset({GrantState.LIVE, GrantState.UPCOMING, GrantState.RESTING})


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new end that a grant may get now. `place`: of what is shared, for whoever renews it."""

    before: GrantRow
    place: Place
    permit: Permit
    end: datetime | None

    @property
    def lengthens(self) -> bool:
        old = self.before.grant.until
        return old is not None and (self.end is None or self.end > old)


def renew(
    ledger: Ledger, tx: Connection, who: Principal, grant: GrantId, until: datetime | None
) -> GrantView:
    """In one transaction. Raises NotFound, BadInput, Denied."""
    sight, before = sight_of_giver(ledger, tx, who, grant)
    one = require_renewable(ledger, sight, before, until)
    if one.lengthens and asks_owner(ledger.tools, sight.who):
        raise refuse(one.place, one.permit.action, Reason.NEEDS_OWNER)
    return renewed(ledger, sight, one)


def sight_of_giver(
    ledger: Ledger, tx: Connection, who: Principal, grant: GrantId
) -> tuple[Sight, GrantRow]:
    """What whoever gives it sees, and the grant. Raises NotFound."""
    tools, now = ledger.tools, ledger.tools.clock()
    asking = tools.login.refreshed(tx, who, now)
    before = tools.grants.one(tx, grant)
    return Sight(tools, tx, _giver(ledger, tx, asking, before, now), now), before


def require_renewable(
    ledger: Ledger, sight: Sight, before: GrantRow, until: datetime | None
) -> Renewal:
    """Raises NotFound, BadInput, Denied."""
    _require_running(ledger, sight, before)
    place = sight.place_of(before.grant.vault, before.grant.node)
    if place is None:
        raise NotFound("what was shared is not there any more")
    permit = _permit(ledger, sight, place, before)
    return Renewal(before, place, permit, _end(ledger, sight, before, until))


def renewed(ledger: Ledger, sight: Sight, one: Renewal, beside: Beside = ALONE) -> GrantView:
    """Does it, and records it."""
    row = ledger.tools.grants.renew(sight.tx, one.before.grant.id, one.end)
    rows = [row, *_shortened(ledger, sight, one.before, one.end)]
    bump_revocation(sight.tx)
    return ledger.tell(sight.tx, What.RENEW_GRANT, one.permit, rows, sight.now, beside)[0]


def _giver(
    ledger: Ledger, tx: Connection, asking: Principal, row: GrantRow, now: datetime
) -> Principal:
    """The owner; or, of what was shared on, whoever shared it on. Raises NotFound."""
    grant = row.grant
    if grant.parent is None or asking.vault == grant.vault:
        return owner_of(ledger, tx, asking, grant.vault, now)
    if asking.operator is not None and asking.vault is None:
        if asking.id == row.by:
            return asking
        login = ledger.registered.logins(tx, {row.by}).get(row.by, "")
        return ledger.registered.operator_for(tx, login, asking.operator, now)
    if asking.id == row.by:
        return asking
    raise NotFound("there is no such grant")


def _require_running(ledger: Ledger, sight: Sight, row: GrantRow) -> None:
    """Raises BadInput."""
    state = ledger.shares.states(sight.tx, [row], sight.now)[row.grant.id]
    if state not in _RUNNING:
        raise BadInput(f"that grant is {state.value}: give it anew (abri grant add)")


def _permit(ledger: Ledger, sight: Sight, place: Place, row: GrantRow) -> Permit:
    """The same that giving it would ask for. Raises NotFound, Denied."""
    if not place.owned:
        return require_way_on(sight, place, row.grant.right)
    permit = sight.require(Action.GRANT, place)
    require_grantee(ledger, sight, row.grant.to, place)
    return permit


def _end(ledger: Ledger, sight: Sight, row: GrantRow, until: datetime | None) -> datetime | None:
    """Raises BadInput."""
    if until is not None:
        require_to_come("until", until, sight.now)
        if until <= row.grant.starts:
            raise BadInput("until: the end must come after the start")
    if row.grant.parent is None:
        return until
    return bounded_end(until, ledger.tools.grants.one(sight.tx, row.grant.parent))


def _shortened(ledger: Ledger, sight: Sight, row: GrantRow, end: datetime | None) -> list[GrantRow]:
    """What was shared on from it never says a later end than it does."""
    if end is None:
        return []
    grants = ledger.tools.grants
    below = grants.shared_on(sight.tx, row.grant.vault, [row.grant.id])
    late = [one.grant for one in below if one.grant.until is None or one.grant.until > end]
    return [grants.renew(sight.tx, one.id, end) for one in late]
