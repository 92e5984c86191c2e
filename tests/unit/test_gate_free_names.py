"""Numbers for names that are taken: free ones, found with few questions."""

from hypothesis import given
from hypothesis import strategies as some

from davserver.domain.paths import DrivePath
from davserver.gate.drive.free_names import next_number, numbered


@given(some.integers(0, 5000), some.sets(some.integers(2, 6000)))
def test_a_number_is_free_and_found_with_few_questions(until: int, gaps: set[int]) -> None:
    asked: list[int] = []

    def is_free(number: int) -> bool:
        asked.append(number)
        return number > until or number in gaps

    found = next_number(is_free)
    assert found > until or found in gaps
    assert len(asked) < 30
    if not gaps:
        assert found == until + 1 if until else found == 1


def test_a_numbered_name_keeps_its_ending_and_is_not_too_long() -> None:
    path = DrivePath.parse("/Photos/image.jpg")
    assert [str(numbered(path, number)) for number in (1, 2, 300)] == [
        "/Photos/image.jpg", "/Photos/image (2).jpg", "/Photos/image (300).jpg",
    ]  # fmt: skip
    assert numbered(DrivePath.parse("/.profile"), 2).name == ".profile (2)"
    assert numbered(DrivePath.parse("/sans"), 2).name == "sans (2)"
    long = numbered(DrivePath(("é" * 125 + ".jpg",)), 1000).name
    assert len(long.encode()) <= 255
    assert long.endswith(" (1000).jpg")
