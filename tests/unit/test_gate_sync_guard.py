"""Whether a synchronisation would end too much at once."""

import pytest

from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, StructureId
from davserver.gate.staff.sync_guard import Held, Loss, too_many

CCAS, FOYER = StructureId(b"c" * 16), StructureId(b"f" * 16)


def places(count: int, where: StructureId | None = CCAS) -> list[Loss]:
    return [Loss(PersonId(n.to_bytes(16, "big")), where) for n in range(count)]


@pytest.mark.parametrize(
    ("people", "lost", "waits"),
    [
        (1, 1, False),
        (2, 2, False),
        (3, 2, False),
        (3, 3, True),
        (10, 2, False),
        (10, 3, True),
        (15, 3, False),
        (14, 3, True),
        (100, 20, False),
        (100, 21, True),
        (5000, 1000, False),
        (5000, 1001, True),
    ],
)
def test_more_than_a_fifth_waits_unless_it_is_one_or_two_people(
    people: int,
    lost: int,
    waits: bool,  # noqa: FBT001 — a column of the table above
) -> None:
    held = too_many(places(lost), places(people))
    assert (held is not None) is waits
    if held:
        assert (held.people, held.by_structure) == ({CCAS: people}, {CCAS: lost})


def test_each_structure_is_looked_at_by_itself() -> None:
    small, large = places(5, FOYER), places(100)
    held = too_many([*small, *large[:10]], [*small, *large])
    assert held is not None
    assert {one.structure for one in held.losses} == {FOYER}
    assert held.persons == {one.person for one in small}
    assert too_many([*small[:1], *large[:10]], [*small, *large]) is None


def test_people_without_a_structure_count_together() -> None:
    administrators = places(3, None)
    held = too_many(administrators, [*administrators, *places(100)])
    assert held is not None
    assert held.people == {None: 3}


def test_a_digest_is_of_who_loses_what_in_whatever_order_it_was_found() -> None:
    lost = places(4)
    held, again = too_many(lost, lost), too_many(lost[::-1], lost)
    assert held is not None
    assert again is not None
    assert held.digest == again.digest
    fewer = too_many(lost[:3], lost)
    assert fewer is not None
    assert fewer.digest != held.digest
    moved = too_many([*lost[:3], Loss(lost[3].person, FOYER)], [*lost, *places(9, FOYER)])
    assert moved is not None
    assert moved.digest == fewer.digest


@pytest.mark.parametrize("where", [CCAS, None])
def test_what_is_stored_comes_back_and_names_nobody(where: StructureId | None) -> None:
    held = too_many(places(3, where), places(3, where))
    assert held is not None
    assert Held.decode(held.encode()) == held


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"losses": [["x", ""]], "people": []}'])
def test_a_plan_that_was_altered_is_damage(raw: bytes) -> None:
    with pytest.raises(Damaged):
        Held.decode(bytes(64) + raw)
