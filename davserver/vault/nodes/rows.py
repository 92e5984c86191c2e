"""Rows of nodes and versions ↔ opened values. The only module that seals or opens a record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from davserver.db.clock import from_us, to_us
from davserver.domain.actions import Category
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.nodes import Content, Kind, Node, NodeState
from davserver.domain.secret import Secret
from davserver.sealing.index import VaultIndex
from davserver.sealing.record import Fields, Record
from davserver.sealing.space import SEALED_COLUMNS, SpaceKeys
from davserver.vault.nodes.node_cache import WHOLE_FOLDER, NodeCache

Columns = tuple[Any, ...]
Row = Mapping[str, Any] | RowMapping

NODE_COLUMNS = (*SEALED_COLUMNS, "vault_id", "space_id", "epoch")
_RECORD = NODE_COLUMNS.index("rec_ct")
_CREATED = NODE_COLUMNS.index("created")
_IN_COMMON = tuple(
    NODE_COLUMNS.index(name)
    for name in ("parent_id", "kind", "state", "author_id", "maker_id", "vault_id", "space_id")
)
_KINDS = {kind.value: kind for kind in Kind}
_OF_NONE = Category.UNCLASSIFIED
_STATES = {state.value: state for state in NodeState}

INSTEAD = 1_000_000
"""Added to the depth of a row that was read for one that is absent: deeper than any path."""


@dataclass(frozen=True, slots=True)
class OpenVault:
    """One vault with its keys in memory. `keys` by epoch; `epoch` is the one that seals. `wraps`:
    what the keys were opened from, equal only for the same keys.
    """

    id: VaultId
    owner: PersonId
    root: NodeId
    space: SpaceId
    epoch: int
    keys: Mapping[int, SpaceKeys]
    index: VaultIndex
    quota: int
    node_cache: NodeCache = field(default_factory=NodeCache, repr=False, compare=False)
    wraps: frozenset[tuple[Any, ...]] = field(default=frozenset(), repr=False, compare=False)

    def keys_of(self, epoch: int) -> SpaceKeys:
        """Raises Damaged for an epoch that this vault never had."""
        try:
            return self.keys[epoch]
        except KeyError:
            raise Damaged("a row names an unknown key epoch") from None


def node_from(vault: OpenVault, row: Row) -> Node:
    """The opened node. Raises Damaged when anything in the row was altered (FORMAT.md §4.5)."""
    columns = tuple([row[name] for name in NODE_COLUMNS])
    return vault.node_cache.get(columns) or _remembered(vault, columns)


def _remembered(vault: OpenVault, columns: Columns) -> Node:
    columns = _shared(vault, columns)
    node = opened_from(vault, columns)
    vault.node_cache.keep(columns, node, columns[_RECORD])
    return node


def _shared(vault: OpenVault, columns: Columns) -> Columns:
    """The same columns, without what the rows before had too."""
    same, values = vault.node_cache.same.setdefault, list(columns)
    for at in _IN_COMMON:
        values[at] = same(values[at], values[at])
    created = values[_CREATED]
    for at in (_CREATED + 1, _CREATED + 2):  # modified, made_at
        if values[at] == created:
            values[at] = created
    return tuple(values)


def nodes_from(vault: OpenVault, batches: Iterable[Sequence[Columns]]) -> list[Node]:
    """Those that open, of many rows with the columns NODE_COLUMNS and no others; the first batch
    tells whether there are too many to remember.
    """
    found: list[Node] = []
    seen, opens = vault.node_cache.get, _remembered
    for rows in batches:
        if len(rows) >= WHOLE_FOLDER:
            opens = opened_from
        _open_each(vault, rows, seen, opens, found)
    return found


def _open_each(
    vault: OpenVault,
    rows: Sequence[Columns],
    seen: Callable[[Columns], Node | None],
    opens: Callable[[OpenVault, Columns], Node],
    found: list[Node],
) -> None:
    for row in rows:
        node = seen(row)
        if node is None:
            try:
                node = opens(vault, row)
            except Damaged:
                note_damaged(row[0])
                continue
        found.append(node)


def node_or_none(vault: OpenVault, row: Row) -> Node | None:
    """As `node_from`; None for what does not open."""
    return node_in(vault, tuple([row[name] for name in NODE_COLUMNS]))


def node_in(vault: OpenVault, columns: Columns) -> Node | None:
    """The same of NODE_COLUMNS alone."""
    try:
        return vault.node_cache.get(columns) or _remembered(vault, columns)
    except Damaged:
        note_damaged(columns[0])
        return None


def note_damaged(node: bytes) -> None:
    """Absent for everybody; `abri vault check` names it (threat model: database writers)."""
    sound(Alarm.ROW_DAMAGED, table="node", id=bytes(node).hex())


def take_as_long(vault: OpenVault, instead: Columns, way: Sequence[bytes]) -> None:
    """A name that nothing has costs what opening something hidden of that name would: whoever asks
    for names must not learn from the time which of them are taken (DESIGN §2.2).

    `instead`: NODE_COLUMNS that were read for what is absent at the end of the way down by these
    indexes. They are opened once, as what is there would be remembered.
    """
    absent = (instead[0], *way)
    with suppress(Damaged):
        if vault.node_cache.get(instead) is None:
            _remembered(vault, instead)
        if absent not in vault.node_cache:
            vault.node_cache.keep(absent, opened_from(vault, instead), instead[_RECORD])


def opened_from(vault: OpenVault, columns: Columns) -> Node:
    """Of a row's columns NODE_COLUMNS. Raises Damaged."""
    (
        node, parent, kind, state, blob, row_version, etag, created, modified, made_at, author,
        maker, name_idx, _, twin, _, vault_id, space, epoch,
    ) = columns  # fmt: skip
    if vault_id != vault.id:
        raise Damaged("a row of another vault")
    name, category, size, sha256, media_type, _, origin, key, properties = vault.keys_of(
        epoch
    ).open_row(columns, space)
    if vault.index.name_index(name) != name_idx:
        raise Damaged("a row's index is not its name's")
    made = _instant(created)
    return Node(
        # What all rows of a vault have in common is there once, however many are remembered.
        node, vault.id, vault.space if space == vault.space else space, parent, _KINDS[kind],
        _STATES[state], name, twin, category, _content(blob, size, sha256, media_type, key), etag,
        row_version, epoch, maker, maker if author == maker else author, made,
        made if modified == created else _instant(modified),
        made if made_at == created else _instant(made_at), origin, properties,
    )  # fmt: skip


def _instant(value: int) -> datetime:
    try:
        return from_us(value)
    except OverflowError:
        raise Damaged("a row holds what no row can hold") from None


def sealed_columns(vault: OpenVault, node: Node) -> dict[str, Any]:
    """All columns of NODE_COLUMNS for `node`, sealed under the vault's present epoch."""
    content, name, epoch = node.content, node.name, vault.epoch
    # Of something new all three are the same object.
    created, modified, made_at = node.created, node.modified, node.made_at
    made = to_us(created)
    row = (
        node.id, node.parent, node.kind._value_, node.state._value_,
        content.blob if content else None,
        node.row_version, node.etag, made, made if modified is created else to_us(modified),
        made if made_at is created else to_us(made_at), node.author, node.maker,
        vault.index.name_index(name), vault.index.folded_index(name), node.twin,
    )  # fmt: skip
    place = node.vault, node.space, epoch
    sealed = vault.keys_of(epoch).seal_row(row, place, fields_of(node))
    return dict(zip(NODE_COLUMNS, (*row, sealed, *place), strict=True))


def fields_of(node: Node) -> Fields:
    """What the record of its row holds."""
    content = node.content
    size, sha256, media_type, key = (
        (content.size, content.sha256, content.media_type, content.key)
        if content
        else (0, b"", "", None)
    )
    return (
        node.name, node.category, size, sha256, media_type, node.maker, node.origin, key,
        node.properties,
    )  # fmt: skip


def content_of(record: Record, blob: BlobId | None) -> Content | None:
    return _content(blob, record.size, record.sha256, record.media_type, record.file_key)


def _content(
    blob: BlobId | None, size: int, sha256: bytes, media_type: str, key: Secret | None
) -> Content | None:
    if (blob is None) != (key is None):
        raise Damaged("a row and its record disagree about content")
    return None if blob is None or key is None else Content(blob, size, sha256, media_type, key)


def required(content: Content | None) -> Content:
    if content is None:
        raise Damaged("a version without content")
    return content


def category_of(chain: tuple[Node, ...]) -> Category:
    """The effective category of the last of `chain`: its own, else the nearest folder's."""
    for node in reversed(chain):
        if node.category is not None:
            return node.category
    return _OF_NONE
