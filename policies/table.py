"""The same rules as a table of bitmaps: exact, fast, and able to say which rules match.

Bit *i* of `masks[column][word]` says that rule *i* accepts this word. The AND over the eight
columns is the set of matching rules. Casbin decides; the table explains, and tests compare them.
"""

from collections.abc import Iterator

from policies.rules import Rule
from policies.vocabulary import Column, Point, Vocabulary


class Table:
    """Immutable once built."""

    def __init__(self, rules: tuple[Rule, ...], vocabulary: Vocabulary) -> None:
        self.rules = rules
        self._masks = tuple(_column_masks(rules, column, vocabulary) for column in Column)
        self.allows = _bits([rule.allows for rule in rules])
        self.denies = _bits([not rule.allows for rule in rules])
        self._blocks = _bits([rule.blocks_drive for rule in rules])
        self.can_block = self._blocks != 0
        """Whether there is any such rule."""

    def decide(self, point: Point) -> tuple[bool, Rule | None]:
        """As Casbin would: the first matching deny, else the last matching allow, else no."""
        return self.decide_bits(self._matching(point))

    def decide_bits(self, bits: int) -> tuple[bool, Rule | None]:
        """The same, of a set of matching rules."""
        denies = bits & ~self.allows
        if denies:
            return False, self.rules[(denies & -denies).bit_length() - 1]
        if bits:
            return True, self.rules[bits.bit_length() - 1]
        return False, None

    def matching(self, point: Point) -> tuple[Rule, ...]:
        """Every rule that speaks of this point, in file order."""
        return tuple(self._each(self._matching(point)))

    def mask(self, column: Column, word: str) -> int:
        """The rules that accept this word; none for a word that is in no vocabulary."""
        return self._masks[_INDEX[column]].get(word, 0)

    def block(self, point: Point) -> Rule | None:
        """The first rule that blocks the whole drive in these circumstances. Of the point only
        role, zone, auth and slot matter: such rules say `*` everywhere else.
        """
        bits = self._matching(point) & self._blocks
        return self.rules[(bits & -bits).bit_length() - 1] if bits else None

    def _matching(self, point: Point) -> int:
        bits = -1
        for masks, word in zip(self._masks, point, strict=True):
            bits &= masks.get(word, 0)
        return bits

    def _each(self, bits: int) -> Iterator[Rule]:
        while bits:
            lowest = bits & -bits
            yield self.rules[lowest.bit_length() - 1]
            bits ^= lowest


_INDEX = {column: index for index, column in enumerate(Column)}


def _column_masks(
    rules: tuple[Rule, ...], column: Column, vocabulary: Vocabulary
) -> dict[str, int]:
    return {
        value: _bits([rule.covers(column, value, vocabulary) for rule in rules])
        for value in vocabulary.values[column]
    }


def bits_of(those: int) -> list[int]:
    """Each bit of a set of rules, as a set of its own."""
    return [1 << index for index in range(those.bit_length()) if those >> index & 1]


def _bits(held: list[bool]) -> int:
    return sum(1 << index for index, yes in enumerate(held) if yes)
