"""What a change of the rules does to whom on which documents, over all living grants.

Nothing is decided here: it tells beforehand what the drive would answer afterwards, walking each
vault as `davserver.gate.sight` does. Vaults in which nothing can change are not read at all, and
records are opened only where categories make a difference.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from authn.workforce import Workforce
from davserver.db.clock import to_us
from davserver.domain.actions import Category, Relation
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import Role
from davserver.gate.policy.alike import Alike
from davserver.gate.policy.descent import Descent, Found, Key
from davserver.gate.policy.effects import HIDDEN, Effect, Effects
from davserver.gate.policy.viewers import Viewers
from davserver.gate.tools import Tools
from davserver.vault.grants import living
from davserver.vault.grants.living import EVERY, Kind, Part, Share
from davserver.vault.outline import Counted, Outline, Outlines, vaults_owned
from policies.ways import Comparison, Way

_AT_ONCE = 2000
"""Vaults that are walked together."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom an effect concerns in one vault, and what of it."""

    people: set[frozenset[PersonId]] = field(default_factory=set)
    nodes: dict[Key, Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VaultChange:
    """`vaults` are alike: each of them has these nodes, or as many others."""

    vaults: Sequence[VaultId]
    effects: Mapping[Effect, Reached]


@dataclass(frozen=True, slots=True)
class Parties:
    """Grants by what they have in common, and everybody who may be on the other side of one."""

    kinds: frozenset[Kind]
    workforce: Workforce

    @classmethod
    def of(cls, tx: Connection, tools: Tools, now: datetime) -> "Parties":
        kinds = frozenset(living.kinds(tx, now))
        named = {PersonId(one.to) for one in kinds if not one.is_structure}
        return cls(kinds, Workforce(tx, tools.keys, named, now))


Matters = Callable[[Comparison, Way], bool]
"""Which ways are looked for: `Comparison.changes` or `Comparison.widens`."""


class Survey:
    """In one transaction, at one moment."""

    def __init__(
        self,
        tx: Connection,
        tools: Tools,
        comparison: Comparison,
        now: datetime,
        parties: Parties | None = None,
    ) -> None:
        """`parties`: as somebody read them in the same state of the database."""
        self._tx = tx
        self._tools = tools
        self._now = now
        self._comparison = comparison
        self._given = parties
        self._effects = Effects(comparison)
        self._outlines = Outlines(tx, tools.vaults)
        self._descent = Descent(self._effects, to_us(now - tools.limits.recall))
        self._alone: dict[Kind, list[tuple[frozenset[PersonId], tuple[Effect | None, ...]]]] = {}
        self._hidden: dict[tuple[Kind, Category], bool] = {}
        self._to: dict[Matters, set[bytes]] = {}
        self._alike: Alike[dict[Effect, Reached]] = Alike()

    @cached_property
    def _parties(self) -> Parties:
        return self._given or Parties.of(self._tx, self._tools, self._now)

    @cached_property
    def _viewers(self) -> Viewers:
        return Viewers(self._parties.workforce, self._effects)

    def vaults(self, matters: Matters, part: Part = EVERY) -> Iterator[VaultChange]:
        """Each vault of that part in which `matters` of some way comes to something."""
        if matters not in self._to:
            self._to[matters] = {
                kind.to
                for kind in self._parties.kinds
                if any(matters(self._comparison, way) for _, way in self._viewers.of_kind(kind))
            }
        to = self._to[matters]
        if to:
            for shares in living.by_vault(self._tx, self._tools.grants, to, self._now, part):
                yield from self._several(shares)

    def owners(self, matters: Matters, part: Part = EVERY) -> Iterator[VaultChange]:
        """Each vault of that part whose own owner is concerned, if they may sign in."""
        for role in Role:
            way = Way(role, Relation.OWNER)
            if matters(self._comparison, way):
                every = vaults_owned(self._tx, role, part)
                for start in range(0, len(every), _AT_ONCE):
                    yield from self._owned(every[start : start + _AT_ONCE], way)

    def _owned(self, vaults: list[VaultId], way: Way) -> Iterator[VaultChange]:
        number, plain = self._effects.number(way), self._comparison.is_uniform(way)
        for vault, outline in self._outlines.whole(vaults, categories=not plain).items():
            alone = {frozenset({outline.owner})}
            effects = {
                effect: Reached(alone, nodes)
                for effect, nodes in self._descent.of_owner(outline, number).items()
            }
            if effects:
                yield VaultChange((vault,), effects)

    # ── some vaults at a time ───────────────────────────────────────────────────────────────────

    def _several(self, every: Mapping[VaultId, list[Share]]) -> Iterator[VaultChange]:
        plain = {vault: some for vault, some in every.items() if self._needs_no_category(some)}
        counted = self._outlines.counted({one.node for some in plain.values() for one in some})
        apart = {vault: some for vault, some in plain.items() if _lie_apart(some, counted)}
        yield from _together(
            (vault, self._counted_alike(some, counted)) for vault, some in apart.items()
        )
        walked = [vault for vault in every if vault not in apart]
        for start in range(0, len(walked), _AT_ONCE):
            some = {vault: every[vault] for vault in walked[start : start + _AT_ONCE]}
            within = {vault: shares for vault, shares in some.items() if vault in plain}
            yield from self._walked(within, categories=False)
            rest = {vault: shares for vault, shares in some.items() if vault not in plain}
            yield from self._walked(rest, categories=True)

    def _needs_no_category(self, shares: list[Share]) -> bool:
        is_plain = self._viewers.is_plain
        if len(shares) == 1:
            return is_plain(shares[0].kind)
        return all(is_plain(share.kind) for share in shares)

    def _counted_alike(
        self, shares: list[Share], counted: Mapping[bytes, Counted]
    ) -> dict[Effect, Reached]:
        number = self._alike.number
        key = tuple(sorted([(number(kind), counted.get(node, ())) for node, kind, _ in shares]))
        return self._alike.of(key, lambda: self._by_counting(shares, counted))

    def _by_counting(
        self, shares: list[Share], counted: Mapping[bytes, Counted]
    ) -> dict[Effect, Reached]:
        """Where no granted thing lies in another one, and no category makes a difference, what is
        below each is alike: it needs no walk.
        """
        found: dict[Effect, Reached] = {}
        for share in shares:
            below = counted.get(share.node)
            if below is None:
                continue
            for people, effects in self._by_itself(share.kind):
                for is_folder, effect in enumerate(effects):
                    count = below.folders if is_folder else below.files
                    if effect is not None and count:
                        reached = found.setdefault(effect, Reached())
                        reached.people.add(people)
                        key = (share.node, bool(is_folder))
                        reached.nodes[key] = Found(None, bool(is_folder), count)
        return found

    def _hides(self, kind: Kind, category: Category) -> bool:
        """Whether a grant of this kind shows nothing of this category, nor will."""
        key = (kind, category)
        known = self._hidden.get(key)
        if known is None:
            numbers = [self._effects.number(way) for _, way in self._viewers.of_kind(kind)]
            shown = (self._effects.shown((one,), category) for one in numbers)
            known = self._hidden[key] = all(one == HIDDEN for one in shown)
        return known

    def _by_itself(self, kind: Kind) -> list[tuple[frozenset[PersonId], tuple[Effect | None, ...]]]:
        """What a grant of this kind alone comes to, on files and on folders."""
        known = self._alone.get(kind)
        if known is None:
            known = self._alone[kind] = []
            any_category = Category.UNCLASSIFIED
            for people, way in self._viewers.of_kind(kind):
                ways = (self._effects.number(way),)
                seen = self._effects.shown(ways, any_category)
                of = self._effects.of
                both = (of(ways, any_category, seen, is_folder=folder) for folder in (False, True))
                known.append((people, tuple(both)))
        return known

    def _walked(
        self, shares: Mapping[VaultId, list[Share]], *, categories: bool
    ) -> Iterator[VaultChange]:
        nodes = {vault: {one.node for one in some} for vault, some in shares.items()}

        def shut(vault: VaultId, category: Category) -> bool:
            return all(self._hides(share.kind, category) for share in shares[vault])

        outlines = self._outlines.around(nodes, categories=categories, shut=shut)
        yield from _together(
            (vault, self._walked_alike(outline, shares[vault]))
            for vault, outline in outlines.items()
        )

    def _walked_alike(self, outline: Outline, shares: list[Share]) -> dict[Effect, Reached]:
        shape = self._alike.shape(outline, shares)
        if shape is None:
            return self._by_walking(outline, shares)
        return self._alike.of(shape, lambda: self._by_walking(outline, shares))

    def _by_walking(self, outline: Outline, shares: list[Share]) -> dict[Effect, Reached]:
        found: dict[Effect, Reached] = {}
        for viewer in self._viewers.of(outline, shares):
            for effect, below in self._descent.of(outline, viewer).items():
                reached = found.setdefault(effect, Reached())
                reached.people.add(viewer.people)
                reached.nodes.update(below)
        return found


def _lie_apart(shares: list[Share], counted: Mapping[bytes, Counted]) -> bool:
    """What was shared on counts as not: where it lies is to be looked at."""
    if len(shares) == 1:
        return shares[0].within is None
    nodes = {share.node for share in shares if share.within is None}
    inside = any(node in counted and counted[node].is_inside for node in nodes)
    return len(nodes) == len(shares) and not inside


def _together(
    each: Iterable[tuple[VaultId, Mapping[Effect, Reached]]],
) -> Iterator[VaultChange]:
    """Those with the very same effects as one."""
    found: dict[int, tuple[list[VaultId], Mapping[Effect, Reached]]] = {}
    for vault, effects in each:
        if effects:
            one = found.get(id(effects))
            if one is None:
                one = found[id(effects)] = ([], effects)
            one[0].append(vault)
    for vaults, effects in found.values():
        yield VaultChange(vaults, effects)


def counts(several: Iterable[Reached]) -> tuple[int, int]:
    """How many documents and folders these reach together, each counted once."""
    nodes = {key: one for reached in several for key, one in reached.nodes.items()}
    folders = sum(one.alike for one in nodes.values() if one.is_folder)
    return sum(one.alike for one in nodes.values()) - folders, folders
