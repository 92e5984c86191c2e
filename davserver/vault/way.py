"""The way down a path: one statement, and a smaller one for the next name in a known folder."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from davserver.db.prepared import Prepared
from davserver.domain.ids import NodeId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.vault.index import COLUMNS, DEEPEST
from davserver.vault.rows import INSTEAD, OpenVault, Row, node_or_none, take_as_long

_LEFT = "n.left_parent, n.left_idx, n.left_at, n.left_by"
_SUFFIX = re.compile(r"^(?P<stem>.+) \((?P<number>[2-9]|[1-9]\d{1,3})\)(?P<ending>\.[^.]+)?$")


@lean(frozen=True, slots=True)
class Left:
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
    left: Left | None = None


Way = tuple[Sequence[Node], Sequence[Sequence[Found]]]
"""The ancestors of where a walk starts, it the last; then what could be meant by each name."""


def walk(tx: Connection, vault: OpenVault, start: NodeId, names: Sequence[str]) -> Way:
    """The ancestors of `start` (root first, `start` last), and below it, for each name in turn,
    all live nodes that could be meant: hidden ones, twins, and twins asked for by their suffix.

    Rows that were tampered with are left out, and logged; with them the way up ends, as what they
    held back (a category, the trash) would be forgotten otherwise.
    """
    parameters: dict[str, Any] = {"start": start}
    wanted: list[bytes] = []
    for depth, name in enumerate(names):
        plain, stripped = _indexes(vault, name)
        wanted.append(plain)
        parameters[f"a{depth}"] = plain
        parameters[f"b{depth}"] = stripped
    statement = _walk_statement(len(names), tx.dialect.name)
    found = _opened(vault, statement.all(tx, parameters), wanted)
    above = sorted((one for one in found if one.depth <= 0), key=lambda one: one.depth)
    below = [[one for one in found if one.depth == depth + 1] for depth in range(len(names))]
    return _unbroken(start, [one.node for one in above]), below


def further(tx: Connection, vault: OpenVault, way: Way, name: str) -> Way:
    """What `walk` finds for one more name at the end of a way that it went before."""
    above, below = way
    folders = [one.node.id for one in below[-1]] if below else [node.id for node in above[-1:]]
    plain, stripped = _indexes(vault, name)
    # Below what is absent nothing is found, with as much work as below something hidden.
    asked = folders or [_deepest(way)]
    given = {f"folder{number}": folder for number, folder in enumerate(asked)}
    rows = _further_statement(len(asked)).all(tx, {**given, "a": plain, "b": stripped})
    found = _opened(vault, rows, [plain])
    return above, [*below, found if folders else []]


def _deepest(way: Way) -> NodeId:
    above, below = way
    return next((found[0].node.id for found in reversed(below) if found), above[-1].id)


def _indexes(vault: OpenVault, name: str) -> tuple[bytes, bytes]:
    """Under which a thing of that name is found, and its twin whose suffix was typed."""
    plain, without = vault.index.name_index(name), _without_suffix(name)
    return plain, vault.index.name_index(without) if without else plain


def _opened(vault: OpenVault, rows: Sequence[Row], wanted: Sequence[bytes]) -> list[Found]:
    there = [row for row in rows if row["depth"] < INSTEAD]
    found = [one for one in [_found(vault, row) for row in there] if one]
    if len(there) < len(rows):
        take_as_long(vault, [row for row in rows if row["depth"] >= INSTEAD], wanted)
    return found


@lru_cache(maxsize=16)
def _further_statement(folders: int) -> Prepared:
    """As in a walk: where the name is nothing's, a folder is read once more."""
    those = ", ".join(f":folder{number}" for number in range(folders))
    called = f"parent_id IN ({those}) AND name_idx IN (:a, :b) AND state = 'live'"
    return Prepared(
        text(
            f"""
        SELECT 1 AS depth, {COLUMNS}, {_LEFT} FROM node n WHERE {called}
        UNION ALL
        SELECT {INSTEAD + 1}, {COLUMNS}, {_LEFT} FROM node n
        WHERE n.id = :folder0 AND NOT EXISTS (SELECT 1 FROM node WHERE {called})
        """
        )
    )


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


@lru_cache(maxsize=64)
def _walk_statement(length: int, dialect: str) -> Prepared:
    binary = "BYTEA" if dialect == "postgresql" else "BLOB"
    steps = ", ".join(
        f"({depth + 1}, CAST(:{which}{depth} AS {binary}))"
        for depth in range(length)
        for which in "ab"
    )
    down = f"""
        , wanted(depth, idx) AS (VALUES {steps})
        , down(id, depth) AS (
            SELECT CAST(:start AS {binary}), 0
            UNION
            SELECT n.id, d.depth + 1 FROM down d
            JOIN wanted w ON w.depth = d.depth + 1
            JOIN node n ON n.parent_id = d.id AND n.name_idx = w.idx AND n.state = 'live')
    """
    # Where a name is nothing's, the start is read once more: as much work as for a hidden thing.
    below = f"""
        UNION ALL SELECT id, depth FROM down WHERE depth > 0
        UNION ALL SELECT CAST(:start AS {binary}), {INSTEAD} + d.depth
        FROM (SELECT DISTINCT depth FROM wanted) d WHERE d.depth NOT IN (SELECT depth FROM down)
    """
    statement = text(
        f"""
        WITH RECURSIVE up(id, parent_id, depth) AS (
            SELECT id, parent_id, 0 FROM node WHERE id = :start
            UNION ALL
            SELECT n.id, n.parent_id, u.depth - 1 FROM up u JOIN node n ON n.id = u.parent_id
            WHERE u.depth > -{DEEPEST})
        {down if length else ""}
        SELECT p.depth AS depth, {COLUMNS}, {_LEFT}
        FROM (SELECT id, depth FROM up {below if length else ""}) p JOIN node n ON n.id = p.id
        """
    )
    return Prepared(statement)


def _without_suffix(name: str) -> str | None:
    """`scan.pdf` for `scan (2).pdf`: how an owner spells a twin (DESIGN §2.2)."""
    match = _SUFFIX.match(name)
    return match["stem"] + (match["ending"] or "") if match else None


def _found(vault: OpenVault, row: Row) -> Found | None:
    node = node_or_none(vault, row)
    if node is None:
        return None
    left = None
    if row["left_at"] is not None:
        left = Left(row["left_parent"], row["left_idx"], row["left_at"], row["left_by"])
    return Found(row["depth"], node, left)
