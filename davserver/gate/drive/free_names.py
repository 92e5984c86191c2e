"""Names that nothing has yet: for documents that come by themselves, such as a telephone's photos,
which it calls all the same.
"""

from collections.abc import Callable

from davserver.domain.paths import MAX_SEGMENT_BYTES, DrivePath
from davserver.gate.sight import Sight


def free_beside(sight: Sight, path: DrivePath) -> DrivePath:
    """`path`, or `name (2)` and so on beside it. Whoever does not see what has a name may use it:
    the drive keeps both.
    """
    number = next_number(lambda some: not sight.place(numbered(path, some)).exists)
    return numbered(path, number)


def next_number(is_free: Callable[[int], bool]) -> int:
    """One that is free, after one that is not; after asking for few of them. 1 is no number."""
    if is_free(1):
        return 1
    taken, free = 1, 2
    while not is_free(free):
        taken, free = free, free * 2
    while free - taken > 1:
        between = (taken + free) // 2
        taken, free = (taken, between) if is_free(between) else (between, free)
    return free


def numbered(path: DrivePath, number: int) -> DrivePath:
    """No longer than a name may be."""
    if number == 1:
        return path
    stem, dot, ending = path.name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (path.name, "")
    end = f" ({number}){ending}"
    room = max(1, MAX_SEGMENT_BYTES - len(end.encode()))
    return path.parent / (stem.encode()[:room].decode(errors="ignore") + end)
