"""Entries: what a front may show of a place. ETags, times and permissions are this viewer's own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from davserver.db.clock import from_us
from davserver.domain.actions import Action, Category
from davserver.domain.decisions import Denial
from davserver.domain.drive import EVERY_DETAIL, Detail, Details, Entry, LockView
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Kind, Node
from davserver.domain.paths import DrivePath
from davserver.gate.entries.below import Below
from davserver.gate.entries.deposits import Deposits, is_describable
from davserver.gate.entries.inside import Some, below_of
from davserver.gate.entries.lock_views import lock_view
from davserver.gate.entries.members import Member, changes_in, members
from davserver.gate.entries.received import received
from davserver.gate.judging import allowed
from davserver.gate.lock_reach import Standing
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.vault import changes, quota
from davserver.vault.changes import Change

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SHOWN = (
    Action.LIST, Action.GET, Action.PUT, Action.MKCOL, Action.LOCK, Action.MOVE, Action.RECALL,
    Action.DELETE,
)  # fmt: skip
_LOCK, _RIGHTS = Action.LOCK, Detail.RIGHTS
_UNASKED: frozenset[Action] = frozenset()
"""Of entries whose permissions nobody will read."""
_ON_TOPS = frozenset({Action.MOVE, Action.RECALL, Action.DELETE})


Made = list[Entry]
"""By a name, as Python works out what the parameters of an inner function are for each request."""


@lean(frozen=True, slots=True)
class _Alike:
    """What is the same for all that is judged alike. `place`: of one of them."""

    place: Place
    may: frozenset[Action]
    category: Category
    describable: bool


class Entries:
    """Makes the entries of one answer. Counters and locks are read once for all of them."""

    def __init__(self, sight: Sight, details: Details = EVERY_DETAIL) -> None:
        self._sight = sight
        self._details = details
        self._may: dict[tuple[object, ...], frozenset[Action]] = {}
        self._tags: dict[tuple[VaultId, frozenset[Category]], frozenset[bytes]] = {}
        self._deposits = Deposits(sight)

    def one(self, place: Place) -> Entry:
        """The entry of a place that exists."""
        if place.kind is not PlaceKind.NODE:
            return self._virtual(place, self._below_virtual(place))
        assert place.node is not None and place.vault is not None  # noqa: S101, PT018 — a NODE
        self._deposits.load([place])
        found = changes.of_folders(self._sight.tx, [place.node.id]) if place.is_folder else {}
        entry = self._entry(place, found, self._standing([place]))
        return self._with_quota(place, entry)

    def of_folder_changed(self, place: Place) -> Entry:
        """As `of_file`, of a folder whose properties were just written."""
        return self._entry(place, {}, None, _UNASKED)

    def with_children(self, place: Place) -> tuple[Entry, Below]:
        """A folder's entry and its visible children's, in a number of statements that does not
        depend on how many there are.
        """
        if place.kind is not PlaceKind.NODE:
            below = self._below_virtual(place)
            return self._virtual(place, below), Below.of(below)
        assert place.node is not None  # noqa: S101 — a NODE
        self._deposits.load([place])
        inside = members(self._sight, place, self._alike)
        found = changes_in(self._sight, place.node.id)
        standing = self._standing([place], inside=True)
        entry = self._with_quota(place, self._entry(place, found, standing))
        made = self._maker(place, found, standing)
        return entry, below_of(place.path.parts, inside, made, whole=standing is not None)

    # ── places of a vault ───────────────────────────────────────────────────────────────────────

    def _maker(
        self, folder: Place, found: dict[NodeId, list[Change]], standing: Standing | None
    ) -> Callable[[Sequence[Member[_Alike]]], list[Entry]]:
        """Makes the entries of some children."""
        parts = folder.path.parts

        def full(path: DrivePath, node: Node, alike: _Alike) -> Entry:
            one = alike.place
            place = Place(
                path, one.kind, one.who, one.vault, node, one.above, one.grants, one.known
            )
            return self._of(place, alike, found, standing)

        def made(some: Some) -> Made:
            return [
                _shown(DrivePath((*parts, name)), node, alike)
                if standing is None and not is_folder
                else full(DrivePath((*parts, name)), node, alike)
                for name, is_folder, node, alike in some
            ]

        return made

    def _entry(
        self,
        place: Place,
        found: dict[NodeId, list[Change]],
        standing: Standing | None,
        known: frozenset[Action] | None = None,
    ) -> Entry:
        return self._of(place, self._alike(place, known), found, standing)

    def _alike(self, place: Place, known: frozenset[Action] | None = None) -> _Alike:
        if known is None:
            known = self.may(place) if _RIGHTS in self._details else _UNASKED
        return _Alike(place, known, place.category, is_describable(place))

    def _of(
        self,
        place: Place,
        alike: _Alike,
        found: dict[NodeId, list[Change]],
        standing: Standing | None,
    ) -> Entry:
        node = place.node
        assert node is not None  # noqa: S101 — entries are made of nodes
        locks = self._lock_views(place, standing)
        if not node.is_folder:
            return _shown(place.path, node, alike, locks)
        seen = self._seen_changes(place, found.get(node.id, []))
        theirs = self._deposits.below(place)
        times = [from_us(change.at) for change in seen] + [one.made_at for one in theirs]
        etag = self._folder_etag(place, node, seen, theirs)
        return _shown(place.path, node, alike, locks, etag, max(times, default=node.created))

    def _seen_changes(self, place: Place, all_of_it: Iterable[Change]) -> list[Change]:
        assert place.vault is not None  # noqa: S101 — a NODE has a vault
        if place.owned:
            return sorted(all_of_it, key=lambda change: change.tag)
        if place.only_deposits:
            return []
        sight = self._sight
        key = (place.vault.id, sight.visible(place))
        if key not in self._tags:
            self._tags[key] = changes.tags_seen(place.vault, sight.who.id, key[1])
        tags = self._tags[key]
        return sorted((c for c in all_of_it if c.tag in tags), key=lambda change: change.tag)

    def _folder_etag(
        self, place: Place, node: Node, seen: Sequence[Change], theirs: Sequence[Node]
    ) -> str:
        grants = tuple(sorted(bytes(grant.id) for grant in place.grants))
        counters = tuple((change.tag, change.count) for change in seen)
        deposited = tuple((bytes(one.id), one.etag, one.row_version) for one in theirs)
        parts = (bytes(place.who.id), bytes(node.id), grants, counters, deposited)
        return self._sight.tools.keys.folder_etag(parts).hex()

    def may(self, place: Place) -> frozenset[Action]:
        """What this person may do here: the same decisions as those of the verbs."""
        node = place.node
        assert node is not None  # noqa: S101 — asked of nodes only
        may = self._allowed(place, place.category)
        if place.is_top:
            return may - _ON_TOPS
        if Action.RECALL in may and (place.owned or not self._sight.is_recallable(node)):
            may -= {Action.RECALL}
        return may

    def _allowed(self, place: Place, category: Category) -> frozenset[Action]:
        grants = tuple(grant.id for grant in place.grants)
        key = (place.owned, grants, category, place.is_folder)
        if key not in self._may:
            sight = self._sight
            self._may[key] = allowed(sight.judge, sight.who, SHOWN, place, sight.now)
        return self._may[key]

    def _with_quota(self, place: Place, entry: Entry) -> Entry:
        """RFC 4331 numbers on folders: the vault's for its owner, what a grant has left else."""
        if not entry.is_folder or place.vault is None or Detail.QUOTA not in self._details:
            return entry
        if place.owned:
            used, limit = quota.used_and_quota(self._sight.tx, place.vault)
            return replace(entry, used=used, available=max(0, limit - used))
        payer = self._sight.decide(Action.PUT, place)
        if isinstance(payer, Denial):
            return entry
        return replace(entry, available=quota.left_for(self._sight.tx, payer.target))

    # ── locks ───────────────────────────────────────────────────────────────────────────────────

    def _standing(self, places: Sequence[Place], *, inside: bool = False) -> Standing | None:
        """None where nobody asks, or nothing near them is locked."""
        if not places or Detail.LOCKS not in self._details:
            return None
        looking = Standing.listed if inside else Standing.at
        standing = looking(self._sight, *places)
        return None if standing.none_at_all else standing

    def _lock_views(self, place: Place, standing: Standing | None) -> tuple[LockView, ...]:
        found = standing.on(place) if standing is not None else ()
        return tuple([lock_view(lock, place, self._sight.now) for lock in found]) if found else ()

    # ── places without a node: a professional's root, a beneficiary's folder there ───────────────

    def _below_virtual(self, place: Place) -> list[Entry]:
        return self._items(place) if place.kind is PlaceKind.SHARED else self._shared_folders()

    def _shared_folders(self) -> list[Entry]:
        """All folders of a professional's root, with their items."""
        shared = received(self._sight)
        every = [item for _, items in shared for item in items]
        self._deposits.load(every)
        folders = [item.node.id for item in every if item.node and item.is_folder]
        found = changes.of_folders(self._sight.tx, folders)
        return [
            self._virtual(place, [self._entry(item, found, None, _UNASKED) for item in items])
            for place, items in shared
        ]

    def _items(self, place: Place) -> list[Entry]:
        items = self._sight.items(place)
        self._deposits.load(items)
        folders = [item.node.id for item in items if item.node and item.is_folder]
        found = changes.of_folders(self._sight.tx, folders)
        standing = self._standing(items)
        return [self._entry(item, found, standing) for item in items]

    def _virtual(self, place: Place, below: Sequence[Entry]) -> Entry:
        inside = tuple((e.path.name, bytes(e.id), e.etag) for e in below)
        vault = bytes(place.vault.id) if place.vault else b""
        etag = self._sight.tools.keys.folder_etag((bytes(place.who.id), vault, inside))
        times = [entry.modified for entry in below] + [g.created for g in place.grants]
        return Entry(
            path=place.path,
            id=self._sight.tools.keys.folder_etag((bytes(place.who.id), vault, "id")),
            kind=Kind.FOLDER,
            etag=etag.hex(),
            size=None,
            media_type="",
            created=min((g.created for g in place.grants), default=_LONG_AGO),
            modified=max(times, default=_LONG_AGO),
            may=frozenset({Action.LIST, Action.GET}),
            lockable=False,
        )


def _shown(
    path: DrivePath,
    node: Node,
    alike: _Alike,
    locks: tuple[LockView, ...] = (),
    etag: str = "",
    modified: datetime | None = None,
) -> Entry:
    """`etag`, `modified`: where they are not the node's own. By position: of thousands, the names
    of the fields would take a third.
    """
    content, may, describable = node.content, alike.may, alike.describable
    size, media_type, sha256 = (
        (content.size, content.media_type, content.sha256) if content else (None, "", None)
    )
    return Entry(
        path, node.id, node.kind, etag or node.etag.hex(), size, media_type, node.created,
        modified or node.modified, may, sha256, node.properties if describable else {}, locks,
        None, None, _LOCK in may, describable, alike.category,
    )  # fmt: skip


def of_file(place: Place) -> Entry:
    """The entry of a file that is read or was just written: without locks and permissions, which
    nobody asks of a GET or a PUT.
    """
    assert place.node is not None  # noqa: S101 — entries are made of nodes
    alike = _Alike(place, _UNASKED, place.category, is_describable(place))
    return _shown(place.path, place.node, alike)
