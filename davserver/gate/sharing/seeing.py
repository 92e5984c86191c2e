"""Who can see this, and why: the decisions of the verbs, with the facts that they came from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from authn.registered import NOBODY, Registered
from davserver.domain.actions import Action
from davserver.domain.decisions import Permit
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import ID_BYTES, MembershipId, PersonId
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import (
    AccountState,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
)
from davserver.gate.denied import Denied
from davserver.gate.places import Place, PlaceKind, covering
from davserver.gate.shares import STRUCTURE
from davserver.gate.sharing.insight import Can, Ground, Insight, Subject
from davserver.gate.sharing.unseen import Unseen, why_not
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.vault.grants import suspensions
from davserver.vault.grants.rows import GrantRow
from davserver.vault.nodes.rows import OpenVault

_ASKED = (Action.LIST, Action.GET, Action.PUT)


@dataclass(frozen=True, slots=True)
class _Thing:
    """What is asked about, and all grants that were ever given on it or on a folder above."""

    path: DrivePath
    vault: OpenVault
    chain: tuple[Node, ...]
    rows: dict[bytes, GrantRow]
    owner: Person


class Seeing:
    """Changes nothing and leaves no entry: no document is opened."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._registered = Registered(tools.keys)

    def why(
        self,
        owner: Principal,
        path: DrivePath,
        login: str,
        now: datetime,
        *,
        at: datetime | None = None,
    ) -> Insight:
        """Whether and why `login` sees what lies at `path` of `owner`, who asks, or on whose behalf
        somebody at the machine does. `at`: at a moment to come, as far as it is known today.

        Raises NotFound for an unknown login and where nothing is, BadInput for a moment past.
        """
        with self._tools.db.read() as tx:
            thing, when = self._thing(tx, owner, path, now), _when(at, now)
            who = replace(self._registered.operator_for(tx, login, "", when), operator=None)
            return self._of_person(tx, thing, who, when)

    def everybody(
        self, owner: Principal, path: DrivePath, now: datetime, *, at: datetime | None = None
    ) -> list[Insight]:
        """As `why`, for each person and structure with a live grant on it or on a folder above."""
        with self._tools.db.read() as tx:
            thing, when = self._thing(tx, owner, path, now), _when(at, now)
            nodes = {node.id for node in thing.chain}
            live = self._tools.grants.on_nodes(tx, thing.vault.id, nodes, when)
            reaching = covering(tuple(live), thing.chain, lambda _: True)
            found = [
                *self._of_people(tx, thing, {g.to.id for g in reaching if _named(g)}, when),
                *self._of_structures(tx, thing, reaching, owner, when),
            ]
        return sorted(found, key=lambda one: (one.subject.name, one.subject.login))

    def _thing(self, tx: Connection, asking: Principal, path: DrivePath, now: datetime) -> _Thing:
        """Raises NotFound."""
        owner = self._tools.login.refreshed(tx, asking, now)
        if owner.vault is None:
            raise NotFound(f"“{owner.person.login}” has no vault")
        # Somebody at the machine may ask for a blocked owner too, who finds nothing themselves.
        finding = replace(owner, person=replace(owner.person, state=AccountState.ACTIVE))
        place = Sight(self._tools, tx, finding, now).place(path)
        if place.node is None or place.vault is None:
            raise NotFound(f"nothing is at {path}")
        chain = (*place.above, place.node)
        ids = {node.id for node in chain}
        every = self._tools.grants.of_vault(tx, place.vault.id, ended=True)
        rows = {bytes(row.grant.id): row for row in every if row.grant.node in ids}
        return _Thing(path, place.vault, chain, rows, owner.person)

    def _of_people(
        self, tx: Connection, thing: _Thing, ids: Collection[bytes], at: datetime
    ) -> list[Insight]:
        people = self._registered.people(tx, {PersonId(one) for one in ids})
        who = [self._registered.operator_for(tx, one.login, "", at) for one in people.values()]
        return [self._of_person(tx, thing, replace(one, operator=None), at) for one in who]

    def _of_structures(
        self,
        tx: Connection,
        thing: _Thing,
        reaching: Sequence[Grant],
        asking: Principal,
        at: datetime,
    ) -> list[Insight]:
        ids = {one.to.id for one in reaching if isinstance(one.to, ToStructure)}
        found = self._registered.structures(tx, ids).values()
        return [self._of_person(tx, thing, _member(one, asking, at), at, one) for one in found]

    def _of_person(
        self,
        tx: Connection,
        thing: _Thing,
        who: Principal,
        at: datetime,
        team: Structure | None = None,
    ) -> Insight:
        """`team`: `who` stands for any professional of that structure."""
        subject = _subject(who, team)
        nothing = Insight(subject, thing.owner.name, thing.path, Can.NOTHING, Ground.NOTHING)
        try:
            sight = Sight(self._tools, tx, who, at)
        except Denied as denied:
            return replace(nothing, ground=Ground.REFUSED, reason=denied.denial.reason)
        grantees = (who.id, *who.structures)
        live = self._tools.grants.live_for(tx, thing.vault.id, grantees, at)
        steps = _steps(sight, thing, tuple(live))
        if who.person.state is AccountState.ACTIVE and _finds(sight, steps):
            return self._seen(sight, thing, steps[-1], nothing)
        memberships = who.memberships if team else self._registered.memberships(tx, who.id)
        unseen = Unseen(sight, steps[-1], tuple(thing.rows.values()), tuple(memberships))
        return self._with_grant(tx, thing, why_not(unseen, nothing))

    def _seen(self, sight: Sight, thing: _Thing, place: Place, nothing: Insight) -> Insight:
        decisions = {action: sight.decide(action, place) for action in _ASKED}
        permits = {a: one for a, one in decisions.items() if isinstance(one, Permit)}
        denied = decisions[Action.GET]
        can = _can(permits, is_folder=place.is_folder)
        permit = permits.get(Action.GET) or permits.get(Action.PUT)
        if permit is None:
            reason = None if isinstance(denied, Permit) else denied.reason
            return replace(nothing, can=can, ground=Ground.REFUSED, reason=reason)
        grant = permit.target.grant
        if grant is None:
            return replace(nothing, can=can, ground=Ground.OWNER)
        found = replace(nothing, can=can, ground=_ground(grant), row=thing.rows[grant.id])
        return self._with_grant(sight.tx, thing, found)

    def _with_grant(self, tx: Connection, thing: _Thing, found: Insight) -> Insight:
        """With the names of who gave it, what, and to which structure."""
        row = found.row
        if row is None:
            return found
        people = self._registered.people(tx, {row.by})
        giver = people[row.by].name if row.by in people else ""
        to = row.grant.to
        known = {} if isinstance(to, ToPerson) else self._registered.structures(tx, {to.id})
        at = next(n for n, node in enumerate(thing.chain) if node.id == row.grant.node)
        shared = DrivePath(tuple(node.name for node in thing.chain[1 : at + 1]))
        team = None if isinstance(to, ToPerson) else known.get(to.id)
        subject = found.subject
        if team is not None and not subject.is_team:
            subject = replace(subject, structure=team)
        found = replace(found, subject=subject, giver=giver, shared=shared, team=team)
        return self._resting(tx, found, row) if found.ground is Ground.RESTING else found

    def _resting(self, tx: Connection, found: Insight, row: GrantRow) -> Insight:
        """With the structure for which the grant rests, and since when."""
        one = suspensions.of_grants(tx, [row.grant.id]).get(row.grant.id)
        if one is None:
            return found
        left = self._registered.structures(tx, {one.structure}).get(one.structure)
        return replace(found, left=left, moment=one.since)


def _when(at: datetime | None, now: datetime) -> datetime:
    """Raises BadInput."""
    if at is not None and at < now:
        raise BadInput(f"{at.isoformat()}: who saw what is in the trail (abri trail show)")
    return at or now


def _named(grant: Grant) -> bool:
    return isinstance(grant.to, ToPerson)


def _member(structure: Structure, asking: Principal, at: datetime) -> Principal:
    """Any professional who works there at that moment."""
    name = STRUCTURE + structure.slug
    person = Person(NOBODY, name, structure.name, Role.PROFESSIONAL, AccountState.ACTIVE, "fr")
    there = Membership(MembershipId(bytes(ID_BYTES)), structure, at, None)
    return replace(asking, person=person, memberships=(there,), vault=None, operator=None)


def _subject(who: Principal, team: Structure | None) -> Subject:
    first = min(who.memberships, key=lambda one: (one.starts, one.id), default=None)
    structure = first.structure if first else None
    return Subject(who.person.login, who.person.name, who.person.role, structure, team is not None)


def _steps(sight: Sight, thing: _Thing, live: tuple[Grant, ...]) -> list[Place]:
    """The way down to the thing, as this person's places."""
    whole = Place(thing.path, PlaceKind.NODE, sight.who, thing.vault, known=live)
    return [
        replace(
            whole,
            node=node,
            above=thing.chain[:depth],
            grants=sight.covering(live, thing.chain[: depth + 1]),
        )
        for depth, node in enumerate(thing.chain)
    ]


def _finds(sight: Sight, steps: Sequence[Place]) -> bool:
    """Whether they come to the last of them from some granted thing, along visible ones."""
    if steps[-1].owned:
        return True
    starts = {grant.node for grant in steps[-1].known}
    ways = (steps[at:] for at, step in enumerate(steps) if step.node_id in starts)
    return any(all(step.grants and sight.sees(step) for step in way) for way in ways)


def _can(permits: Collection[Action], *, is_folder: bool) -> Can:
    if Action.GET in permits:
        return Can.CHANGE if Action.PUT in permits else Can.READ
    if Action.PUT in permits:
        return Can.DEPOSIT if is_folder else Can.REPLACE
    return Can.NAME if Action.LIST in permits else Can.NOTHING


def _ground(grant: Grant) -> Ground:
    if grant.parent is not None:
        return Ground.SHARED_ON
    return Ground.NAMED if isinstance(grant.to, ToPerson) else Ground.TEAM
