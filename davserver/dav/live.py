"""What a live property is: how it looks on an entry, and what of that differs by child."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from davserver.dav.urls import Mount
from davserver.domain.drive import Entry
from davserver.domain.several import OfEntries, Several

Renderer = Callable[[Entry, Mount], str | None]


Column = Callable[[Several], Sequence[object]]
"""The text of each of some entries, safe in XML: in one loop, as there are thousands. Anything
where an entry has none.
"""


@dataclass(frozen=True, slots=True)
class Varying:
    """An element whose text differs from entry to entry: what stands before it, and after it."""

    before: str
    column: Column
    after: str


@dataclass(frozen=True, slots=True)
class Live:
    """`in_all`: part of allprop, as RFC 4918 §14.2 wants those it defines and no others."""

    render: Renderer
    in_all: bool = True
    varying: Varying | None = None


shape_of = attrgetter("kind", "media_type", "may", "lockable", "describable", "category")
"""With whether there is a size and a digest, all that an element without locks depends on which is
not `varying`.
"""


def each(
    tag: str,
    column: Column,
    has: Callable[[Entry], bool] = lambda _: True,
    *,
    around: tuple[str, str] = ("", ""),
    in_all: bool = True,
) -> Live:
    """`has`: by the shape of the entry alone. `around`: inside of the element."""
    before, after = f"<{tag}>{around[0]}", f"{around[1]}</{tag}>"

    def render(entry: Entry, _: Mount) -> str | None:
        return f"{before}{column(OfEntries((entry,)))[0]}{after}" if has(entry) else None

    return Live(render, in_all, Varying(before, column, after))
