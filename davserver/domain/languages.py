"""The languages in which people are spoken to."""

from typing import Literal, get_args

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
USUAL: Language = LANGUAGES[0]
"""For whoever said nothing of theirs."""


def language_named(word: str) -> Language:
    """`USUAL` for a word that is none of ours."""
    return next((one for one in LANGUAGES if one == word), USUAL)
