"""How people come to work in a structure, and leave it. Whoever calls has asked whether it may be
done; all of it is inside their transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from authn.register import bump_revocation
from authn.rows import Stamp
from authn.texts import quoted
from davserver.domain.errors import AlreadyThere, BadInput, NotFound
from davserver.domain.people import LOCAL, Membership, Person, Role, Structure
from davserver.gate.people.desk import Change, Desk
from davserver.gate.people.resting import Resting
from davserver.trail import What
from davserver.vault import affiliations
from davserver.vault.locks.ends import forget_member

STAFF = frozenset({Role.PROFESSIONAL, Role.MANAGER})
"""Who has a place in structures. A beneficiary is tied to one by affiliation and grants alone, an
administrator to none: a grant to a structure reaches all who are in it.
"""


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts` (included) to `ends` (excluded), UTC."""

    starts: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody leaves a structure at `ends`: how many grants to the structure they lose with it,
    and how many of its beneficiaries' grants to them by name remain.
    """

    ends: datetime
    lost: int
    personal: int


def join(desk: Desk, rule: str, person: Person, structure: Structure, span: Span) -> Membership:
    """Raises as `require_room`."""
    membership, stamp = enter(desk, person, structure, span)
    details = {"structure": structure.slug, "membership": membership.id.hex()}
    desk.record(Change(What.MEMBERSHIP_ADD, rule, (stamp,), details), person)
    if membership.holds(desk.now):
        Resting(desk.tools, desk.tx, desk.now).resume(person.id, {structure.id})
    return membership


def enter(desk: Desk, person: Person, structure: Structure, span: Span) -> tuple[Membership, Stamp]:
    """The row alone: it is for the caller to record it."""
    require_room(desk, person, structure, span)
    return desk.register.add_membership(desk.tx, person, structure, span.starts, span.ends)


def require_room(desk: Desk, person: Person, structure: Structure, span: Span) -> None:
    """Raises BadInput for a time that is over, AlreadyThere where they are there at that time."""
    if span.ends is not None and span.ends <= max(span.starts, desk.now):
        raise BadInput("the membership would be over before it begins; choose a later end")
    if any(_overlap(span, one) for one in lasting(desk, person, structure)):
        raise AlreadyThere(
            f"{quoted(person.login)} is in {quoted(structure.slug)} at that time already; end that "
            "first"
        )


def leave(desk: Desk, rule: str, person: Person, structure: Structure, ends: datetime) -> None:
    """Whatever they hold there then, or would hold later; what they locked for it is free then.
    Raises NotFound when that is nothing, BadInput for a moment that is past, or later than they
    leave anyway, and for what a directory would give back.
    """
    slug = structure.slug
    if ends < desk.now:
        raise BadInput(f"{ends.isoformat()}: that is over; choose a moment to come")
    there = lasting(desk, person, structure)
    if not there:
        raise NotFound(f"{quoted(person.login)} is not in {quoted(slug)}; nothing was changed")
    ending = [one for one in there if one.ends is None or one.ends > ends]
    if not ending:
        raise BadInput(f"{quoted(person.login)} leaves {quoted(slug)} by then anyway")
    _require_local(person, slug, ending)
    stamps = tuple(desk.register.end_membership(desk.tx, one.id, ends) for one in ending)
    bump_revocation(desk.tx)
    if ends == desk.now:
        forget_member(desk.tx, person.id, structure.id)
    details = {"structure": slug} | ({"ends": ends.isoformat()} if ends > desk.now else {})
    desk.record(Change(What.MEMBERSHIP_END, rule, stamps, details), person)


def departure(desk: Desk, person: Person, structure: Structure, ends: datetime) -> Departure:
    """Counted over grants that are live now."""
    grants, keys = desk.tools.grants, desk.tools.keys
    team = grants.folders_for(desk.tx, {structure.id}, desk.now)
    named = grants.folders_for(desk.tx, {person.id}, desk.now)
    theirs = affiliations.with_structure(desk.tx, keys, structure.id, {one.vault for one in named})
    vaults = {one.vault for one in theirs if one.is_live(desk.now)}
    return Departure(
        ends=ends,
        lost=sum(len(one.grants) for one in team),
        personal=sum(len(one.grants) for one in named if one.vault in vaults),
    )


def lasting(desk: Desk, person: Person, structure: Structure) -> list[Membership]:
    """Theirs in it that are not over; perhaps some that are to come."""
    return [
        one
        for one in desk.registered.memberships(desk.tx, person.id)
        if one.structure.id == structure.id and (one.ends is None or one.ends > desk.now)
    ]


def _require_local(person: Person, slug: str, ending: Collection[Membership]) -> None:
    """Raises BadInput: the directory would give it back within minutes."""
    for one in ending:
        if one.source != LOCAL:
            raise BadInput(
                f"{quoted(person.login)} is in {quoted(slug)} by {one.source}: take them out of "
                "the group there, or keep them out of everything with `abri person disable`"
            )


def _overlap(span: Span, other: Membership) -> bool:
    begins_before_end = other.ends is None or span.starts < other.ends
    return begins_before_end and (span.ends is None or other.starts < span.ends)
