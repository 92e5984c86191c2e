"""For whom an answer is written: their language, and whether their program shows plain text."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from davserver.domain.languages import LANGUAGES, USUAL, Language, language_named

Word = TypeVar("Word", bound=str)
_XML = frozenset({"application/xml", "text/xml"})


@dataclass(frozen=True, slots=True)
class Reader:
    """`plain`: a sentence alone, instead of an XML element that holds it."""

    language: Language = USUAL
    plain: bool = False


@lru_cache(maxsize=32)
def reader_of(accept_language: str | None, accept: str | None, own: str | None) -> Reader:
    """`own` is the language of whoever has signed in. What their program asks for comes first:
    somebody may read over a beneficiary's shoulder. Programs ask for the same few all the time.
    """
    wished = wished_of(accept_language, LANGUAGES)
    return Reader(wished or language_named(own or USUAL), plain=_wants_plain(accept))


def wished_of(accept_language: str | None, every: Collection[Word]) -> Word | None:
    """The best of `every` that is asked for by name (RFC 9110 §12.5.4): `fr-CA` is French."""
    wishes = [(word.partition("-")[0], weight) for word, weight in _weighted(accept_language)]
    ours = [(weight, one) for word, weight in wishes for one in every if one == word]
    best = max((weight for weight, _ in ours), default=0.0)
    return next((one for weight, one in ours if weight == best), None) if best > 0 else None


def _wants_plain(accept: str | None) -> bool:
    """Only who names it, and likes no XML as much: nearly every program takes anything."""
    weights = dict(_weighted(accept))
    xml = max((weights.get(one, 0.0) for one in _XML), default=0.0)
    return weights.get("text/plain", 0.0) > xml


def _weighted(field: str | None) -> list[tuple[str, float]]:
    """The words of a list in lower case, each with its `q` (RFC 9110 §12.4.2)."""
    found = []
    for member in (field or "").split(","):
        word, *parameters = (part.strip().lower() for part in member.split(";"))
        if word:
            found.append((word, _quality(parameters)))
    return found


def _quality(parameters: list[str]) -> float:
    """1 where none is given; 0, a wish that does not count, where it is no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            digits = value.strip().replace(".", "", 1)
            return float(value) if digits.isascii() and digits.isdigit() else 0.0
    return 1.0
