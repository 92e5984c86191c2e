"""What one person sees in one transaction: paths, children, and the answers about them. Everything
a request knows comes through here, from one snapshot of the database and one policy.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from davserver.domain.actions import Action, Category, Right
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grant
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.nodes import LIVE, Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.sidefiles import is_half_saved
from davserver.gate.counting import Counting
from davserver.gate.denied import Denied
from davserver.gate.judging import best, shown
from davserver.gate.listed import count_absent, count_top
from davserver.gate.places import (
    FREE,
    NODE,
    NOWHERE,
    Place,
    PlaceKind,
    called,
    covering,
    is_recallable,
    thing_of,
)
from davserver.gate.resolving import hidden_below, resolve_judged, resolve_unhidden
from davserver.gate.tools import Tools
from davserver.gate.walking import PathWalker
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault, category_of
from davserver.vault.nodes.walk import Stored, Walk
from davserver.vault.nodes.walk_statements import NOTHING, PERHAPS, Hidden

_EVERY = len(Category)
_NONE: frozenset[Category] = frozenset()
_DEPOSIT: Final = Right.DEPOSIT


class _Start(NamedTuple):
    """Where a walk starts: to `top` lead so many names, and so much may be hidden below it."""

    top: Place
    names: int
    hidden: Hidden


class Sight:
    """`who` as read in this transaction, or for plain reads at the start of this request."""

    def __init__(self, tools: Tools, tx: Connection, who: Principal, now: datetime) -> None:
        self.tools = tools
        self.tx = tx
        self.who = who
        self.now = now
        self.judge = tools.policy.judge(tx, who.epoch.policy)
        self.counting = Counting(self.judge, who, now)
        self._seen: dict[bytes | None, frozenset[Category]] = {}
        self._walker = PathWalker(tx, who)
        self._start: _Start | None = None
        """Of the walk to the place asked for next, where one statement led there, too."""
        blocked = self.judge.drive_blocked(who, now)
        if blocked is not None:
            self.counting.block(blocked)
            raise Denied(Place(DrivePath(), PlaceKind.DRIVE, who), blocked)

    # ── where is it ─────────────────────────────────────────────────────────────────────────────

    def place(
        self, path: DrivePath, then: DrivePath | None = None, stored: Stored | None = None
    ) -> Place:
        """What `path` means for this person. Never raises for what is absent or hidden. `then`: the
        place asked for next, before anything changes: one statement leads to both, where they lie
        in the same drive or granted folder. `stored`: for its content's row, if that comes along.
        """
        self._walker.then, self._walker.stored = then, stored
        start, self._start = self._start, None
        if start is not None:
            top, names, hidden = start
            if path.parts[:names] == top.path.parts[:names] != path.parts:
                assert top.vault is not None and top.node is not None  # noqa: S101, PT018 — a thing
                walk = self._walker.down(top.vault, top.node.id, path, names, hidden=hidden)
                return self._on(top, path, names, walk, hidden)
        if self.who.vault is not None:
            return self._own(self.who.vault, path)
        if path.is_root:
            return Place(path, PlaceKind.DRIVE, self.who)
        return self._shared(path)

    def open_vault(self, vault: VaultId) -> OpenVault:
        return self.tools.vaults.open(self.tx, vault, self.who.epoch.keys, self.now)

    def open_vaults(self, vaults: Collection[VaultId]) -> dict[VaultId, OpenVault]:
        """Those of them that open: one statement at most."""
        return self.tools.vaults.open_all(self.tx, vaults, self.who.epoch.keys, self.now)

    def _own(self, vault_id: VaultId, path: DrivePath) -> Place:
        vault = self.open_vault(vault_id)
        hidden = NOTHING if self.shows_all(vault) else PERHAPS
        walk = self._walker.down(vault, vault.root, path, 0, hidden=hidden)
        if not walk.above:
            return Place(path, NOWHERE, self.who, vault, above=())
        root = Place(path, NODE, self.who, vault, walk.above[-1], is_top=True)
        return self._on(root, path, 0, walk, hidden)

    def _on(self, top: Place, path: DrivePath, names: int, walk: Walk, hidden: Hidden) -> Place:
        """What `path` means, whose first so many names lead to `top`."""
        if self._walker.ahead is not None:
            self._start = _Start(top, names, hidden)
        resolve = resolve_judged if hidden is PERHAPS else resolve_unhidden
        return resolve(self, top, path, path.parts[names:], walk.below)

    def _shared(self, path: DrivePath) -> Place:
        folder, *rest = path.parts
        grantees = (self.who.id, *self.who.structures)
        grants = self.tools.grants.live_under_name(self.tx, grantees, folder, self.now)
        vault = self._vault_of(grants)
        if vault is None:
            return count_absent(self, self._nowhere(path))
        shared = Place(path, PlaceKind.SHARED, self.who, vault, grants=grants, known=grants)
        if rest:
            return self._granted(shared, vault, rest)
        items = tuple(one.items[0] for one in self.items(shared))
        return replace(shared, items=items) if items else self._nowhere(path)

    def _nowhere(self, path: DrivePath) -> Place:
        return Place(path, NOWHERE if len(path.parts) > 1 else FREE, self.who)

    def _vault_of(self, grants: Sequence[Grant]) -> OpenVault | None:
        """That they are all of, if there are any and it opens."""
        try:
            return self.open_vault(grants[0].vault) if grants else None
        except NotFound:
            return None

    def _granted(self, shared: Place, vault: OpenVault, rest: list[str]) -> Place:
        """A place below /folder: `rest` begins with the name of a granted item."""
        item = called(shared.grants, rest[0])
        if item is None:
            return self._unknown_item(shared, rest, count_absent(self, self._nowhere(shared.path)))
        path = shared.path
        hidden = hidden_below(self, shared, item.node, path, self._walker.then)
        walk = self._walker.down(vault, item.node, path, 2, hidden=hidden)
        top = self.granted_top(shared, walk.above)
        if top is None:
            nowhere = self._nowhere(path)
            if not count_top(self, shared, walk.above, None):
                count_absent(self, nowhere)
            return self._unknown_item(shared, rest, nowhere)
        return self._on(top, path, 2, walk, hidden)

    def _unknown_item(self, shared: Place, rest: list[str], nowhere: Place) -> Place:
        """A free name beside granted items: only where some item shows the folder at all."""
        if len(rest) == 1 and self.items(shared):
            return replace(shared, kind=FREE, items=())
        return nowhere

    def granted_top(self, shared: Place, chain: Sequence[Node]) -> Place | None:
        """The root of a grant, if the way to it from the vault's root is whole and visible."""
        vault = shared.vault
        if vault is None or not chain or chain[0].id != vault.root:
            return None
        for node in chain:
            if node.state is not LIVE:
                return None
        whole, known = tuple(chain), shared.known
        grants = self.covering(known, whole)
        top = Place(
            shared.path, NODE, self.who, vault, whole[-1], whole[:-1], grants, known, is_top=True
        )
        return top if (grants or top.owned) and self.sees(top) else None

    def place_of(self, vault_id: VaultId, node: NodeId) -> Place | None:
        """Where this person finds a node, whatever its name: None when they no longer do."""
        vault = self.open_vault(vault_id)
        above = self._walker.above(vault, node).above
        at = Place(DrivePath(), PlaceKind.SHARED, self.who, vault)
        if vault.owner == self.who.id:
            return self.granted_top(at, above)
        grantees = (self.who.id, *self.who.structures)
        known = tuple(self.tools.grants.live_for(self.tx, vault_id, grantees, self.now))
        return self.granted_top(replace(at, known=known), above)

    # ── what is in it ───────────────────────────────────────────────────────────────────────────

    def items(self, shared: Place) -> list[Place]:
        """The granted items that show in a beneficiary's folder: one statement."""
        assert shared.vault is not None  # noqa: S101 — a shared folder has a vault
        nodes = index.ancestors(
            self.tx, {shared.vault.id: shared.vault}, {grant.node for grant in shared.grants}
        )
        return self.shown_items(shared, DrivePath(shared.path.parts[:1]), nodes)

    def shown_items(
        self, shared: Place, folder: DrivePath, nodes: dict[NodeId, Node]
    ) -> list[Place]:
        shown: dict[str, Place] = {}
        for grant in shared.grants:
            chain = index.chain_to(nodes, grant.node)
            top = self.granted_top(shared, chain)
            count_top(self, shared, chain, top)
            if top is not None and grant.name not in shown:
                path = DrivePath((*folder.parts, grant.name))
                shown[grant.name] = replace(top, path=path, items=(grant,))
        return [shown[name] for name in sorted(shown)]

    # ── may they ────────────────────────────────────────────────────────────────────────────────

    def sees(self, place: Place) -> bool:
        """Whether the node of `place` exists for this person, the way to it being visible."""
        assert place.node is not None  # noqa: S101 — asked of nodes only
        return self.is_seen_in(place, place.above, place.node)

    def is_seen_in(self, near: Place, above: tuple[Node, ...], node: Node) -> bool:
        """Whether `node`, with `above` over it, exists for whoever sees as much as at `near`."""
        if near.owned:
            assert near.vault is not None  # noqa: S101 — somebody owns it
            return category_of((*above, node)) in self.shown_by(near.vault.id, None)
        if node.maker != self.who.id and is_half_saved(node.name):
            return False
        here = near.node is not None and near.node.id == node.id
        theirs = here or self.is_recallable(node)
        return category_of((*above, node)) in self.visible(near, deposits=theirs)

    def visible(self, place: Place, *, deposits: bool = False) -> frozenset[Category]:
        """The categories that this person sees there, by ownership or any covering grant: of
        everything, or (`deposits`) of what they put there themselves a moment ago.
        """
        assert place.vault is not None  # noqa: S101 — nobody asks about a bare drive
        if place.owned:
            return self.shown_by(place.vault.id, None)
        seen: frozenset[Category] = _NONE
        for grant in place.grants:
            if deposits or grant.right is not _DEPOSIT:
                shown = self.shown_by(place.vault.id, grant)
                seen = seen | shown if seen else shown
        return seen

    def shows_all(self, vault: OpenVault | None) -> bool:
        """Whether nothing in it is hidden from this person, who need not be told that as slowly as
        what is absent (DESIGN §2.2).
        """
        if vault is None or vault.owner != self.who.id:
            return False
        return len(self.shown_by(vault.id, None)) == _EVERY

    def nothing_locked(self, vault: OpenVault) -> bool:
        """Whether this transaction has seen so. Never where something is hidden from them."""
        return self._walker.unlocked == vault.id

    def is_recallable(self, node: Node) -> bool:
        """Whether this person made it themselves a short while ago, and nobody else wrote it since.
        A grant to deposit shows nothing else.
        """
        return is_recallable(node, self.who.id, self.since)

    @property
    def since(self) -> datetime:
        """What was made after that may be taken back by whoever made it."""
        return self.now - self.tools.limits.recall

    def covering(self, known: tuple[Grant, ...], chain: tuple[Node, ...]) -> tuple[Grant, ...]:
        return covering(known, chain, self.is_recallable)

    def shown_by(self, vault: VaultId, grant: Grant | None) -> frozenset[Category]:
        key = grant.id if grant else None
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = shown(self.judge, self.who, vault, grant, self.now)
        return seen

    def decide(self, action: Action, place: Place) -> Permit | Denial:
        return best(self.judge, self.who, action, place, self.now)[0]

    def decided(self, action: Action, place: Place) -> Permit | Denial:
        """As `decide`, of what the request is about: the decision log counts it."""
        decision, target, asked = best(self.judge, self.who, action, place, self.now)
        self.counting.decision(decision, target, thing_of(place), asked)
        return decision

    def require(self, action: Action, place: Place, *, in_passing: bool = False) -> Permit:
        """Raises Denied: the thing is visible, so that the reason may be told and is recorded.
        `in_passing`: a yes is not counted, another action on the same thing is what matters.
        """
        decision, target, asked = best(self.judge, self.who, action, place, self.now)
        if not in_passing or isinstance(decision, Denial):
            self.counting.decision(decision, target, thing_of(place), asked)
        if isinstance(decision, Denial):
            raise Denied(place, decision)
        return decision
