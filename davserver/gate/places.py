"""A place on a drive: what a path means for one person, with the facts that judging it needs."""

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Final

from davserver.domain.actions import Action, Category, Relation, Right
from davserver.domain.decisions import Target
from davserver.domain.grants import Grant, ToStructure
from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Structure
from davserver.vault.nodes.rows import OpenVault, category_of
from davserver.vault.nodes.walk import RenamedFrom


class PlaceKind(Enum):
    DRIVE = "drive"
    """The root of a drive that has no vault of its own."""
    SHARED = "shared"
    """A beneficiary's folder on a professional's drive."""
    NODE = "node"
    FREE = "free"
    """Nothing is there for this person, but its folder is."""
    NOWHERE = "nowhere"
    """Not even the folder."""

    __hash__ = object.__hash__  # instead of one in Python: each is there once


NODE: Final = PlaceKind.NODE
FREE: Final = PlaceKind.FREE
NOWHERE: Final = PlaceKind.NOWHERE
"""Of what every change asks: to look up a member of an enum takes functions of Python."""
VIRTUAL = (PlaceKind.DRIVE, PlaceKind.SHARED)
"""Folders that only give a drive its structure."""
_OWNER: Final = Relation.OWNER
_THERE = (*VIRTUAL, NODE)


@lean(frozen=True, slots=True)
class Place:
    """`above`: the real folders over it, the vault's root first. `grants`: those of this person
    that cover it, among all that they have in this vault (`known`). `is_top`: the root of a drive
    or of a grant, which its viewer cannot move.
    """

    path: DrivePath
    kind: PlaceKind
    who: Principal
    vault: OpenVault | None = None
    node: Node | None = None
    above: tuple[Node, ...] = ()
    grants: tuple[Grant, ...] = ()
    known: tuple[Grant, ...] = ()
    is_top: bool = False
    renamed_from: RenamedFrom | None = None
    items: tuple[Grant, ...] = field(default=())
    """For SHARED: the grants that show as its items."""
    untaken: bool = False
    """For FREE, as it was found: nothing at all has the name, and nothing is hidden from whoever
    looks: they need not be told apart from somebody for whom a hidden thing has it.
    """

    @property
    def owned(self) -> bool:
        return self.vault is not None and self.vault.owner == self.who.id

    @property
    def node_id(self) -> NodeId | None:
        return self.node.id if self.node else None

    @property
    def parent(self) -> Node | None:
        return self.above[-1] if self.above else None

    @property
    def only_deposits(self) -> bool:
        """Whether this person may put things there, and see nothing that is not theirs."""
        for one in self.grants:
            if one.right is not Right.DEPOSIT:
                return False
        return bool(self.grants)

    @property
    def category(self) -> Category:
        """The effective one; for a free place, what would be made there gets."""
        return category_of((*self.above, self.node) if self.node else self.above)

    @property
    def exists(self) -> bool:
        return self.kind in _THERE

    @property
    def is_folder(self) -> bool:
        return self.kind in VIRTUAL or (self.node is not None and self.node.is_folder)

    def targets(self) -> list[Target]:
        """One target per way in which this person reaches the place; the widest grant first."""
        vault = self.vault
        if vault is None:
            return []
        if vault.owner == self.who.id:
            return [self._target(_OWNER, None)]
        return [self._target(relation_of(grant), grant) for grant in wide_first(self.grants)]

    def _target(self, relation: Relation, grant: Grant | None) -> Target:
        vault, node, above = self.vault, self.node, self.above
        assert vault is not None  # noqa: S101 — asked by targets() just before
        category = category_of(above if node is None else (*above, node))
        parent, structure = above[-1] if above else None, None
        if grant is not None:
            structure = structure_of(self.who, grant)
        name = self.path.name
        return Target(vault.id, relation, category, node, parent, name, grant, structure, above)


def wide_first(grants: Sequence[Grant]) -> Sequence[Grant]:
    """In the order in which they are asked: the widest before the others."""
    if len(grants) <= 1:
        return grants
    return sorted(grants, key=lambda grant: grant.right.value, reverse=True)


def called(grants: Sequence[Grant], name: str) -> Grant | None:
    """The first that shows under that name."""
    for one in grants:
        if one.name == name:
            return one
    return None


def relation_of(grant: Grant) -> Relation:
    return Relation.VIA_STRUCTURE if isinstance(grant.to, ToStructure) else Relation.GRANTEE


def structure_of(who: Principal, grant: Grant | None) -> Structure | None:
    """The structure behind a structure's grant; none behind a personal one."""
    if grant is None or not isinstance(grant.to, ToStructure):
        return None
    wanted = grant.to.id
    return next((m.structure for m in who.memberships if m.structure.id == wanted), None)


def under(
    who: Principal,
    vault: VaultId,
    grant: Grant | None,
    category: Category = Category.UNCLASSIFIED,
) -> Target:
    """Anything in that vault, reached by that grant, or by ownership."""
    return Target(
        vault=vault,
        relation=relation_of(grant) if grant else _OWNER,
        category=category,
        grant=grant,
        structure=structure_of(who, grant),
    )


def thing_of(place: Place) -> tuple[NodeId | None, str]:
    """What tells one thing from another within a request, made in it or not."""
    if place.node is not None:
        return place.node.parent, place.node.name
    return (place.above[-1].id if place.above else None), place.path.name


def is_recallable(node: Node, person: PersonId, since: datetime) -> bool:
    """Whether they made it themselves after `since`, and nobody else wrote it meanwhile."""
    return node.maker == node.author == person and node.created > since


def denies_others(action: Action, target: Target) -> bool:
    """Whoever only deposits locks their own files, never a folder: others work in it unseen."""
    deposits = target.grant is not None and target.grant.right is Right.DEPOSIT
    folder = target.node is not None and target.node.is_folder
    return deposits and folder and action is Action.LOCK


def covering(
    grants: tuple[Grant, ...], chain: tuple[Node, ...], theirs: Callable[[Node], bool]
) -> tuple[Grant, ...]:
    """Those of `grants` that reach the last of `chain`: they lie on a node of it, a re-share only
    within its parent. One to deposit reaches its folder, and below it only what is `theirs`
    through and through: what this person put there a moment ago.
    """
    if not grants:
        return ()
    ids = {node.id for node in chain}
    found = [
        grant
        for grant in grants
        if grant.node in ids
        and (grant.within is None or grant.within in ids)
        and (grant.right is not Right.DEPOSIT or all(map(theirs, _below(grant.node, chain))))
    ]
    return tuple(found)


def _below(top: NodeId, chain: tuple[Node, ...]) -> tuple[Node, ...]:
    at = next(depth for depth, node in enumerate(chain) if node.id == top)
    return chain[at + 1 :]
