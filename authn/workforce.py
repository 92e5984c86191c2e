"""Everybody who can be on the other side of a grant, at one moment: for questions about all of them
at once. Altered rows count as absent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from authn.registered import Registered
from authn.rows import fetch, is_genuine, membership_from
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.ids import PersonId, StructureId
from davserver.domain.people import AccountState, Membership, Person, Role, Structure
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may sign in and has no vault of their own. `memberships` hold now."""

    id: PersonId
    role: Role
    memberships: tuple[Membership, ...]

    @property
    def acting(self) -> Structure | None:
        """Where they have been longest: whom they act for with a grant by name."""
        first = min(self.memberships, key=lambda one: (one.starts, one.id), default=None)
        return first.structure if first else None

    @property
    def structures(self) -> frozenset[StructureId]:
        return frozenset(one.structure.id for one in self.memberships)


@dataclass(frozen=True, slots=True)
class Team:
    """People of one role who, of the structures asked about, work in exactly these."""

    role: Role
    structures: frozenset[StructureId]
    people: frozenset[PersonId]


class Workforce:
    """Read once; then asked."""

    def __init__(
        self, tx: Connection, keys: InstanceKeys, named: Collection[PersonId], now: datetime
    ) -> None:
        """`named`: who else counts besides those who work in some structure."""
        memberships = _memberships(tx, keys, now)
        known = Registered(keys).people(tx, {*named, *memberships})
        owners = _owners(tx, keys, known)
        self.people = {
            one.id: Colleague(one.id, one.role, tuple(memberships.get(one.id, ())))
            for one in known.values()
            if one.state is AccountState.ACTIVE and one.id not in owners
        }
        self.structures: dict[StructureId, Structure] = {}
        self._members: dict[StructureId, list[Colleague]] = {}
        for one in self.people.values():
            for membership in one.memberships:
                self.structures[membership.structure.id] = membership.structure
            for structure in one.structures:
                self._members.setdefault(structure, []).append(one)
        self._teams: dict[frozenset[StructureId], tuple[Team, ...]] = {}

    def teams(self, structures: frozenset[StructureId]) -> tuple[Team, ...]:
        """Everybody who works in any of these."""
        found = self._teams.get(structures)
        if found is None:
            found = self._teams[structures] = self._sorted_out(structures)
        return found

    def _sorted_out(self, structures: frozenset[StructureId]) -> tuple[Team, ...]:
        sets: dict[tuple[Role, frozenset[StructureId]], set[PersonId]] = {}
        for structure in structures:
            for one in self._members.get(structure, ()):
                sets.setdefault((one.role, one.structures & structures), set()).add(one.id)
        return tuple(Team(role, there, frozenset(who)) for (role, there), who in sets.items())


def _memberships(
    tx: Connection, keys: InstanceKeys, now: datetime
) -> dict[PersonId, list[Membership]]:
    starts, ends = t.membership.c.starts, t.membership.c.ends
    holds = and_(starts <= to_us(now), or_(ends.is_(None), ends > to_us(now)))
    structures = {row["id"]: row for row in fetch(tx, select(t.structure))}
    found: dict[PersonId, list[Membership]] = {}
    for row in fetch(tx, select(t.membership).where(holds)):
        if row["structure_id"] in structures:
            one = membership_from(keys, row, structures[row["structure_id"]])
            if one is not None:
                found.setdefault(PersonId(row["person_id"]), []).append(one)
    return found


def _owners(tx: Connection, keys: InstanceKeys, people: dict[PersonId, Person]) -> set[PersonId]:
    """Those of them who have a vault: their drive shows that, and nothing that is shared."""
    if all(one.role is not Role.BENEFICIARY for one in people.values()):
        return set()
    whose = [one.id for one in people.values() if one.role is Role.BENEFICIARY]
    rows = fetch(tx, select(t.vault).where(t.vault.c.owner_id.in_(whose)))
    return {
        PersonId(row["owner_id"])
        for row in rows
        if row["erased_at"] is None and is_genuine(keys, t.vault, row)
    }


def active_by_role(tx: Connection) -> dict[Role, int]:
    """How many may sign in; as the columns say, for a count gives nobody a right."""
    active = t.person.c.state == AccountState.ACTIVE.value
    counted = select(t.person.c.role, func.count()).where(active).group_by(t.person.c.role)
    return {Role(role): number for role, number in tx.execute(counted)}
