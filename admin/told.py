"""What the layers below say, in the language of the command.

They say it in English where it happens, and know of no language. The catalogue has each of those
sentences with its blanks: it is found again by what stands between them.
"""

import re
from functools import cache

from admin.catalogue import Catalogue
from admin.policy_mistakes import problem_told
from admin.speaking import N_, catalogue, language
from davserver.config import Problem, WrongSettings
from davserver.domain.errors import AbriError

_BLANK = re.compile(r"%\((\w+)\)s")
_QUOTES = (N_("“"), N_("”"))
_ONE_WORD = frozenset({"word", "hex", "called"})
"""Blanks of which more is known than that they are filled."""
_WORDS = frozenset({"role", "state", "right", "kind", "what", "called"})
"""Blanks that are filled with a word of ours."""
_OF_POLICY = re.compile(r"P\d{3} ")
_DEEPEST = 3
"""What fills a blank may be a sentence, and so may what fills one of that."""


def error_told(error: AbriError) -> str:
    """Where it has a place in a file, that stays as it is."""
    if isinstance(error, WrongSettings):
        return "\n".join(map(_problem_told, error.problems))
    return in_catalogue(str(error), catalogue())


def _problem_told(one: Problem) -> str:
    place = str(one).removesuffix(one.says)
    if _OF_POLICY.match(one.says):
        return place + problem_told(f"{one.file.name}: {one.says}").removeprefix(
            f"{one.file.name}: "
        )
    return place + in_catalogue(one.says, catalogue())


def told(text: str) -> str:
    """Something that is shown."""
    return text if language() == "en" else in_catalogue(text, catalogue())


def in_catalogue(text: str, known: Catalogue, depth: int = 0) -> str:
    if text in known.sentences:
        return known.said(text)
    if depth == _DEEPEST:
        return text
    for sentence in known.patterns:
        found = _found(sentence, text)
        if found is not None:
            return known.said(sentence) % {
                name: _filled(name, value, known, depth + 1) for name, value in found.items()
            }
    return _parts(text, known, depth)


def _parts(text: str, known: Catalogue, depth: int) -> str:
    """Of `place: what is wrong with it`."""
    head, colon, rest = text.partition(": ")
    said = in_catalogue(rest, known, depth) if colon else rest
    return text if said == rest else f"{head}{known.said(': ')}{said}"


def _found(sentence: str, text: str) -> dict[str, str] | None:
    at = 0
    for piece in _pieces(sentence):
        at = text.find(piece, at)
        if at < 0:
            return None
        at += len(piece)
    match = _pattern(sentence).fullmatch(text)
    return match.groupdict() if match else None


@cache
def _pieces(sentence: str) -> tuple[str, ...]:
    return tuple(piece.replace("%%", "%") for piece in _BLANK.split(sentence)[::2])


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _BLANK.split(sentence)
    names: set[str] = set()
    made = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            made += re.escape(part.replace("%%", "%"))
        else:
            filled = r"\S+" if part in _ONE_WORD else ".*?"
            made += f"(?P={part})" if part in names else f"(?P<{part}>{filled})"
            names.add(part)
    return re.compile(made, re.DOTALL)


def _filled(name: str, value: str, known: Catalogue, depth: int) -> str:
    """A name that somebody chose may be a word of the catalogue: it stays."""
    may_be_ours = " " in value or name in _WORDS
    said = in_catalogue(value, known, depth) if may_be_ours else value
    for quote in _QUOTES:
        said = said.replace(quote, known.said(quote))
    return said
