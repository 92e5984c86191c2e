"""What somebody who holds a lock sees and may write, though it is somebody else who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import GIVEN, Action, Category, Right
from davserver.domain.decisions import Permit
from davserver.domain.ids import NodeId, PersonId
from davserver.domain.nodes import Node
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.places import Place, is_recallable
from davserver.gate.sight import Sight
from davserver.vault.locks.locks import Lock, Way
from davserver.vault.nodes.rows import category_of
from policies.decider import Judge
from policies.ties import tie_of


@dataclass(frozen=True, slots=True)
class Holder:
    """`way`: the only one by which this lock binds anything; None for the owner, who may write
    everything.
    """

    id: PersonId
    way: Way | None

    @classmethod
    def of(cls, lock: Lock) -> "Holder":
        return cls(lock.person, lock.way)

    @classmethod
    def by(cls, sight: Sight, permit: Permit) -> "Holder":
        """Of a lock that is going to be taken."""
        who, target = permit.who, permit.target
        if target.grant is None:
            return cls(who.id, None)
        structure = tie_of(who, target, sight.now).structure
        grant, role = target.grant, who.person.role
        return cls(who.id, Way(grant.node, grant.right, role, target.relation, structure))


@dataclass(frozen=True, slots=True)
class Member:
    """What decides who sees something in a folder that they see."""

    name: str
    maker: PersonId
    category: Category

    @classmethod
    def of(cls, above: Sequence[Node], node: Node) -> "Member":
        return cls(node.name, node.maker, category_of((*above, node)))

    @classmethod
    def at(cls, place: Place, category: Category | None) -> "Member":
        """`category`: what would come to a free name, if not the folder's own."""
        if place.node is not None:
            return cls.of(place.above, place.node)
        return cls(place.path.name, place.who.id, category or place.category)


class HoldersSight:
    """For one vault, by one policy, within one answer: ways that were judged are remembered.
    `since`: whoever only deposits writes what they made after that.
    """

    def __init__(self, judge: Judge, owner: PersonId, since: datetime) -> None:
        self._judge = judge
        self._owner = owner
        self._since = since
        self._ways: dict[tuple[Holder, NodeId], bool] = {}

    def writes(self, holder: Holder, above: Sequence[Node], node: Node) -> bool:
        way = holder.way
        if way is None:
            return holder.id == self._owner
        if Action.PUT not in GIVEN[way.right] or not self.sees(holder, above, node):
            return False
        if way.right is Right.DEPOSIT and not is_recallable(node, holder.id, self._since):
            return False
        written = self._judge.written_by(way.role, way.relation, way.structure)
        return category_of((*above, node)) in written

    def sees(self, holder: Holder, above: Sequence[Node], node: Node) -> bool:
        """Whether it exists for them, the way from their grant to it included."""
        if holder.way is None:
            return holder.id == self._owner
        if node.id != holder.way.root and not self._sees_folder(holder, above):
            return False
        return self.shown(holder, Member.of(above, node))

    def shown(self, holder: Holder, member: Member) -> bool:
        """Whether they see this in a folder that they see."""
        way = holder.way
        if way is None:
            return holder.id == self._owner
        if kind_of_name(member.name) is NameKind.HALF_SAVED and member.maker != holder.id:
            return False
        return member.category in self._judge.shown_to(way.role, way.relation, way.structure)

    def _sees_folder(self, holder: Holder, chain: Sequence[Node]) -> bool:
        """The last of `chain`, which leads to it from the vault's root."""
        if not chain:
            return False
        key = (holder, chain[-1].id)
        if key not in self._ways:
            self._ways[key] = self._sees_way(holder, chain)
        return self._ways[key]

    def _sees_way(self, holder: Holder, chain: Sequence[Node]) -> bool:
        assert holder.way is not None  # noqa: S101 — an owner's way is not asked for
        root = holder.way.root
        start = next((at for at, node in enumerate(chain) if node.id == root), len(chain))
        way = [Member.of(chain[:at], chain[at]) for at in range(start, len(chain))]
        return bool(way) and all(self.shown(holder, member) for member in way)
