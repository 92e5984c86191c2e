"""Classes hold each word once, and put together only what no rule tells apart."""

import pytest

from policies.classes import classes
from policies.vocabulary import Column
from tests.policy.question import a_set, shipped_files, with_files


def word_classes(table, vocabulary, column):
    """The words of one column of one set of files."""
    return classes(vocabulary.values[column], lambda word: (table.mask(column, word),))


@pytest.mark.parametrize("name", ["shipped", "office-hours", "two-factor"])
@pytest.mark.parametrize("column", Column)
def test_every_word_is_in_one_class_and_matches_the_same_rules_there(name, column):
    snapshot = a_set(name)
    found = word_classes(snapshot.table, snapshot.vocabulary, column)
    words = [word for one in found for word in one.values]
    assert sorted(words) == sorted(snapshot.vocabulary.values[column])
    for one in found:
        for word in one.values:
            held = [rule.covers(column, word, snapshot.vocabulary) for rule in snapshot.rules]
            assert one.masks == (sum(1 << bit for bit, yes in enumerate(held) if yes),)
    assert len({one.masks for one in found}) == len(found)


def test_structures_that_no_rule_tells_apart_are_one_class():
    groups = shipped_files()["groups.csv"].decode()
    snapshot = with_files(
        groups=groups + "".join(f"structure, place-{n}, ccas\n" for n in range(50)),
        rules="p, a, allow, *, owner, get, *, ccas, *, *, *\n"
        "p, b, deny, *, owner, get, *, place-7, *, *, *\n",
    )
    found = word_classes(snapshot.table, snapshot.vocabulary, Column.STRUCTURE)
    assert [one.values[0] for one in found] == ["ccas", "association", "place-7"]
    assert sum(len(one.values) for one in found) == 55


def test_what_is_told_apart_stays_apart():
    found = classes(range(6), lambda _: (1, 2), apart=lambda value: value % 2)
    assert [one.values for one in found] == [(0, 2, 4), (1, 3, 5)]


def test_a_word_that_is_in_no_vocabulary_matches_nothing():
    assert a_set("shipped").table.mask(Column.STRUCTURE, "") == 0
