"""The keys of one space in one epoch, and what they seal (FORMAT.md §4)."""

import struct
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.ids import ID_BYTES, BlobId, LockId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.nodes import Kind, NodeState
from davserver.domain.secret import Secret
from davserver.sealing.keys import Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.record import Record
from davserver.sealing.values import micros

KIND_CODES = {Kind.FOLDER: 1, Kind.FILE: 2}
STATE_CODES = {NodeState.LIVE: 1, NodeState.TRASH: 2}

_ABSENT = bytes(ID_BYTES + 1)
_RECORD = struct.Struct(">16s16sI16s17sBB17sQ16sqqq16s16s16s16sI")
_VERSION = struct.Struct(">16s16sI16sQ17s16s16sq")


@dataclass(frozen=True, slots=True)
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
        """Fixed width. Raises ValueError for an id of another length or a number out of range."""
        _require_ids(self.vault, self.space, self.node, self.etag, self.author, self.maker)
        _require_ids(self.idx, self.ci_idx)
        return _packed(
            _RECORD,
            self.vault,
            self.space,
            self.epoch,
            self.node,
            _optional(self.parent),
            KIND_CODES[self.kind],
            STATE_CODES[self.state],
            _optional(self.blob),
            self.row_version,
            self.etag,
            micros(self.created),
            micros(self.modified),
            micros(self.made_at),
            self.author,
            self.maker,
            self.idx,
            self.ci_idx,
            self.twin,
        )


@dataclass(frozen=True, slots=True)
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
        """Fixed width. Raises ValueError as RecordContext does."""
        _require_ids(self.vault, self.space, self.node, self.etag, self.author)
        return _packed(
            _VERSION,
            self.vault,
            self.space,
            self.epoch,
            self.node,
            self.version,
            _optional(self.blob),
            self.etag,
            self.author,
            micros(self.time),
        )


class SpaceKeys:
    """What one space key seals and opens. Build it once per space and epoch: it holds the derived
    keys, and may be shared between threads. Every `open_…` raises Damaged.
    """

    __slots__ = ("_index_key", "_lock_owner", "_place", "_record", "_version")

    def __init__(self, space_key: Secret, vault: VaultId, space: SpaceId, epoch: int) -> None:
        _require_ids(vault, space)
        place = _packed(struct.Struct(">16s16sI"), vault, space, epoch)
        self._place = (vault, space, epoch)
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
        self._require_place(context)
        return self._record.seal(record.encode(), context.encode())

    def open_record(self, context: RecordContext, sealed: bytes) -> Record:
        return Record.decode(self._record.open(sealed, context.encode()))

    def seal_version(self, context: VersionContext, record: Record) -> bytes:
        self._require_place(context)
        return self._version.seal(record.encode(), context.encode())

    def open_version(self, context: VersionContext, sealed: bytes) -> Record:
        return Record.decode(self._version.open(sealed, context.encode()))

    def seal_index_key(self, generation: int, index_key: Secret) -> bytes:
        """The vault's index key; `generation` is the row's `idx_gen`."""
        return self._index_key.seal_key(index_key, generation.to_bytes(4, "big"))

    def open_index_key(self, generation: int, sealed: bytes) -> Secret:
        return self._index_key.open_key(sealed, generation.to_bytes(4, "big"))

    def seal_lock_owner(self, lock: LockId, node: NodeId, owner: str) -> bytes:
        _require_ids(lock, node)
        return self._lock_owner.seal(owner.encode(), lock + node)

    def open_lock_owner(self, lock: LockId, node: NodeId, sealed: bytes) -> str:
        _require_ids(lock, node)
        return self._lock_owner.open(sealed, lock + node).decode()

    def _require_place(self, context: RecordContext | VersionContext) -> None:
        if (context.vault, context.space, context.epoch) != self._place:
            raise ValueError("a record is sealed under the keys of its own space and epoch")


def _require_ids(*ids: bytes) -> None:
    # struct pads or cuts what is too short or too long without a word.
    if any(len(one) != ID_BYTES for one in ids):
        raise ValueError(f"ids, etags and indexes have {ID_BYTES} bytes each")


def _optional(one: bytes | None) -> bytes:
    """A presence byte, then the id or zeros."""
    if one is None:
        return _ABSENT
    _require_ids(one)
    return b"\1" + one


def _packed(layout: struct.Struct, *fields: object) -> bytes:
    try:
        return layout.pack(*fields)
    except struct.error:
        raise ValueError("a number of a row does not fit its field") from None
