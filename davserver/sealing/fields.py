"""Fixed-width fields of what a seal is bound to (FORMAT.md §2.1)."""

from davserver.domain.errors import Damaged
from davserver.domain.ids import ID_BYTES


class UnfitRow(Damaged, ValueError):
    """A value that no row can hold. In a row that was read it is damage, in one that is to be
    sealed it is a mistake of the program.
    """


def id16(one: object) -> bytes:
    """An id, etag or index as it is. Raises UnfitRow for anything but 16 bytes."""
    if not isinstance(one, bytes) or len(one) != ID_BYTES:
        raise UnfitRow(f"an id, etag or index has {ID_BYTES} bytes")
    return one


def optional_id(one: object) -> bytes:
    """17 bytes: 1 and the id, or zeros. Raises UnfitRow."""
    return bytes(1 + ID_BYTES) if one is None else b"\1" + id16(one)


def u32(number: object) -> bytes:
    return _unsigned(number, 4)


def u64(number: object) -> bytes:
    return _unsigned(number, 8)


def _unsigned(number: object, width: int) -> bytes:
    try:
        if isinstance(number, int):
            return number.to_bytes(width, "big")
    except OverflowError:
        pass
    raise UnfitRow(f"a number of a row does not fit in {width} bytes")
