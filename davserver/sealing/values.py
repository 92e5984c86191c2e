"""One unambiguous way to turn typed values into bytes for a MAC (FORMAT.md §6.1)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

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
    encoded = [encode(part) for part in parts]
    return len(encoded).to_bytes(4, "big") + b"".join(encoded)


def encode_row(table: str, columns: Mapping[str, Value]) -> bytes:
    """A table's name and its columns by name, in the order of the names' bytes."""
    pairs = [_sized(name.encode()) + encode(columns[name]) for name in sorted(columns)]
    return _sized(table.encode()) + len(pairs).to_bytes(4, "big") + b"".join(pairs)


def encode(part: Part) -> bytes:
    """A letter for the type, then the value. Raises UnfitRow for other types and longer numbers."""
    match part:
        case None:
            return b"N"
        case bool():
            return b"T" if part else b"F"
        case int():
            return b"I" + _int64(part)
        case str():
            return b"S" + _sized(part.encode())
        case bytes():
            return b"Y" + _sized(part)
        case datetime():
            return b"D" + _int64(micros(part))
        case tuple():
            return b"L" + encode_list(part)
    raise UnfitRow(f"a {type(part).__name__} has no encoding")


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _int64(number: int) -> bytes:
    try:
        return number.to_bytes(8, "big", signed=True)
    except OverflowError:
        raise UnfitRow("a number does not fit in 64 bits") from None
