"""The walk down a path: one statement, and a smaller one for the next name in a known folder."""

import re
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from davserver.db.prepared import Prepared
from davserver.domain.ids import NodeId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.vault.nodes.rows import (
    INSTEAD,
    NODE_COLUMNS,
    Columns,
    OpenVault,
    node_in,
    take_as_long,
)
from davserver.vault.nodes.walk_statements import (
    LOCKED,
    MOST_STEPS,
    NOTHING,
    PERHAPS,
    Hidden,
    Steps,
    any_way,
    one_by_one,
    one_step,
    step_to_content,
    steps,
    two_ends,
    way_to,
)

_SUFFIX = re.compile(r"^(?P<stem>.+) \((?P<number>[2-9]|[1-9]\d{1,3})\)(?P<ending>\.[^.]+)?$")


@lean(frozen=True, slots=True)
class RenamedFrom:
    """The place that a node was renamed away from, not long ago perhaps."""

    parent: bytes
    index: bytes
    at: int
    by: bytes


@lean(frozen=True, slots=True)
class Found:
    """A node on the way down a path. `depth` 0 is the start, 1 its child; negative above it."""

    depth: int
    node: Node
    renamed_from: RenamedFrom | None = None


class Walk(NamedTuple):
    """What a walk down a path found."""

    above: Sequence[Node]
    """The ancestors of where it starts, the root first, and the start itself last."""
    below: Sequence[Sequence[Found]]
    """For each name in turn, all that could be meant by it."""
    unlocked: bool
    """Whether it was seen that nothing in the vault is locked: asked only for whom nothing in it is
    hidden.
    """


Stored = dict[bytes | None, Columns]
"""Rows of contents that were read along, by the id of each."""


def walk(
    tx: Connection,
    vault: OpenVault,
    start: NodeId,
    names: Sequence[str],
    *,
    hidden: Hidden = PERHAPS,
) -> Walk:
    """The ancestors of `start` (root first, `start` last), and below it, for each name in turn,
    all live nodes that could be meant: hidden ones, twins, and twins asked for by their suffix.

    `hidden`: whether anything may be, from whoever asks. Only then what is absent costs as much as
    what is there.

    Rows that were tampered with are left out, and logged; with them the way up ends, as what they
    held back (a category, the trash) would be forgotten otherwise.
    """
    return _gone(tx, vault, start, names, tuple(range(len(names))), hidden=hidden)


def walk_both(
    tx: Connection,
    vault: OpenVault,
    start: NodeId,
    names: Sequence[str],
    others: Sequence[str],
    *,
    hidden: Hidden = PERHAPS,
) -> tuple[Walk, Walk]:
    """As `walk`, down two paths from the same start: one statement, in which the names that they
    have in common are looked for once.
    """
    common, length = 0, len(names)
    while common < min(length, len(others)) and names[common] == others[common]:
        common += 1
    rest = others[common:]
    after = (*range(length), *([common, *range(length + 1, length + len(rest))] if rest else ()))
    above, below, free = _gone(tx, vault, start, [*names, *rest], after, hidden=hidden)
    return (
        Walk(above, below[:length], free),
        Walk(above, [*below[:common], *below[length:]], free),
    )


def _gone(
    tx: Connection,
    vault: OpenVault,
    start: NodeId,
    names: Sequence[str],
    after: Steps,
    *,
    hidden: Hidden,
) -> Walk:
    pairs = [_indexes(vault, name) for name in names]
    parameters: dict[str, Any] = {"start": start, "vault": vault.id}
    for depth, (plain, stripped) in enumerate(pairs):
        parameters[f"a{depth}"] = plain
        parameters[f"b{depth}"] = stripped
    statement = _statement(tx, pairs, after, from_root=start == vault.root, hidden=hidden)
    rows = statement.tuples(tx, parameters)
    above: list[Found] = []
    below: list[list[Found]] = [[] for _ in names]
    for one in _opened(vault, rows, pairs, after, hidden=hidden):
        (above if one.depth <= 0 else below[one.depth - 1]).append(one)
    above.sort(key=_DEPTH)
    nodes = _unbroken(start, [one.node for one in above])
    return Walk(nodes, below, _unlocked(rows, hidden=hidden))


def _unlocked(rows: Sequence[Columns], *, hidden: Hidden) -> bool:
    return hidden is NOTHING and LOCKED not in [row[0] for row in rows]


_DEPTH = attrgetter("depth")


def _statement(
    tx: Connection,
    pairs: Sequence[tuple[bytes, bytes]],
    after: Steps,
    *,
    from_root: bool,
    hidden: Hidden,
) -> Prepared:
    if len(pairs) <= MOST_STEPS:
        indexes = tuple(map(_how_many, pairs))
        if tx.dialect.name == "postgresql":
            return one_by_one(after, indexes, from_root=from_root, hidden=hidden)
        if all(count == 1 for count in indexes):
            return steps(after, from_root=from_root, hidden=hidden)
    return any_way(after, tx.dialect.name, hidden=hidden)


def further(
    tx: Connection,
    vault: OpenVault,
    before: Walk,
    name: str,
    *,
    hidden: Hidden = PERHAPS,
    stored: Stored | None = None,
) -> Walk:
    """What `walk` finds for one more name at the end of one that it found before. `stored`: takes
    the rows of contents as well, where nothing may be hidden.
    """
    above, below, _ = before
    folders = [one.node.id for one in below[-1]] if below else [node.id for node in above[-1:]]
    if not folders and hidden is not PERHAPS:
        return Walk(above, [*below, []], unlocked=False)
    plain, stripped = pair = _indexes(vault, name)
    # Below what is absent nothing is found, with as much work as below something hidden.
    asked = folders or [_deepest(before)]
    given: dict[str, bytes] = {f"folder{number}": one for number, one in enumerate(asked)}
    given |= {"a": plain, "b": stripped, "vault": vault.id}
    indexes = _how_many(pair)
    if stored is None or hidden is PERHAPS:
        rows = one_step(len(asked), indexes, hidden=hidden).tuples(tx, given)
    else:
        rows = step_to_content(len(asked), indexes, hidden=hidden).tuples(tx, given)
        stored.update({row[_BLOB]: row[_STORED:] for row in rows})
    found = _opened(vault, rows, [pair], (0,), hidden=hidden)
    return Walk(above, [*below, found if folders else []], _unlocked(rows, hidden=hidden))


End = tuple[Walk, str]
"""The walk to a folder that is there, and a name to look for in it."""


def further_both(
    tx: Connection, vault: OpenVault, *ends: End, hidden: Hidden, stored: Stored | None = None
) -> tuple[Walk, Walk]:
    """As `further` for both ends, where nothing is hidden from whoever asks: one statement.
    `stored`: takes the rows of contents at the first end as well.
    """
    given: dict[str, Any] = {"vault": vault.id}
    pairs = [_indexes(vault, name) for _, name in ends]
    for end, ((above, below, _), _) in enumerate(ends):
        given[f"folder{end}"] = below[-1][0].node.id if below else above[-1].id
        given[f"a{end}"], given[f"b{end}"] = pairs[end]
    one, other = map(_how_many, pairs)
    statement = two_ends((one, other), hidden=hidden, with_content=stored is not None)
    rows = statement.tuples(tx, given)
    if stored is not None:
        stored.update({row[_BLOB]: row[_STORED:] for row in rows if row[0] == 1})
    free, opened = _unlocked(rows, hidden=hidden), _opened(vault, rows, (), (), hidden=hidden)
    (first, _), (second, _) = ends
    return (
        Walk(first.above, [*first.below, [one for one in opened if one.depth == 1]], free),
        Walk(second.above, [*second.below, [one for one in opened if one.depth == 2]], free),  # noqa: PLR2004 — the second end
    )


def _deepest(before: Walk) -> NodeId:
    above, below, _ = before
    return next((found[0].node.id for found in reversed(below) if found), above[-1].id)


def _indexes(vault: OpenVault, name: str) -> tuple[bytes, bytes]:
    """Under which a thing of that name is found, and its twin whose suffix was typed."""
    plain, without = vault.index.name_index(name), _without_suffix(name)
    return plain, vault.index.name_index(without) if without else plain


def _how_many(pair: tuple[bytes, bytes]) -> int:
    plain, without = pair
    return 1 if plain == without else 2


def _opened(
    vault: OpenVault,
    rows: Sequence[Columns],
    wanted: Sequence[tuple[bytes, bytes]],
    after: Steps,
    *,
    hidden: Hidden,
) -> list[Found]:
    """Of rows with a depth, NODE_COLUMNS and where they were renamed away from."""
    found: list[Found] = []
    for row in rows:
        depth, columns = row[0], row[1:_LEFT]
        if depth >= INSTEAD:
            if hidden is PERHAPS:
                way = way_to(depth - INSTEAD, after)
                take_as_long(vault, columns, [wanted[step - 1][0] for step in way])
            continue
        node = node_in(vault, columns)
        if node is not None:
            found.append(Found(depth, node, _renamed_from(row)))
    return found


_LEFT = 1 + len(NODE_COLUMNS)
_STORED = _LEFT + 4
_BLOB = 1 + NODE_COLUMNS.index("blob_id")


def _renamed_from(row: Columns) -> RenamedFrom | None:
    parent, index, at, by = row[_LEFT:_STORED]
    return None if at is None else RenamedFrom(parent, index, at, by)


def _unbroken(start: NodeId, above: Sequence[Node]) -> list[Node]:
    """As much of the way as leads up from `start` without a gap; the root first."""
    way: list[Node] = []
    wanted: NodeId | None = start
    for node in reversed(above):
        if node.id != wanted:
            break
        way.append(node)
        wanted = node.parent
    return way[::-1]


def _without_suffix(name: str) -> str | None:
    """`scan.pdf` for `scan (2).pdf`: how an owner spells a twin (DESIGN §2.2)."""
    match = _SUFFIX.match(name)
    return match["stem"] + (match["ending"] or "") if match else None
