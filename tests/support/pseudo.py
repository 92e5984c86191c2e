"""A language for tests, made from the sentences themselves: Arabic letters from right to left, a
third longer than English, what is filled in where it was. Whatever is in Latin letters on a page of
it has come around the catalogue.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from davserver.web.sentences import of_pages, of_tables

CODE = "ar"
_BLANK = re.compile(r"(%\(\w+\)s|\{\w+\})")
_WORD = re.compile(r"[A-Za-z]+")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ابجدهوزحطيكلمنسعفصقرشتثخذضابجدهوزحطيكلمنسعفصقرشتثخذض",
)
_LONGER = 0.35


def pseudo(sentence: str) -> str:
    """`Share “%(name)s”` becomes Arabic letters around the same blank."""
    parts = _BLANK.split(sentence)
    return "".join(one if _BLANK.fullmatch(one) else _WORD.sub(_turned, one) for one in parts)


def _turned(found: re.Match[str]) -> str:
    word = found.group()
    return (word + word[: round(len(word) * _LONGER)]).translate(_LETTERS)


def write_catalogue(folder: Path) -> Path:
    """The file that makes pages speak it, as an operator would put it there."""
    made = Catalog(locale=CODE)
    for sentence in of_pages() | of_tables():
        made.add(sentence, pseudo(sentence))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{CODE}.po"
    with file.open("wb") as written:
        write_po(written, made)
    return file
