"""Some of many rows: a page stays light on a telephone, however much there is to list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from davserver.domain.drive import Entry
from davserver.domain.paths import DrivePath

AT_ONCE = 100
"""Rows of one page."""

_LISTED = 70_000
_ROW = 150
_FEWEST = 10
"""Bytes of a page's rows, those of a row without its name, and rows even where names are long."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """`number` of the page, from 1."""

    rows: Sequence[T]
    number: int
    pages: int
    total: int


def sliced(rows: Sequence[T], asked: str, at_once: int = AT_ONCE) -> Slice[T]:
    """The page that was asked for, as far as there is one."""
    pages = max(1, -(-len(rows) // at_once))
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() else 1
    start = (number - 1) * at_once
    return Slice(rows[start : start + at_once], number, pages, len(rows))


def sliced_entries(rows: Sequence[Entry], asked: str) -> Slice[Entry]:
    """Fewer where addresses are long: each letter of a name may be twelve of its address."""
    longest = max((_heft(one.path) for one in rows), default=0)
    return sliced(rows, asked, max(_FEWEST, min(AT_ONCE, _LISTED // (longest + _ROW))))


def _heft(path: DrivePath) -> int:
    """Bytes of a place's address and its name."""
    return len(path.to_url()) + len(path.name.encode())
