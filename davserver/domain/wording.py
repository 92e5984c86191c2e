"""Words of the tables in which sentences stand, in the reader's language.

The tables have French and English. A further language says their English words through a catalogue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from davserver.domain.languages import Language

T = TypeVar("T")


@dataclass(frozen=True)
class Tongue:
    """A language that the tables lack. `say` is its catalogue: from English."""

    say: Callable[[str], str]
    _known: dict[int, Any] = field(default_factory=dict)

    def of(self, english: T) -> T:
        """The tables stand in modules for good, so that their id names them."""
        if id(english) not in self._known:
            self._known[id(english)] = said(english, self.say)
        found: T = self._known[id(english)]
        return found


Speech = Language | Tongue


def words(table: Mapping[Language, T], speech: Speech) -> T:
    return speech.of(table["en"]) if isinstance(speech, Tongue) else table[speech]


def said(value: Any, say: Callable[[str], str]) -> Any:
    """The same with each text as `say` has it. Texts without a letter are signs: left alone."""
    if isinstance(value, str):
        return say(value) if any(one.isalpha() for one in value) else value
    if isinstance(value, Mapping):
        return {key: said(one, say) for key, one in value.items()}
    parts = [said(one, say) for one in value]
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
