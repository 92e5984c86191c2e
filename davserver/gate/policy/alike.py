"""Vaults that are alike: the same tree of categories, shared in the same places with the same
grantees. What a change of the rules does in one of them it does in all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from davserver.domain.actions import Category, Right
from davserver.vault.grants.living import Kind, Share
from davserver.vault.outline import Bare, Outline

T = TypeVar("T")
_CODES: Mapping[Category | None, int] = {
    category: code for code, category in enumerate((None, *Category))
}
_DEEPEST = 100
"""Levels, so that walking down by recursion is safe. Deeper vaults are like no other."""

Shape = tuple[object, ...]
"""Of a node: its own category, whether it is a folder, what it is granted as, how many files of
which category are directly in it, and the shapes of its folders and of files that are granted.
"""


_REMEMBERED = 2000


class Alike(Generic[T]):
    """Of one survey: `T` is found out once for vaults that are alike."""

    def __init__(self) -> None:
        self._numbers: dict[Kind, int] = {}
        self._known: dict[Shape, T] = {}

    def number(self, kind: Kind) -> int:
        return self._numbers.setdefault(kind, len(self._numbers))

    def shape(self, outline: Outline, shares: Sequence[Share]) -> Shape | None:
        """Equal for vaults that are alike. None for a vault like no other: where it matters who
        made what when or what a grant stands on, and where the tree is too deep.
        """
        granted: dict[bytes, tuple[int, ...]] = {}
        for node, kind, within in shares:
            if within is not None or kind.right is Right.DEPOSIT:
                return None
            number = (self.number(kind),)
            granted[node] = tuple(sorted(granted[node] + number)) if node in granted else number
        root = outline.nodes.get(outline.root)
        return None if root is None else _shape(root, outline, granted, _DEEPEST)

    def of(self, shape: Shape, found: Callable[[], T]) -> T:
        known = self._known.get(shape)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[shape] = found()
        return known


def _shape(
    node: Bare, outline: Outline, granted: Mapping[bytes, tuple[int, ...]], deepest: int
) -> Shape | None:
    files = [0] * len(_CODES)
    apart: list[Shape] = []
    for child in outline.below.get(node.id, ()):
        if not child.is_folder and child.id not in granted:
            files[_CODES[child.category]] += 1
            continue
        shape = _shape(child, outline, granted, deepest - 1) if deepest else None
        if shape is None:
            return None
        apart.append(shape)
    apart.sort()
    as_what = granted.get(node.id, ())
    return (_CODES[node.category], node.is_folder, as_what, tuple(files), tuple(apart))
