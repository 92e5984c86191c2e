"""Rows as the trail knows them: each change of a row leaves a stamp (DESIGN §5.2).

Rows that go are stamped too. Only so can a check tell what was removed by rule from what somebody
removed behind our back.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from davserver.domain.lean import lean

NODE = "node"
VERSION = "node_version"

_NUMBER_BYTES = 8


@lean(frozen=True, slots=True)
class Stamp:
    """One row as it was written. `hash` is empty where the row was removed."""

    table: str
    id: bytes
    version: int
    hash: bytes


def stamp_of(rec_ct: bytes) -> bytes:
    """The hash by which the trail knows a row: its record is bound to all its columns."""
    return hashlib.sha256(rec_ct).digest()


def version_id(node: bytes, number: int) -> bytes:
    """An earlier version has no id of its own: it is known by its file and number."""
    return node + number.to_bytes(_NUMBER_BYTES, "big")


def node_written(columns: Mapping[str, Any]) -> Stamp:
    return Stamp(NODE, columns["id"], columns["row_version"], stamp_of(columns["rec_ct"]))


def node_removed(node: bytes, row_version: int) -> Stamp:
    return Stamp(NODE, node, row_version, b"")


def version_written(columns: Mapping[str, Any]) -> Stamp:
    number = columns["version"]
    key = version_id(columns["node_id"], number)
    return Stamp(VERSION, key, number, stamp_of(columns["rec_ct"]))


def version_removed(node: bytes, number: int) -> Stamp:
    return Stamp(VERSION, version_id(node, number), number, b"")
