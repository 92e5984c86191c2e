"""The words of a box as people would say them: `*` and groups where they mean exactly that."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from davserver.domain.actions import Action, Zone
from policies.cells import Possible, values_of, with_kinds
from policies.pairs import Pair, same
from policies.tree import COLUMNS, Cell, Tree
from policies.vocabulary import ANY, NO_STRUCTURE, Column, Vocabulary

UNBLOCKED = "not blocked"
"""Every network but those that both sets block."""
A_STRUCTURE = "a structure"
"""Whichever, but not none."""
REFUSED = "refused"
"""A structure that one of the sets takes for another kind: it refuses it everything."""

Words = Mapping[str, AbstractSet[str]]
Pairs = Sequence[Pair]

_ALL_BUT = {
    Column.ZONE: (same(Zone.BLOCKED), UNBLOCKED),
    Column.STRUCTURE: (same(NO_STRUCTURE), A_STRUCTURE),
}


class Terms:
    """`vocabularies`: of the old set and of the new one."""

    def __init__(
        self, tree: Tree, possible: Possible, vocabularies: tuple[Vocabulary, Vocabulary]
    ) -> None:
        self._tree = tree
        self._possible = possible
        self._vocabularies = vocabularies

    def of(self, cell: Cell, depth: int, first: int = 1) -> tuple[str, ...]:
        """One column, in the words of the first side (0 is the old one), unless only those of the
        other one say it exactly.
        """
        column = COLUMNS[depth]
        held = values_of(self._tree, cell)[column]
        anywhere = with_kinds(cell, depth, self._tree.whole[depth])
        if column is Column.STRUCTURE:
            # A structure is named even where no other one has these hours.
            anywhere = with_kinds(anywhere, COLUMNS.index(Column.SLOT), self._tree.whole[-1])
        widest = self._possible.part(anywhere)
        there = values_of(self._tree, widest or cell)[column]
        if _is_any(column, held, there, self._tree.space.values[column]):
            return (ANY,)
        left_out, name = _ALL_BUT.get(column, (None, ""))
        if len(held) > 1 and set(there) - set(held) == {left_out}:
            return (name,)
        told = [
            _terms(column, held, there, self._vocabularies[which].accepts[column], which)
            for which in (first, 1 - first)
        ]
        return min(told, key=lambda one: one[0])[1]


def _is_any(column: Column, held: Pairs, there: Pairs, every: Pairs) -> bool:
    match column:
        case Column.ROLE | Column.RELATION:
            return set(held) == set(every)
        case Column.ACTION:
            return set(held) == set(there) and same(Action.LIST) in held and len(held) > 1
        case _:
            return set(held) == set(there)


def _terms(
    column: Column, held: Pairs, there: Pairs, accepts: Words, which: int
) -> tuple[int, tuple[str, ...]]:
    """With the number of pairs that this side has no word for: each is told by itself."""
    partly = {pair[which] for pair in there if pair not in held}
    single = sorted(_single(pair) for pair in held if pair[which] in partly)
    whole = {pair[which] for pair in held} - partly
    words = _grouped(column, whole, {pair[which] for pair in there}, accepts)
    return len(single), (*words, *single)


def _single(pair: Pair) -> str:
    if not pair.is_change:
        return f"{pair.new} (as before)"
    return f"{pair.new or REFUSED} (before: {pair.old or REFUSED})"


def _grouped(
    column: Column, words: AbstractSet[str], there: AbstractSet[str], accepts: Words
) -> list[str]:
    """The widest words that stand for nothing else that there can be, then the rest."""
    weaker = _weaker(words, there, accepts) if column is Column.AUTH else None
    if weaker is not None:
        return [f"a sign-in weaker than {weaker}"]
    left, told = set(words), []
    fitting = {
        word: those & there
        for word, those in accepts.items()
        if word != ANY and len(those & there) > 1 and those & there <= words
    }
    while left:
        best = max(fitting, key=lambda word: len(fitting[word] & left), default=None)
        if best is None or len(fitting[best] & left) <= 1:
            break
        told.append(f"{best} or stronger" if column is Column.AUTH else best)
        left -= fitting[best]
    order = list(accepts)
    rest = sorted(left, key=lambda word: order.index(word) if word in accepts else -1)
    return [*told, *(_narrow(column, word, there, accepts) for word in rest)]


def _weaker(words: AbstractSet[str], there: AbstractSet[str], accepts: Words) -> str | None:
    """The sign-in that all others but these pass for."""
    if len(words) <= 1:
        return None
    return next((word for word in there if there - accepts.get(word, frozenset()) == words), None)


def _narrow(column: Column, word: str, there: AbstractSet[str], accepts: Words) -> str:
    """One word, where a rule that says it would stand for more."""
    if not word:
        return REFUSED
    if len(accepts.get(word, frozenset()) & there) <= 1:
        return word
    return f"{word} only" if column is Column.AUTH else f"{word} not named"
