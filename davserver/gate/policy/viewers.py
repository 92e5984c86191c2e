"""Who is on the other side of the grants of one vault: people with the same grants, together."""

from collections.abc import Iterator
from functools import lru_cache

from authn.workforce import Colleague, Workforce
from davserver.domain.actions import Relation, Right
from davserver.domain.ids import PersonId, StructureId
from davserver.domain.people import Role
from davserver.gate.policy.descent import Viewer
from davserver.gate.policy.effects import Effects
from davserver.vault.grants.living import Kind, Share
from davserver.vault.outline import Outline
from policies.ways import Way

_REMEMBERED = 10_000


class _Side:
    """Some people, and by which of the vault's grants (by position) they reach it in what way."""

    __slots__ = ("alone", "held", "people")

    def __init__(
        self, people: frozenset[PersonId], alone: PersonId | None, held: tuple[tuple[int, int], ...]
    ) -> None:
        self.people = people
        self.alone = alone
        self.held = held


class Viewers:
    """Of one survey."""

    def __init__(self, workforce: Workforce, effects: Effects) -> None:
        self._workforce = workforce
        self._effects = effects
        self._sides = lru_cache(_REMEMBERED)(self._found)
        self._of_kind: dict[Kind, list[tuple[frozenset[PersonId], Way]]] = {}
        self._plain: dict[Kind, bool] = {}

    def of_kind(self, kind: Kind) -> list[tuple[frozenset[PersonId], Way]]:
        """Whom a grant of this kind reaches, and how; nobody while they may not sign in."""
        known = self._of_kind.get(kind)
        if known is None:
            known = self._of_kind[kind] = list(self._reached(kind))
        return known

    def is_plain(self, kind: Kind) -> bool:
        """Whether no category makes a difference to it. To deposits it matters who made what, and
        when: that is inside the record.
        """
        known = self._plain.get(kind)
        if known is None:
            uniform = self._effects.comparison.is_uniform
            known = self._plain[kind] = kind.right is not Right.DEPOSIT and all(
                uniform(way) for _, way in self.of_kind(kind)
            )
        return known

    def of(self, outline: Outline, shares: list[Share]) -> Iterator[Viewer]:
        """Everybody with a living grant in that vault."""
        kinds = tuple(share.kind for share in shares)
        makers: frozenset[PersonId] = frozenset()
        if any(kind.right is Right.DEPOSIT for kind in kinds):
            made = (node.made for node in outline.nodes.values())
            makers = frozenset(PersonId(one[0]) for one in made if one)
        for side in self._sides(kinds, makers):
            held = tuple((shares[at], way) for at, way in side.held)
            yield Viewer(side.people, side.alone, held)

    def _reached(self, kind: Kind) -> Iterator[tuple[frozenset[PersonId], Way]]:
        if not kind.is_structure:
            one = self._workforce.people.get(PersonId(kind.to))
            if one is not None:
                way = Way(one.role, Relation.GRANTEE, one.acting, kind.right)
                yield frozenset({one.id}), way
            return
        structure = StructureId(kind.to)
        for team in self._workforce.teams(frozenset({structure})):
            known = self._workforce.structures[structure]
            yield team.people, Way(team.role, Relation.VIA_STRUCTURE, known, kind.right)

    def _found(self, kinds: tuple[Kind, ...], makers: frozenset[PersonId]) -> list[_Side]:
        structures = frozenset(StructureId(kind.to) for kind in kinds if kind.is_structure)
        alone = makers | {PersonId(kind.to) for kind in kinds if not kind.is_structure}
        sides = [
            _Side(team.people - alone, None, self._held(kinds, team.role, team.structures, None))
            for team in self._workforce.teams(structures)
        ]
        for person in alone & self._workforce.people.keys():
            one = self._workforce.people[person]
            held = self._held(kinds, one.role, one.structures & structures, one)
            sides.append(_Side(frozenset({person}), person, held))
        return [side for side in sides if side.people and side.held]

    def _held(
        self,
        kinds: tuple[Kind, ...],
        role: Role,
        structures: frozenset[StructureId],
        alone: Colleague | None,
    ) -> tuple[tuple[int, int], ...]:
        held = []
        for at, kind in enumerate(kinds):
            if kind.is_structure and kind.to in structures:
                known = self._workforce.structures[StructureId(kind.to)]
                way = Way(role, Relation.VIA_STRUCTURE, known, kind.right)
            elif alone is not None and kind.to == alone.id:
                way = Way(role, Relation.GRANTEE, alone.acting, kind.right)
            else:
                continue
            held.append((at, self._effects.number(way)))
        return tuple(held)
