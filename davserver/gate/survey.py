"""What a change of the rules does to whom on which documents, over all living grants.

Nothing is decided here: it tells beforehand what the drive would answer afterwards, walking each
vault as `davserver.gate.sight` does. Vaults in which nothing can change are not read at all, and
records are opened only where categories make a difference.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from authn.workforce import Colleague, Workforce
from davserver.db.clock import to_us
from davserver.domain.actions import Relation, Right
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import PersonId, StructureId, VaultId
from davserver.domain.people import Role
from davserver.gate.descent import Descent, Found, Viewer
from davserver.gate.effects import Effect, Effects
from davserver.gate.tools import Tools
from davserver.vault.living import Kind, LivingGrants, kinds
from davserver.vault.outline import Outline, Outlines, vaults_owned
from policies.ways import Comparison, Way

_AT_ONCE = 500
"""Vaults of owners that are looked at together."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom an effect concerns in one vault, and the nodes: category (None: all alike) and whether
    it is a folder, by id.
    """

    people: set[frozenset[PersonId]] = field(default_factory=set)
    nodes: dict[bytes, Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VaultChange:
    vault: VaultId
    owner: PersonId
    effects: Mapping[Effect, Reached]


Matters = Callable[[Comparison, Way], bool]
"""Which ways are looked for: `Comparison.changes` or `Comparison.widens`."""


class Survey:
    """In one transaction, at one moment."""

    def __init__(self, tx: Connection, tools: Tools, comparison: Comparison, now: datetime) -> None:
        self._tx = tx
        self._tools = tools
        self._now = now
        self._comparison = comparison
        self._effects = Effects(comparison)
        self._outlines = Outlines(tx, tools.keys, tools.vaults)
        self._descent = Descent(self._effects, to_us(now - tools.limits.recall))

    @cached_property
    def _kinds(self) -> Mapping[Kind, int]:
        return kinds(self._tx, self._now)

    @cached_property
    def workforce(self) -> Workforce:
        named = {PersonId(one.to) for one in self._kinds if not one.is_structure}
        return Workforce(self._tx, self._tools.keys, named, self._now)

    def vaults(self, matters: Matters) -> Iterator[VaultChange]:
        """Each vault in which `matters` of some way comes to something."""
        to = {one.to for one in self._kinds if self._matters(one, matters)}
        if not to:
            return
        living = LivingGrants(self._tx, self._tools.keys, self._now)
        for grants in living.by_vault(to):
            yield from self._several(grants)

    def owners(self, matters: Matters) -> Iterator[VaultChange]:
        """Each vault whose own owner is concerned, if they may sign in."""
        for role in Role:
            way = Way(role, Relation.OWNER)
            if not matters(self._comparison, way):
                continue
            number, plain = self._effects.number(way), self._comparison.is_uniform(way)
            read = self._outlines.unopened if plain else self._outlines.opened
            for some in _some_at_a_time(vaults_owned(self._tx, role)):
                for vault, outline in read(some).items():
                    found = self._descent.of_owner(outline, number)
                    alone = {frozenset({outline.owner})}
                    effects = {effect: Reached(alone, nodes) for effect, nodes in found.items()}
                    if effects:
                        yield VaultChange(vault, outline.owner, effects)

    def _matters(self, kind: Kind, matters: Matters) -> bool:
        return any(matters(self._comparison, way) for way in self._ways_of_kind(kind))

    def _ways_of_kind(self, kind: Kind) -> Iterator[Way]:
        if not kind.is_structure:
            person = self.workforce.people.get(PersonId(kind.to))
            if person is not None:
                yield Way(person.role, Relation.GRANTEE, person.acting, kind.right)
            return
        structure = StructureId(kind.to)
        for team in self.workforce.teams(frozenset({structure})):
            known = self.workforce.structures[structure]
            yield Way(team.role, Relation.VIA_STRUCTURE, known, kind.right)

    # ── some vaults at a time ───────────────────────────────────────────────────────────────────

    def _several(self, grants: Mapping[VaultId, list[Grant]]) -> Iterator[VaultChange]:
        closed = {one for one, some in grants.items() if self._needs_no_category(some)}
        outlines = self._outlines.unopened(closed)
        outlines |= self._outlines.opened(grants.keys() - closed)
        for vault, outline in outlines.items():
            effects = self._of_vault(outline, grants[vault])
            if effects:
                yield VaultChange(vault, outline.owner, effects)

    def _needs_no_category(self, grants: Collection[Grant]) -> bool:
        return all(self._is_plain(grant) for grant in grants)

    def _is_plain(self, grant: Grant) -> bool:
        """Deposits are not: who made what, and when, is inside the record."""
        if grant.right is Right.DEPOSIT:
            return False
        kind = Kind(grant.to.id, isinstance(grant.to, ToStructure), grant.right)
        return all(self._comparison.is_uniform(way) for way in self._ways_of_kind(kind))

    def _of_vault(self, outline: Outline, grants: list[Grant]) -> dict[Effect, Reached]:
        found: dict[Effect, Reached] = {}
        for viewer in self._viewers(outline, grants):
            for effect, nodes in self._descent.of(outline, viewer).items():
                reached = found.setdefault(effect, Reached())
                reached.people.add(viewer.people)
                reached.nodes.update(nodes)
        return found

    def _viewers(self, outline: Outline, grants: list[Grant]) -> Iterator[Viewer]:
        """Everybody with a living grant there: those who have the same ones, together."""
        structures = frozenset(one.to.id for one in grants if isinstance(one.to, ToStructure))
        alone = {one.to.id for one in grants if isinstance(one.to, ToPerson)}
        if any(one.right is Right.DEPOSIT for one in grants):
            alone |= {PersonId(node.made[0]) for node in outline.nodes.values() if node.made}
        for team in self.workforce.teams(structures):
            people = team.people - alone if alone & team.people else team.people
            if people:
                yield self._viewer(grants, people, team.role, team.structures, None)
        for person in alone & self.workforce.people.keys():
            one = self.workforce.people[person]
            there = one.structures & structures
            yield self._viewer(grants, frozenset({person}), one.role, there, one)

    def _viewer(
        self,
        grants: list[Grant],
        people: frozenset[PersonId],
        role: Role,
        structures: frozenset[StructureId],
        alone: Colleague | None,
    ) -> Viewer:
        held = []
        for grant in grants:
            if isinstance(grant.to, ToStructure):
                if grant.to.id not in structures:
                    continue
                known = self.workforce.structures[grant.to.id]
                way = Way(role, Relation.VIA_STRUCTURE, known, grant.right)
            elif alone is not None and grant.to.id == alone.id:
                way = Way(role, Relation.GRANTEE, alone.acting, grant.right)
            else:
                continue
            held.append((grant, self._effects.number(way)))
        return Viewer(people, alone.id if alone else None, tuple(held))


def _some_at_a_time(every: list[VaultId]) -> Iterator[list[VaultId]]:
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]
