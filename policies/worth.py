"""What each rule is good for, over every question that can reach the rules (policies/space.py)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from policies.rules import Rule
from policies.snapshot import Snapshot
from policies.space import Space
from policies.table import bits_of


class Worth(Enum):
    """Whether any answer would be the opposite without the rule: only if it is `DECISIVE`.

    `DEAD`: no question that it speaks of reaches the rules. `SHADOWED`: an allow, all of which is
    refused. `REPEATED`: another rule says all of it; `REPEATED_IN_PARTS`: several do together.
    `GUARD`: a deny of what no rule allows; without it, an allow to come would.
    """

    DECISIVE = "decisive"
    DEAD = "dead"
    SHADOWED = "shadowed"
    REPEATED = "repeated"
    REPEATED_IN_PARTS = "repeated in parts"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Weighed:
    """`others`: the fewest rules found because of which this one changes nothing."""

    rule: Rule
    worth: Worth
    others: tuple[Rule, ...] = ()


def weigh(snapshot: Snapshot) -> tuple[Weighed, ...]:
    """Every rule, in file order."""
    scales = _Scales(snapshot)
    return tuple(
        scales.allow(index) if rule.allows else scales.deny(index)
        for index, rule in enumerate(snapshot.rules)
    )


class _Scales:
    """Sets of rules are bits, as in the table."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._rules = snapshot.rules
        self._space = Space(snapshot)
        self._allows = snapshot.table.allows
        self._denies = snapshot.table.denies

    def allow(self, index: int) -> Weighed:
        own, rule = 1 << index, self._rules[index]
        others = self._allows & ~own
        if not self._exists(own):
            return Weighed(rule, Worth.DEAD)
        if self._exists(own, others | self._denies):
            return Weighed(rule, Worth.DECISIVE)
        if not self._exists(own, self._denies):
            return Weighed(rule, Worth.SHADOWED, self._fewest(own, self._denies))
        return self._repeated(rule, self._fewest(own, others, self._denies))

    def deny(self, index: int) -> Weighed:
        own, rule = 1 << index, self._rules[index]
        others = self._denies & ~own
        if not self._exists(own):
            return Weighed(rule, Worth.DEAD)
        if any(self._exists(own | allow, others) for allow in bits_of(self._allows)):
            return Weighed(rule, Worth.DECISIVE)
        if self._exists(own, others):
            return Weighed(rule, Worth.GUARD)
        return self._repeated(rule, self._fewest(own, others))

    def _repeated(self, rule: Rule, others: tuple[Rule, ...]) -> Weighed:
        return Weighed(
            rule, Worth.REPEATED if len(others) == 1 else Worth.REPEATED_IN_PARTS, others
        )

    def _exists(self, spoken: int, silent: int = 0) -> bool:
        return self._space.find(spoken, silent) is not None

    def _fewest(self, own: int, candidates: int, besides: int = 0) -> tuple[Rule, ...]:
        """One candidate that speaks of everything that `own` does (outside of what `besides` speaks
        of), else several from which none can be left out.
        """
        near = [one for one in bits_of(candidates) if self._exists(own | one, besides)]
        for one in near:
            if not self._exists(own, besides | one):
                return self._named([one])
        needed = sum(near)
        for one in near:
            if not self._exists(own, besides | needed & ~one):
                needed &= ~one
        return self._named(bits_of(needed))

    def _named(self, bits: Iterable[int]) -> tuple[Rule, ...]:
        return tuple(self._rules[one.bit_length() - 1] for one in bits)
