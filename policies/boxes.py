"""Few rectangles that cover where two tables differ: each as wide as can be, so that it reads as
one cause. They may overlap; a request is in one of them exactly when its answer changes.
"""

from collections.abc import Callable, Iterator

from policies.cells import Possible, numbers, with_kinds
from policies.tree import COLUMNS, Cell, Leaf, Tree
from policies.vocabulary import Column

Length = Callable[[Cell, int], int]
"""How many words it takes to say one column of a rectangle."""

_WIDENED = tuple(
    COLUMNS.index(column)
    for column in (
        Column.SLOT,
        Column.ZONE,
        Column.AUTH,
        Column.STRUCTURE,
        Column.CATEGORY,
        Column.ACTION,
        Column.RELATION,
        Column.ROLE,
    )
)
"""Circumstances first: “when closed” and “from the internet” are what people change."""

_MOST_TIDIED = 80
"""More rectangles than that nobody reads one by one."""


def cover(tree: Tree, possible: Possible, length: Length) -> Iterator[tuple[Leaf, Cell]]:
    """Whatever changes is in one of these, and nothing else that is possible."""
    cells: dict[Leaf, list[Cell]] = {}
    for leaf, cell in tree.cells():
        cells.setdefault(leaf, []).append(cell)
    for leaf, those in cells.items():
        boxes = _few(tree, possible, leaf, those)
        if len(boxes) <= _MOST_TIDIED:
            boxes = _tidied(boxes, possible, length)
        for box in boxes:
            yield leaf, box


def _few(tree: Tree, possible: Possible, leaf: Leaf, cells: list[Cell]) -> list[Cell]:
    """The widest box of each cell, without those whose cells others hold already."""
    real = [cell for cell in map(possible.part, cells) if cell is not None]
    wide = dict.fromkeys(possible.part(_widened(tree, leaf, cell)) for cell in real)
    held = {
        box: {n for n, cell in enumerate(real) if _holds(box, cell)}
        for box in wide
        if box is not None
    }
    left, few = set(range(len(real))), []
    while left:
        best = max(held, key=lambda box: len(held[box] & left))
        left -= held.pop(best)
        few.append(best)
    return few


def _widened(tree: Tree, leaf: Leaf, cell: Cell) -> Cell:
    for depth in _WIDENED:
        cell = with_kinds(cell, depth, tree.reach(leaf, cell, depth))
    return cell


def _holds(box: Cell, cell: Cell) -> bool:
    return all(part & ~whole == 0 for part, whole in zip(cell, box, strict=True))


def _tidied(boxes: list[Cell], possible: Possible, length: Length) -> list[Cell]:
    """Without boxes that the others cover together, and without the parts of a box that others
    cover where it is said in fewer words then.
    """
    for box in sorted(boxes, key=lambda one: sum(kinds.bit_count() for kinds in one)):
        others = [one for one in boxes if one != box]
        if possible.is_covered(box, others):
            boxes = others
    for number, box in enumerate(boxes):
        others = boxes[:number] + boxes[number + 1 :]
        boxes[number] = _shortened(box, others, possible, length)
    return boxes


def _shortened(box: Cell, others: list[Cell], possible: Possible, length: Length) -> Cell:
    for depth in _WIDENED:
        needed = [
            n
            for n in numbers(box[depth])
            if not possible.is_covered(with_kinds(box, depth, 1 << n), others)
        ]
        short = possible.part(with_kinds(box, depth, sum(1 << n for n in needed)))
        if short is not None and length(short, depth) < length(box, depth):
            box = short
    return box
