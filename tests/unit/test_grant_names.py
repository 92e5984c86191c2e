"""Names of shared folders and items: safe everywhere, numbered, and never twice on one drive."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davserver.domain.errors import BadPath
from davserver.domain.paths import clean_name
from davserver.vault.grants.names import (
    Claim,
    could_be_stored_as,
    folder_name,
    numbered_folder,
    numbered_item,
    settle,
)
from tests.support.accounts import NOON


@pytest.mark.parametrize(
    ("owner", "folder"),
    [
        ("Amina Benali", "Amina Benali"),
        ("  Zoé d’Été. ", "Zoé d’Été"),
        ("a/b\\c:d", "a-b-c-d"),
        ("line\nbreak", "line-break"),
        ("..", "Abri"),
        ("", "Abri"),
        ("e\u0301", "é"),
        ("é" * 150, "é" * 100),
        ("\U0001d160" * 40, "\U0001d158\U0001d165\U0001d16e" * 16 + "\U0001d158\U0001d165"),
    ],
)
def test_a_folder_is_called_like_its_owner_where_a_system_can_store_that(
    owner: str, folder: str
) -> None:
    assert folder_name(owner) == folder


@pytest.mark.parametrize(
    ("name", "number", "shown"),
    [
        ("scan.pdf", 1, "scan.pdf"),
        ("scan.pdf", 2, "scan (2).pdf"),
        ("Santé", 3, "Santé (3)"),
        (".profile", 2, ".profile (2)"),
        ("Dr. Martin", 2, "Dr. Martin (2)"),
        ("archive.tar.gz", 2, "archive.tar (2).gz"),
        ("é" * 127 + ".pdf", 2, "é" * 123 + " (2).pdf"),
    ],
)
def test_a_number_goes_before_the_ending(name: str, number: int, shown: str) -> None:
    assert numbered_item(name, number) == shown


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        ("Amina", ["Amina"]),
        ("Amina (2)", ["Amina (2)", "Amina"]),
        ("Amina (4)", ["Amina (4)", "Amina", "Amina (2)", "Amina (3)"]),
        ("Amina (1)", ["Amina (1)"]),
        ("Amina (100)", ["Amina (100)"]),
        ("(2)", ["(2)"]),
    ],
)
def test_what_a_shown_folder_may_be_stored_as(shown: str, stored: list[str]) -> None:
    assert could_be_stored_as(shown) == stored


def claim(name: str, thing: str, second: int) -> Claim:
    return Claim(name, thing.encode(), (NOON + timedelta(seconds=second), thing.encode()))


def test_the_oldest_keeps_a_name_and_others_get_numbers_that_nobody_has() -> None:
    claims = [claim("X", "c", 3), claim("X", "a", 1), claim("X (2)", "b", 4), claim("X", "a", 5)]
    assert settle(claims, numbered_folder) == {
        ("X", b"a"): "X",
        ("X (2)", b"b"): "X (2)",
        ("X", b"c"): "X (3)",
    }


CLAIMS = st.lists(
    st.builds(
        claim,
        st.sampled_from(["X", "X (2)", "X (3)", "Y", "X (2) (2)"]),
        st.sampled_from("abcdef"),
        st.integers(0, 3),
    )
)


@given(CLAIMS)
def test_no_two_things_ever_have_one_name_and_lookup_finds_what_listing_shows(
    claims: list[Claim],
) -> None:
    shown = settle(claims, numbered_folder)
    by_name = {name: thing for (_, thing), name in shown.items()}
    assert len(by_name) == len(shown)
    for name, thing in by_name.items():
        stored = could_be_stored_as(name)
        found = settle((one for one in claims if one.name in stored), numbered_folder)
        assert [key[1] for key, value in found.items() if value == name] == [thing]


@given(st.text(), st.integers(1, 99))
def test_every_folder_of_every_owner_can_be_stored(owner: str, number: int) -> None:
    name = numbered_folder(folder_name(owner), number)
    assert clean_name(name) == name


@given(st.text(min_size=1), st.integers(1, 99))
def test_every_numbered_item_can_be_stored(text: str, number: int) -> None:
    try:
        name = clean_name(text)
    except BadPath:
        return
    assert clean_name(numbered_item(name, number)) == numbered_item(name, number)
