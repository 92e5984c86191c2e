"""A cache of opened nodes by the exact columns of their rows: the same bytes are opened once."""

from collections.abc import Mapping
from typing import Any

from davserver.domain.nodes import Node

Key = tuple[Any, ...]

Folder = tuple[dict[Key, Node], int]
"""What lies in it, and how many bytes that is."""
_NOTHING: Folder = ({}, 0)

_MOST = 24 << 20
"""Bytes that are remembered of one vault, roughly: of the largest folder that is, two thirds."""
_NODE = 1000
"""Bytes of a node and its columns, but for what its record holds: that is there twice."""
WHOLE_FOLDER = 10_001
"""So many rows at once or more are not remembered: they would push out everything else, and a
still larger folder each time itself. Opening one takes 10 µs.
"""


class NodeCache:
    """Of one vault, for as long as its opened keys are cached. What was asked for and is not there
    has an entry too (`davserver.vault.nodes.rows.take_as_long`). Shared between threads.

    `before`: folders as they were listed under the same keys, opened earlier (`later`).
    """

    __slots__ = ("_before", "_bytes", "_inside", "_kept", "get", "same")

    def __init__(
        self, before: dict[bytes, Folder] | None = None, same: dict[Any, Any] | None = None
    ) -> None:
        self._kept: dict[Key, Node] = {}
        self._inside: dict[bytes, Folder] = {}
        self._before = before or {}
        self._bytes = sum(size for _, size in self._before.values())
        self.same: dict[bytes | str | None, Any] = same or {}
        """What many rows have in common, by itself: there once, a quarter of all the bytes."""
        self.get = self._kept.get

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def keep(self, key: Key, node: Node, sealed: bytes) -> None:
        """`sealed`: the record that the node was opened from."""
        self._make_room(_NODE + 2 * len(sealed))
        self._kept[key] = node

    def inside(self, folder: bytes) -> Mapping[Key, Node]:
        """What lay in it when it was last read, by rows that say nothing of the folder."""
        there = self._inside.get(folder)
        if there is None:
            there = self._before.pop(folder, None)
            if there is None:
                return _NOTHING[0]
            self._inside[folder] = there
        return there[0]

    def keep_inside(self, folder: bytes, nodes: dict[Key, Node], sealed: int) -> None:
        """All that lies in it now. `sealed`: bytes of all records."""
        size = _NODE * len(nodes) + 2 * sealed
        self._bytes -= self._inside.pop(folder, _NOTHING)[1]
        self._bytes -= self._before.pop(folder, _NOTHING)[1]
        self._make_room(size)
        self._inside[folder] = (nodes, size)

    def later(self) -> "NodeCache":
        """For the same keys, opened again. Folders that were listed are there for whoever lists
        them then; what nobody listed meanwhile is not handed on a second time.
        """
        return NodeCache(self._inside.copy(), self.same)

    def _make_room(self, size: int) -> None:
        if self._bytes + size > _MOST:
            self._kept.clear()
            self._inside.clear()
            self._before.clear()
            self.same.clear()
            self._bytes = 0
        self._bytes += size
