"""Nodes that were opened, by the exact columns of their rows: the same bytes are opened once."""

from typing import Any

from davserver.domain.nodes import Node

Key = tuple[Any, ...]

_MOST = 16 << 20
"""Bytes that are remembered of one vault, roughly."""
_NODE = 1000
"""Bytes of a node and its columns, but for what its record holds: that is there twice."""
WHOLE_FOLDER = 10_001
"""So many rows at once or more are not remembered: they would push out everything else, and a
still larger folder each time itself. Opening one takes 10 µs.
"""


class Seen:
    """Of one vault, as long as its opened keys live. What was asked for and is not there has a
    place too (`davserver.vault.rows.take_as_long`). Shared between threads.
    """

    __slots__ = ("_bytes", "_kept", "get", "same")

    def __init__(self) -> None:
        self._kept: dict[Key, Node] = {}
        self._bytes = 0
        self.same: dict[bytes | str | None, Any] = {}
        """What many rows have in common, by itself: there once, a quarter of all the bytes."""
        self.get = self._kept.get

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def keep(self, key: Key, node: Node, sealed: bytes) -> None:
        """`sealed`: the record that the node was opened from."""
        size = _NODE + 2 * len(sealed)
        if self._bytes + size > _MOST:
            self._kept.clear()
            self.same.clear()
            self._bytes = 0
        self._kept[key] = node
        self._bytes += size
