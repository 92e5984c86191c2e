"""One of two tables that are compared: its bits, cut down to those that can still matter."""

from collections.abc import Sequence

from davserver.domain.people import Role
from policies.snapshot import Snapshot
from policies.vocabulary import CIRCUMSTANCES, Column


class Side:
    """`masks`: of each column, the bits of each class of values."""

    def __init__(self, snapshot: Snapshot, masks: Sequence[Sequence[int]]) -> None:
        self.table = snapshot.table
        self.everything = (1 << len(snapshot.rules)) - 1
        self._calm = {role: _calm(snapshot, role) for role in Role}
        self._sure = self.everything + 1
        self._denies = self.everything & ~self.table.allows
        self._certain = [self._accept_all(masks[depth:]) for depth in range(len(masks) + 1)]

    def narrow(self, bits: int, mask: int) -> int:
        """One column further down."""
        return bits & (mask | self._sure)

    def cut(self, bits: int, depth: int) -> int:
        """0 for a sure no. Allows to which nothing below matters become one bit: a yes that only a
        deny can turn.
        """
        denies, certain = bits & self._denies, self._certain[depth]
        if denies & certain:
            return 0
        allows = bits & self.table.allows
        if bits & self._sure or allows & certain:
            return denies | self._sure
        return bits if allows else 0

    def sure(self, bits: int) -> bool | None:
        """The answer, once nothing below can change it."""
        if bits == self._sure:
            return True
        return None if bits else False

    def shows(self, role: Role, bits: int) -> bool:
        """As `Snapshot.shows`, of rules that match role, relation, `list`, category, structure."""
        return self.table.decide_bits(self.calm(role, bits))[0]

    def calm(self, role: Role, bits: int) -> int:
        """Those of the rules that match while none blocks this role's whole drive; where one always
        does, all, so that one of them decides.
        """
        return bits & self._calm[role]

    def _accept_all(self, masks: Sequence[Sequence[int]]) -> int:
        bits = self.everything
        for mask in (mask for column in masks for mask in column):
            bits &= mask
        return bits


def _calm(snapshot: Snapshot, role: Role) -> int:
    moment = snapshot.calm_moment(role)
    bits = -1
    if moment is None:
        return bits
    words = dict(zip(Column, moment, strict=True))
    for column in CIRCUMSTANCES:
        bits &= snapshot.table.mask(column, words[column])
    return bits
