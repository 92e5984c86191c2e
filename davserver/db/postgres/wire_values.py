"""Values as libpq takes them, each with its form."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from psycopg import pq

_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_BYTEA = (17).to_bytes(4)
"""The number of its type."""
_NO_NULLS = bytes(4)


_IN_BYTES = frozenset({bytes, bytearray, memoryview, list})


def all_dumped(values: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """And their forms. Numbers go as text, which fits a column of any width."""
    given = list(values)
    dumped = [
        one if type(one) is bytes or one is None else _WAYS.get(type(one), _dumped)(one)
        for one in given
    ]
    return dumped, [_BINARY if type(one) in _IN_BYTES else _TEXT for one in given]


def _dumped(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    if type(value) is list:
        return _array(value)
    if type(value) in _IN_BYTES:
        return bytes(value)
    raise TypeError(f"no value of PostgreSQL: {type(value).__name__}")


def _array(values: Sequence[bytes]) -> bytes:
    """Of BYTEA, with one dimension that begins at 1; an empty one has none."""
    if not values:
        return bytes(4) + _NO_NULLS + _BYTEA
    one = (1).to_bytes(4)
    parts = [one, _NO_NULLS, _BYTEA, len(values).to_bytes(4), one]
    for value in values:
        parts += (len(value).to_bytes(4), value)
    return b"".join(parts)


_WAYS: dict[type, Callable[[Any], bytes]] = {str: str.encode, int: b"%d".__mod__, list: _array}
"""Of the usual values, without a function in Python."""
