"""Some of many rows: a page stays light on a telephone, however much there is to list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from unicodedata import combining, normalize

from davserver.domain.drive import Entry
from davserver.domain.paths import DrivePath, quoted
from davserver.gate.entries.below import Below
from davserver.web.typed import number_typed

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
    number = min(max(number_typed(asked) or 1, 1), pages)
    start = (number - 1) * at_once
    return Slice(rows[start : start + at_once], number, pages, len(rows))


Wanted = Callable[[str, bool], bool]
"""Whether the page shows what has this name, and is (or is not) a folder."""


def sliced_below(folder: DrivePath, below: Below, asked: str, wanted: Wanted) -> Slice[Entry]:
    """What is in a folder, folders first, without making an entry of what this page does not show.
    Fewer rows where addresses are long: each letter of a name may be twelve of its address.
    """
    named = [(not is_folder, name, at) for at, (name, is_folder) in enumerate(below.names())]
    shown = [one for one in named if wanted(one[1], not one[0])]
    shown.sort(key=lambda one: (one[0], alphabetical(one[1])))
    longest = max((len(quoted(name)) + len(name.encode()) for _, name, _ in shown), default=0)
    row = len(folder.to_url()) + longest + _ROW
    some = sliced(shown, asked, max(_FEWEST, min(AT_ONCE, _LISTED // row)))
    return Slice([below[at] for *_, at in some.rows], some.number, some.pages, some.total)


def alphabetical(name: str) -> str:
    """Where a name stands among others: `Électricité` with E, as in a dictionary, not after Z."""
    if name.isascii():
        return name.casefold()
    letters = normalize("NFKD", name.casefold().translate(_TWO_LETTERS))
    return "".join(one for one in letters if not combining(one))


_TWO_LETTERS = str.maketrans({"œ": "oe", "æ": "ae"})
