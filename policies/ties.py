"""What ties a person to a thing, recomputed from the facts: a claim of the caller is not enough."""

from datetime import datetime

from davserver.domain.actions import Relation
from davserver.domain.decisions import Target
from davserver.domain.grants import Grant, ToPerson
from davserver.domain.lean import lean
from davserver.domain.people import Membership, Principal, Role, Structure


@lean(frozen=True, slots=True)
class Tie:
    """`structure` is the one that the person acts for, if any. `until` (UTC) is the earliest end
    of the facts behind the tie; None when nothing ends it. `grant` is set only where it holds.
    """

    relation: Relation
    structure: Structure | None = None
    grant: Grant | None = None
    until: datetime | None = None


NO_TIE = Tie(Relation.NONE)
OWNS = Tie(Relation.OWNER)


def tie_of(who: Principal, target: Target, now: datetime) -> Tie:
    """The tie that the facts show; none at all where they contradict the claimed relation."""
    tie = OWNS if _owns(who, target) else _lent(who, target, now)
    return tie if tie.relation is target.relation else NO_TIE


def acting_membership(
    who: Principal, structure: Structure | None, now: datetime
) -> Membership | None:
    """The membership in that structure, else the one that began first: somebody with several who
    holds a personal grant acts for the structure that they have been in longest.
    """
    if not who.memberships:
        return None
    if len(who.memberships) == 1:  # nearly always, and whatever structure is meant
        (only,) = who.memberships
        return only if only.holds(now) else None
    holding = [m for m in who.memberships if m.holds(now)]
    if structure is not None:
        holding = [m for m in holding if m.structure.id == structure.id] or holding
    return min(holding, key=lambda m: (m.starts, m.id), default=None)


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _lent(who: Principal, target: Target, now: datetime) -> Tie:
    """By what somebody else said."""
    if target.grant is not None:
        return _through_grant(who, target, target.grant, now)
    if target.vault is None and who.person.role is Role.MANAGER:
        return _manages(who, target, now)
    return NO_TIE


def _owns(who: Principal, target: Target) -> bool:
    if target.person is not None and target.person != who.id:
        return False
    if target.vault is None:
        return target.person == who.id
    return who.vault == target.vault and _places_agree(target)


def _places_agree(target: Target) -> bool:
    node, parent, vault = target.node, target.parent, target.vault
    return (node is None or node.vault == vault) and (parent is None or parent.vault == vault)


def _through_grant(who: Principal, target: Target, grant: Grant, now: datetime) -> Tie:
    if grant.vault != target.vault or not grant.is_live(now) or not _places_agree(target):
        return NO_TIE
    if isinstance(grant.to, ToPerson):
        return _named(who, target, grant, now) if grant.to.id == who.id else NO_TIE
    return _team(who, target, grant, now)


def _named(who: Principal, target: Target, grant: Grant, now: datetime) -> Tie:
    membership = acting_membership(who, target.structure, now)
    if membership is None:
        return Tie(Relation.GRANTEE, None, grant, grant.until)
    until = earliest(grant.until, membership.ends)
    return Tie(Relation.GRANTEE, membership.structure, grant, until)


def _team(who: Principal, target: Target, grant: Grant, now: datetime) -> Tie:
    """Several memberships in one structure count as one, until the last of them ends."""
    holding = [m for m in who.memberships if m.holds(now) and m.structure.id == grant.to.id]
    if not holding or (target.structure is not None and target.structure.id != grant.to.id):
        return NO_TIE
    ends = [m.ends for m in holding if m.ends is not None]
    last = max(ends) if len(ends) == len(holding) else None
    return Tie(Relation.VIA_STRUCTURE, holding[0].structure, grant, earliest(grant.until, last))


def _manages(who: Principal, target: Target, now: datetime) -> Tie:
    wanted = target.structure.id if target.structure else None
    for membership in who.memberships:
        if membership.holds(now) and membership.structure.id == wanted:
            return Tie(Relation.MANAGES, membership.structure, None, membership.ends)
    return NO_TIE
