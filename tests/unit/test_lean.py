"""A lean value is a frozen dataclass to whoever reads or checks the program."""

from dataclasses import dataclass, field, fields, replace

from davserver.domain.lean import lean


@lean(frozen=True, slots=True, order=True)
class Lean:
    first: int
    second: str = ""
    apart: list[int] = field(default_factory=list, compare=False, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Frozen:
    first: int
    second: str = ""
    apart: list[int] = field(default_factory=list, compare=False, repr=False)


def test_it_compares_hashes_and_is_replaced_like_a_frozen_one() -> None:
    one = Lean(1, "a", [1])
    assert one == Lean(1, "a", [2]) != Lean(1, "b")
    assert hash(one) == hash(Frozen(1, "a", [3]))
    assert sorted([Lean(2), one]) == [one, Lean(2)]
    assert replace(one, second="c") == Lean(1, "c")
    assert repr(one) == repr(Frozen(1, "a")).replace("Frozen", "Lean")
    assert [one.name for one in fields(Lean)] == [one.name for one in fields(Frozen)]


def test_it_has_no_room_for_anything_else() -> None:
    assert Lean.__slots__ == Frozen.__slots__
    assert not hasattr(Lean(1), "__dict__")
