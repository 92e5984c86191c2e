"""Down a vault as one viewer's drive shows it, noting what a change of the rules does on the way.

It follows `davserver.gate.sight`: a granted thing is seen if any grant shows its category, what is
below it if a grant on the way does, and a grant to deposit shows one's own deposits of a moment
ago. Half-saved documents, which live for seconds, count as any other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from davserver.domain.actions import Category
from davserver.domain.ids import PersonId
from davserver.gate.policy.effects import HIDDEN, Effect, Effects, Shown, Ways
from davserver.vault.grants.living import Share
from davserver.vault.outline import Bare, Outline

Key = bytes | tuple[bytes, bool]
"""A node; or where nobody looked at each, the granted one, and whether it stands for folders."""


class Found(NamedTuple):
    """`category` is the effective one; None where no category makes a difference. `alike`: how many
    of them there are.
    """

    category: Category | None
    is_folder: bool
    alike: int = 1


@dataclass(frozen=True, slots=True)
class Viewer:
    """People who have the same grants in one vault; `alone` where it is one person, of whom it is
    known what they made. `held`: the grants, each with the number of its way.
    """

    people: frozenset[PersonId]
    alone: PersonId | None
    held: tuple[tuple[Share, int], ...]


class _Held(NamedTuple):
    """A grant that lies on a node above, or (None) ownership. `is_within`: also within the grant
    that it stands on.
    """

    share: Share | None
    way: int
    is_within: bool


class _Step(NamedTuple):
    node: Bare
    category: Category
    above: tuple[_Held, ...]
    """Those that reach the folder."""
    seen: Shown
    """Whether the folder is."""


class Descent:
    """`since` (µs): what was made after that, its maker sees through a grant to deposit."""

    def __init__(self, effects: Effects, since: int) -> None:
        self._effects = effects
        self._since = since

    def of(self, outline: Outline, viewer: Viewer) -> dict[Effect, dict[Key, Found]]:
        granted: dict[bytes, list[tuple[Share, int]]] = {}
        for share, way in viewer.held:
            granted.setdefault(share.node, []).append((share, way))
        return self._down(outline, viewer, granted, list(_tops(outline, granted)))

    def of_owner(self, outline: Outline, way: int) -> dict[Effect, dict[Key, Found]]:
        """For whoever owns it: all but the root, which is their drive."""
        root = outline.nodes.get(outline.root)
        if root is None:
            return {}
        category = root.category or Category.UNCLASSIFIED
        held = (_Held(None, way, is_within=True),)
        steps = [
            _Step(child, child.category or category, held, Shown(before=True, after=True))
            for child in outline.below.get(root.id, ())
        ]
        return self._down(outline, Viewer(frozenset({outline.owner}), None, ()), {}, steps)

    def _down(
        self,
        outline: Outline,
        viewer: Viewer,
        granted: Mapping[bytes, list[tuple[Share, int]]],
        waiting: list["_Step"],
    ) -> dict[Effect, dict[Key, Found]]:
        found: dict[Effect, dict[Key, Found]] = {}
        while waiting:
            step = waiting.pop()
            held, shown = self._at(step, granted.get(step.node.id, []), outline, viewer)
            self._note(found, step, held, shown)
            for child in outline.below.get(step.node.id, ()):
                category = child.category or step.category
                waiting.append(_Step(child, category, held, shown))
        return found

    def _at(
        self,
        step: _Step,
        granted: list[tuple[Share, int]],
        outline: Outline,
        viewer: Viewer,
    ) -> tuple[tuple[_Held, ...], Shown]:
        """The grants that reach this node, and whether it is seen."""
        node, deposit = step.node, self._effects.is_deposit
        theirs = viewer.alone is not None and self._is_theirs(node, viewer.alone)
        passing = [one for one in step.above if theirs or not deposit(one.way)]
        seen = step.seen
        if seen != HIDDEN:
            # The folder's grants show it, each only as far as it reaches.
            ways = tuple(one.way for one in passing if one.is_within)
            seen = _both(seen, self._effects.shown(ways, step.category))
        held = [_reaching(one, node) for one in passing]
        if granted:
            held += [_Held(one, way, _is_within(one, node, outline)) for one, way in granted]
            if any(one.is_within for one in held[len(passing) :]):
                ways = tuple(one.way for one in held if one.is_within)
                seen = _either(seen, self._effects.shown(ways, step.category))
        return tuple(held), seen

    def _is_theirs(self, node: Bare, person: PersonId) -> bool:
        return node.made is not None and node.made[0] == person and node.made[1] > self._since

    def _note(
        self,
        found: dict[Effect, dict[Key, Found]],
        step: _Step,
        held: tuple[_Held, ...],
        shown: Shown,
    ) -> None:
        ways: Ways = tuple(sorted({one.way for one in held if one.is_within}))
        if not ways or shown == HIDDEN:
            return
        node = step.node
        effect = self._effects.of(ways, step.category, shown, is_folder=node.is_folder)
        if effect is not None:
            category = step.category if effect.by_category else None
            found.setdefault(effect, {})[node.id] = Found(category, node.is_folder)


def _tops(outline: Outline, granted: dict[bytes, list[tuple[Share, int]]]) -> Iterator[_Step]:
    """Where to begin: the granted things that lie in no other granted one."""
    for node in granted:
        chain = outline.way_to(node)
        if not chain or any(one.id in granted for one in chain[:-1]):
            continue
        category = next((one.category for one in reversed(chain) if one.category), None)
        yield _Step(chain[-1], category or Category.UNCLASSIFIED, (), HIDDEN)


def _is_within(share: Share, node: Bare, outline: Outline) -> bool:
    if share.within is None:
        return True
    return any(one.id == share.within for one in outline.way_to(node.id))


def _reaching(held: _Held, node: Bare) -> _Held:
    if held.is_within or held.share is None or held.share.within != node.id:
        return held
    return held._replace(is_within=True)


def _both(one: Shown, other: Shown) -> Shown:
    return Shown(one.before and other.before, one.after and other.after)


def _either(one: Shown, other: Shown) -> Shown:
    return Shown(one.before or other.before, one.after or other.after)
