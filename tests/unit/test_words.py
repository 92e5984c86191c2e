"""A word is its text, in dictionaries too."""

import pickle

from davserver.domain.actions import Action, Category
from davserver.domain.words import Word


class Fruit(Word):
    PEAR = "pear"
    FIG = "fig"


def test_a_word_is_found_by_its_text_and_the_text_by_its_word() -> None:
    assert {Fruit.PEAR: 1}["pear"] == {"pear": 1}[Fruit.PEAR] == 1
    assert hash(Fruit.FIG) == hash("fig")
    assert pickle.loads(pickle.dumps(Fruit.FIG)) is Fruit.FIG  # noqa: S301 — just made
    assert Fruit("fig") is Fruit.FIG


def test_words_of_the_policy_are_hashed_without_python() -> None:
    assert Action.__hash__ is Category.__hash__ is str.__hash__
