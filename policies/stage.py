"""Made-up people, documents, networks and hours: any question that words can ask, put to the real
judge. Nobody and nothing here exists.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

from davserver.domain.actions import Action, Category, Relation, Right, Strength, Zone
from davserver.domain.decisions import Decision, Target
from davserver.domain.grants import Grant, Grantee, ToPerson, ToStructure
from davserver.domain.ids import GrantId, MembershipId, NodeId, PersonId, StructureId, VaultId
from davserver.domain.people import (
    AccountState,
    Epoch,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
    StructureKind,
)
from policies.decider import Judge
from policies.hours import Calendar, Opening
from policies.networks import Network, Networks
from policies.snapshot import Snapshot
from policies.ties import tie_of
from policies.vocabulary import CLOSED, NO_STRUCTURE, Point

VAULT = VaultId(b"trial: a vault".ljust(16))
OTHER_VAULT = VaultId(b"trial: another".ljust(16))
SOMEBODY = PersonId(b"trial: somebody".ljust(16))
SOMEBODY_ELSE = PersonId(b"trial: an other".ljust(16))

_NODE = NodeId(b"trial: a folder".ljust(16))
_GRANT = GrantId(b"trial: a grant".ljust(16))
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_BEFORE = _MONDAY - timedelta(days=400)
_ADDRESSES = {zone: f"192.0.2.{number}" for number, zone in enumerate(Zone, 1)}
_CLOCK = "UTC"


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to do what to which target, and when."""

    who: Principal
    action: Action
    target: Target
    now: datetime


class Stage:
    """The rules of a snapshot with networks and hours in which every zone and slot can be had."""

    def __init__(self, snapshot: Snapshot, judge: type[Judge] = Judge) -> None:
        slots = snapshot.calendar.slots
        openings = tuple(Opening(slot, 0, n, n + 1) for n, slot in enumerate(slots))
        self._moments = {slot: _MONDAY + timedelta(minutes=n) for n, slot in enumerate(slots)}
        self._moments[CLOSED] = _MONDAY + timedelta(days=1)
        self._slugs = snapshot.slugs
        networks: dict[Network, Zone] = {IPv4Network(_ADDRESSES[zone]): zone for zone in Zone}
        self.judge = judge(
            replace(snapshot, networks=Networks(networks), calendar=Calendar(openings, _CLOCK))
        )

    def question(self, point: Point, right: Right = Right.WRITE) -> Question:
        """The question whose words are those of `point`, with a live grant where the relation
        says so. Contradicting words (a manager who owns a vault) make the best of it: then the
        judge sees no relation.
        """
        relation = Relation(point.relation)
        where = None if point.structure == NO_STRUCTURE else self._structure(point.structure)
        who = Principal(
            person=_person(Role(point.role)),
            credential=None,
            strength=Strength(point.auth),
            read_only=False,
            memberships=(_membership(where),) if where else (),
            vault=VAULT if _has_vault(point) else None,
            epoch=Epoch(1, 1, 1),
            address=_ADDRESSES[Zone(point.zone)],
        )
        target = _target(relation, Action(point.action), Category(point.category), who, where)
        if target.grant is not None:
            target = replace(target, grant=replace(target.grant, right=right))
        return Question(who, Action(point.action), target, self._moments[point.slot])

    def ask(self, one: Question) -> Decision:
        return self.judge.decide(one.who, one.action, one.target, one.now)

    def point(self, one: Question) -> Point:
        """The words that the judge sees in this question."""
        tie = tie_of(one.who, one.target, one.now)
        return self.judge.point(one.who, one.action, one.target, tie, one.now)

    def _structure(self, word: str) -> Structure:
        kind = self._slugs.get(word)
        if kind is not None:
            return made_up_structure(word, kind)
        slug = f"some-{word}"
        while slug in self._slugs:
            slug = f"some-{slug}"
        return made_up_structure(slug, StructureKind(word))


def made_up_structure(slug: str, kind: StructureKind) -> Structure:
    return Structure(StructureId(slug.encode().ljust(16)), slug, slug, kind, _CLOCK)


def _person(role: Role) -> Person:
    return Person(SOMEBODY, "somebody", "Somebody", role, AccountState.ACTIVE, "en")


def _membership(where: Structure) -> Membership:
    return Membership(MembershipId(where.id), where, _BEFORE, None)


def _has_vault(point: Point) -> bool:
    return point.role == Role.BENEFICIARY and point.relation == Relation.OWNER


def _target(
    relation: Relation,
    action: Action,
    category: Category,
    who: Principal,
    where: Structure | None,
) -> Target:
    match relation:
        case Relation.OWNER if who.vault is None:
            return Target(None, relation, category, person=who.id)
        case Relation.OWNER:
            return Target(VAULT, relation, category)
        case Relation.GRANTEE:
            return Target(VAULT, relation, category, grant=_granted(ToPerson(who.id)))
        case Relation.VIA_STRUCTURE:
            grant = _granted(ToStructure(where.id)) if where else None
            return Target(VAULT, relation, category, grant=grant, structure=where)
        case Relation.MANAGES:
            return Target(None, relation, category, structure=where, person=SOMEBODY_ELSE)
        case Relation.NONE if action in {Action.AUDIT, Action.ACCOUNT}:
            return Target(None, relation, category)
        case Relation.NONE:
            return Target(VAULT, relation, category)


def _granted(to: Grantee) -> Grant:
    return Grant(
        id=_GRANT,
        vault=VAULT,
        node=_NODE,
        to=to,
        right=Right.WRITE,
        starts=_BEFORE,
        until=None,
        ended=None,
        folder="Somebody",
        name="A folder",
        allowance=0,
        created=_BEFORE,
    )
