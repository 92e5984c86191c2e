"""One unambiguous way to turn typed values into bytes for a MAC (FORMAT.md §6.1)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from davserver.sealing.fields import UnfitRow

Value = None | bool | int | str | bytes | datetime
Part = Value | tuple["Part", ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC. Raises TypeError for a moment without time zone."""
    return (moment - _EPOCH) // _MICROSECOND


def encode_list(parts: Iterable[Part]) -> bytes:
    """Number of parts, then each part: two different lists never give the same bytes."""
    encoded = []
    for part in parts:
        # Nearly all are bytes, seven of them in each entry of a trail: no function for each.
        if type(part) is bytes:
            encoded.append(b"Y" + len(part).to_bytes(4, "big") + part)
        elif part is None:
            encoded.append(b"N")
        else:
            encoded.append(encode(part))
    return len(encoded).to_bytes(4, "big") + b"".join(encoded)


def encode_row(table: str, columns: Mapping[str, Value]) -> bytes:
    """A table's name and its columns by name, in the order of the names' bytes."""
    head, order = _layout(table, tuple(columns))
    parts = [head]
    for name, prefix in order:
        value = columns[name]
        encoder = _BY_TYPE.get(type(value)) or _by_base(value)
        parts.append(prefix)
        parts.append(encoder(value))
    return b"".join(parts)


@lru_cache(maxsize=256)
def _layout(table: str, names: tuple[str, ...]) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """What every row of these columns begins with, and the columns in order."""
    head = _sized(table.encode()) + len(names).to_bytes(4, "big")
    return head, tuple((name, _sized(name.encode())) for name in sorted(names))


def encode(part: Part) -> bytes:
    """A letter for the type, then the value. Raises UnfitRow for other types and longer numbers."""
    encoder = _BY_TYPE.get(type(part)) or _by_base(part)
    return encoder(part)


def _by_base(part: object) -> Callable[[Any], bytes]:
    """For words of an enum and the like, which are text or numbers by inheritance."""
    for kind, encoder in _BY_TYPE.items():
        if isinstance(part, kind):
            return encoder
    raise UnfitRow(f"a {type(part).__name__} has no encoding")


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _int64(number: int) -> bytes:
    try:
        return number.to_bytes(8, "big", signed=True)
    except OverflowError:
        raise UnfitRow("a number does not fit in 64 bits") from None


_BY_TYPE: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda truth: b"T" if truth else b"F",
    int: lambda number: b"I" + _int64(number),
    str: lambda text: b"S" + _sized(text.encode()),
    bytes: lambda raw: b"Y" + len(raw).to_bytes(4, "big") + raw,
    datetime: lambda moment: b"D" + _int64(micros(moment)),
    tuple: lambda parts: b"L" + encode_list(parts),
}
