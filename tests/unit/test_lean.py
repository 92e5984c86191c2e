"""A lean value is a frozen dataclass to whoever reads or checks the program."""

from dataclasses import dataclass, field, fields, replace

import pytest

from davserver.domain.lean import changed, lean


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
    assert replace(one, second="c") == changed(one, second="c") == Lean(1, "c")
    assert repr(one) == repr(Frozen(1, "a")).replace("Frozen", "Lean")
    assert [one.name for one in fields(Lean)] == [one.name for one in fields(Frozen)]


def test_it_has_no_room_for_anything_else() -> None:
    assert Lean.__slots__ == Frozen.__slots__
    assert not hasattr(Lean(1), "__dict__")


def test_what_is_changed_is_another_with_all_else_the_same() -> None:
    one = Lean(1, "a", [1])
    other = changed(one, first=2)
    assert (one.first, other.first, other.second, other.apart) == (1, 2, "a", one.apart)
    with pytest.raises(TypeError):
        changed(one, nothing=1)
