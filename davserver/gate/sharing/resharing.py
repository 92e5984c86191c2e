"""Sharing on: a professional lets a colleague reach what they reach, where the policy allows it.

Never with more rights nor for longer than the grant that it stands on, and only once: what was
shared on is not shared on again. That it still stands is judged at every use
(`davserver.vault.grants.standing`).
"""

from dataclasses import replace
from datetime import datetime

from davserver.domain.actions import GIVEN, Action, Right
from davserver.domain.decisions import Denial, Permit
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason
from davserver.domain.grants import ToPerson
from davserver.gate.acting import refuse
from davserver.gate.consent import asks_owner
from davserver.gate.denied import Denied
from davserver.gate.judging import UNTIED
from davserver.gate.places import Place, thing_of
from davserver.gate.sharing.ledger import Ledger, Wish, overlap, require_sensible
from davserver.gate.sight import Sight
from davserver.trail import What
from davserver.vault.grants.rows import GrantRow


def share_on(ledger: Ledger, sight: Sight, place: Place, wish: Wish) -> GrantView:
    """In one transaction. Raises NotFound, AlreadyThere, BadInput, Denied."""
    node, vault = place.node, place.vault
    if node is None or vault is None:
        raise refuse(place, Action.REGRANT, Reason.DRIVE_ROOT)
    permit = require_way_on(sight, place, wish.right)
    if not isinstance(wish.to, ToPerson):
        # A structure works for somebody who said yes to it: nobody says that for them.
        raise refuse(place, Action.REGRANT, Reason.OWNER_ONLY)
    if asks_owner(ledger.tools, sight.who):
        # Theirs is the vault's owner to ask, and that is another grant: the owner's own.
        raise refuse(place, Action.REGRANT, Reason.NEEDS_OWNER)
    ledger.professional(sight.tx, wish.to)
    parent = _parent_of(ledger, sight, permit)
    bounded = replace(wish, until=bounded_end(wish.until, parent))
    require_sensible(bounded, node, sight.now)
    _require_new(ledger, sight, place, bounded)
    owner = ledger.registered.people(sight.tx, {vault.owner}).get(vault.owner)
    if owner is None:
        raise NotFound("the account of this vault's owner is damaged: see the log")
    row = ledger.insert(sight, bounded, node, owner, parent)
    (view,) = ledger.tell(sight.tx, What.GRANT, permit, [row], sight.now)
    # The owner's path names folders above, which they cannot see.
    return replace(view, path=str(wish.path))


def way_on(sight: Sight, place: Place, right: Right | None = None) -> Permit | Denial:
    """By the owner's own grant that lasts longest, among those that give `right`."""
    permits: list[Permit] = []
    denials: list[Denial] = []
    for target in place.targets():
        decision = sight.judge.decide(sight.who, Action.REGRANT, target, sight.now)
        grant = target.grant
        if isinstance(decision, Denial):
            denials.append(decision)
        elif grant is None or grant.parent is not None:
            denials.append(Denial(Action.REGRANT, Reason.OWNER_ONLY))
        elif right is not None and not GIVEN[right] <= GIVEN[grant.right]:
            denials.append(Denial(Action.REGRANT, Reason.READ_ONLY))
        else:
            permits.append(decision)
    if permits:
        return max(permits, key=_lasts)
    return denials[0] if denials else Denial(Action.REGRANT, Reason.POLICY)


def require_way_on(sight: Sight, place: Place, right: Right) -> Permit:
    """Raises Denied."""
    decision = way_on(sight, place, right)
    targets = [decision.target] if isinstance(decision, Permit) else place.targets()
    sight.counting.decision(decision, (*targets, UNTIED)[0], thing_of(place))
    if isinstance(decision, Denial):
        raise Denied(place, decision)
    return decision


def bounded_end(until: datetime | None, parent: GrantRow) -> datetime | None:
    """No end means that of what it stands on. Raises BadInput for a later one."""
    last = parent.grant.until
    if until is None or last is None:
        return until or last
    if until > last:
        raise BadInput(
            f"until {until.isoformat()}: what it stands on ends at {last.isoformat()}; "
            "choose a moment before"
        )
    return until


def _lasts(permit: Permit) -> tuple[bool, datetime]:
    grant = permit.target.grant
    assert grant is not None  # noqa: S101 — ways on are grants
    return grant.until is None, grant.until or grant.created


def _parent_of(ledger: Ledger, sight: Sight, permit: Permit) -> GrantRow:
    grant = permit.target.grant
    assert grant is not None  # noqa: S101 — ways on are grants
    return ledger.tools.grants.one(sight.tx, grant.id)


def _require_new(ledger: Ledger, sight: Sight, place: Place, wish: Wish) -> None:
    """Only what they themselves shared on counts: whom else the owner chose is not theirs to know.

    Raises AlreadyThere.
    """
    assert place.node is not None  # noqa: S101 — asked of nodes only
    there = ledger.tools.grants.standing(sight.tx, wish.to, place.node.id, sight.now)
    mine = (row.grant for row in there if row.by == sight.who.id)
    if wish.to.id == sight.who.id or any(overlap(wish, grant, sight.now) for grant in mine):
        raise AlreadyThere("that is shared with them already: end that first, or renew it")
