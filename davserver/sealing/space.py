"""The keys of one space in one epoch, and what they seal (FORMAT.md §4)."""

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.ids import ID_BYTES, BlobId, LockId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Kind, NodeState
from davserver.domain.secret import Secret
from davserver.sealing.fields import UnfitRow, id16, optional_id, u32
from davserver.sealing.keys import Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.record import Fields, Record, category_in, encoded, fields_in
from davserver.sealing.values import micros

KIND_CODES = {Kind.FOLDER: b"\1", Kind.FILE: b"\2"}
STATE_CODES = {NodeState.LIVE: b"\1", NodeState.TRASH: b"\2"}

_NO_ID = optional_id(None)

Place = tuple[VaultId, SpaceId, int]
"""Whose key seals: vault, space and epoch."""


@lean(frozen=True, slots=True)
class RecordContext:
    """Everything in a node's row that its sealed record is bound to (FORMAT.md §4.5).

    Ids, `etag`, `idx` and `ci_idx` have 16 bytes each. A row in which any of this was changed
    does not open.
    """

    vault: VaultId
    space: SpaceId
    epoch: int
    node: NodeId
    parent: NodeId | None
    kind: Kind
    state: NodeState
    blob: BlobId | None
    row_version: int
    etag: bytes
    created: datetime
    modified: datetime
    made_at: datetime
    author: PersonId
    maker: PersonId
    idx: bytes
    ci_idx: bytes
    twin: int

    def encode(self) -> bytes:
        """Fixed width. Raises UnfitRow for an id of another length or a number out of range."""
        return _bound(_place(self.vault, self.space, self.epoch), self.columns())

    def columns(self) -> tuple[Any, ...]:
        """SEALED_COLUMNS but for the record."""
        return (
            self.node, self.parent, self.kind, self.state, self.blob, self.row_version, self.etag,
            micros(self.created), micros(self.modified), micros(self.made_at), self.author,
            self.maker, self.idx, self.ci_idx, self.twin,
        )  # fmt: skip


@lean(frozen=True, slots=True)
class VersionContext:
    """What an older version's sealed record is bound to (FORMAT.md §4.6). It has no parent, and
    a purpose of its own, so that it can never stand in for a live row.
    """

    vault: VaultId
    space: SpaceId
    epoch: int
    node: NodeId
    version: int
    blob: BlobId | None
    etag: bytes
    author: PersonId
    time: datetime

    def encode(self) -> bytes:
        """Fixed width. Raises UnfitRow as RecordContext does."""
        return self.within(_place(self.vault, self.space, self.epoch))

    def within(self, place: bytes) -> bytes:
        """As `encode`, of a place that is encoded already."""
        node, blob, etag, author = self.node, self.blob, self.etag, self.author
        try:
            # Packing would cut what is too long, and fill up what is too short.
            to = node if blob is None else blob
            if not len(node) == len(to) == len(etag) == len(author) == ID_BYTES:
                raise UnfitRow(_UNFIT)
            return _VERSION.pack(
                place, node, self.version, _NO_ID if blob is None else b"\1" + blob, etag, author,
                micros(self.time),
            )  # fmt: skip
        except (struct.error, TypeError):
            raise UnfitRow(_UNFIT) from None


_VERSION = struct.Struct(">36s16sQ17s16s16sq")


_ROW = struct.Struct(">36s16s17s1s1s17sQ16sqqq16s16s16s16sI")
_KINDS = {kind.value: code for kind, code in KIND_CODES.items()}
_STATES = {state.value: code for state, code in STATE_CODES.items()}


SEALED_COLUMNS = (
    "id", "parent_id", "kind", "state", "blob_id", "row_version", "etag", "created", "modified",
    "made_at", "author_id", "maker_id", "name_idx", "name_ci_idx", "twin", "rec_ct",
)  # fmt: skip
"""What a node's row holds besides its place, in the order of FORMAT.md §4.5; the record last."""


def _bound(place: bytes, row: Sequence[Any]) -> bytes:
    """What `RecordContext.encode` gives for the columns of a row, which begins with SEALED_COLUMNS.
    Raises UnfitRow for what no row can hold.
    """
    (
        node, parent, kind, state, blob, number, etag, created, modified, made_at, author, maker,
        idx, ci_idx, twin,
    ) = row[:_SEALED]  # fmt: skip
    try:
        # Packing would cut what is too long, and fill up what is too short.
        up, to = node if parent is None else parent, node if blob is None else blob
        ids = len(node) == len(up) == len(to) == len(etag) == len(author) == len(maker) == ID_BYTES
        if not ids or not len(idx) == len(ci_idx) == ID_BYTES:
            raise UnfitRow(_UNFIT)
        return _ROW.pack(
            place, node, _NO_ID if parent is None else b"\1" + parent, _KINDS[kind],
            _STATES[state], _NO_ID if blob is None else b"\1" + blob, number, etag, created,
            modified, made_at, author, maker, idx, ci_idx, twin,
        )  # fmt: skip
    except (struct.error, KeyError, TypeError):
        raise UnfitRow(_UNFIT) from None


_SEALED = len(SEALED_COLUMNS) - 1
_UNFIT = "an id, etag or index has 16 bytes, a number of a row at most 8"


class CategoryReader:
    """Of one space and epoch: opens records for their category alone, straight from the columns of
    their rows. For questions about all vaults, where making more of each would take minutes.
    """

    __slots__ = ("_place", "_record")

    def __init__(self, space_key: Secret, vault: VaultId, space: SpaceId, epoch: int) -> None:
        self._place = _place(vault, space, epoch)
        self._record = Sealer(space_key, Purpose.SPACE_RECORD, self._place)

    def category(self, row: Sequence[Any]) -> Category | None:
        """What was set on the node of this row, which begins with SEALED_COLUMNS. Raises Damaged
        for a row of another space, or one in which anything was altered.
        """
        return category_in(self._record.open(row[_SEALED], _bound(self._place, row)))


class SpaceKeys:
    """What one space key seals and opens. Build it once per space and epoch: it holds the derived
    keys, and may be shared between threads. Every `open_…` raises Damaged.
    """

    __slots__ = ("_bytes", "_index_key", "_lock_owner", "_place", "_record", "_version")

    def __init__(self, space_key: Secret, vault: VaultId, space: SpaceId, epoch: int) -> None:
        place = _place(vault, space, epoch)
        self._place = (vault, space, epoch)
        self._bytes = place
        self._record = Sealer(space_key, Purpose.SPACE_RECORD, place)
        self._version = Sealer(space_key, Purpose.SPACE_VERSION, place)
        self._index_key = Sealer(space_key, Purpose.SPACE_INDEX_KEY, place)
        self._lock_owner = Sealer(space_key, Purpose.SPACE_LOCK_OWNER, place)

    @classmethod
    def from_secret(
        cls, space_key: Secret, vault: VaultId, space: SpaceId, epoch: int
    ) -> "SpaceKeys":
        return cls(space_key, vault, space, epoch)

    def seal_record(self, context: RecordContext, record: Record) -> bytes:
        place = context.vault, context.space, context.epoch
        return self.seal_row(context.columns(), place, record.fields())

    def seal_row(self, row: Sequence[Any], place: Place, fields: Fields) -> bytes:
        """The record of a row that lies in `place`, and whose SEALED_COLUMNS are `row` and what
        this gives.
        """
        self._require_place(place)
        return self._record.seal(encoded(fields), _bound(self._bytes, row))

    def open_row(self, row: Sequence[Any], space: object) -> Fields:
        """What the record of a row holds. The row begins with SEALED_COLUMNS, and says that it lies
        in `space`: straight from its columns, as thousands are opened for one listing.
        """
        if space != self._place[1]:
            raise Damaged("a row of another space")
        return fields_in(self._record.open(row[_SEALED], _bound(self._bytes, row)))

    def seal_version(self, context: VersionContext, fields: Fields) -> bytes:
        self._require_place((context.vault, context.space, context.epoch))
        return self._version.seal(encoded(fields), context.within(self._bytes))

    def open_version(self, context: VersionContext, sealed: bytes) -> Record:
        return Record.decode(self._version.open(sealed, context.encode()))

    def seal_index_key(self, generation: int, index_key: Secret) -> bytes:
        """The vault's index key; `generation` is the row's `idx_gen`."""
        return self._index_key.seal_key(index_key, u32(generation))

    def open_index_key(self, generation: int, sealed: bytes) -> Secret:
        return self._index_key.open_key(sealed, u32(generation))

    def seal_lock_owner(self, lock: LockId, node: NodeId, owner: str) -> bytes:
        return self._lock_owner.seal(owner.encode(), id16(lock) + id16(node))

    def open_lock_owner(self, lock: LockId, node: NodeId, sealed: bytes) -> str:
        return self._lock_owner.open(sealed, id16(lock) + id16(node)).decode()

    def _require_place(self, place: Place) -> None:
        if place != self._place:
            raise ValueError("a record is sealed under the keys of its own space and epoch")


def _place(vault: VaultId, space: SpaceId, epoch: int) -> bytes:
    """FORMAT.md §4.1."""
    return id16(vault) + id16(space) + u32(epoch)
