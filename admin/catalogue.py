"""A `.po` as commands read it: in a few milliseconds, where Babel alone takes a tenth of a second
to load (the pages' catalogues are read by it, `davserver.web.languages`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from gettext import c2py
from pathlib import Path

FOLDER = Path(__file__).parent / "catalogues"

_ENTRY = re.compile(
    r'(?m)^msgid (?P<one>".*"(?:\n".*")*)\n(?:msgid_plural ".*"(?:\n".*")*\n)?'
    r'(?P<said>(?:msgstr(?:\[\d\])? ".*"(?:\n".*")*\n?)+)'
)
_SAID = re.compile(r'(?m)^msgstr(?:\[\d\])? (".*"(?:\n".*")*)')
_QUOTED = re.compile(r'"(.*)"')
_ESCAPE = re.compile(r"\\(.)")
_TELLING = 6
"""Letters by which a sentence is known."""
_PLURAL = re.compile(r"plural=(.*);")


@dataclass(frozen=True)
class Catalogue:
    """`sentences`: by what they are in English; several, for numbers, where the language has them.
    `form`: which of several is for a number.
    """

    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form: Callable[[int], int] = lambda number: int(number != 1)

    def said(self, sentence: str) -> str:
        """Itself where the catalogue lacks it."""
        return self.sentences.get(sentence, (sentence,))[0] or sentence

    def counted(self, one: str, many: str, number: int) -> str:
        forms = self.sentences.get(one, ())
        if len(forms) > 1:
            return forms[self.form(number)]
        return one if number == 1 else many

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Sentences with blanks, those that say most first."""
        blanks = [one for one in self.sentences if "%(" in one and _is_telling(one)]
        return tuple(sorted(blanks, key=lambda one: -len(_BLANK.sub("", one))))


_BLANK = re.compile(r"%\(\w+\)s")


def _is_telling(sentence: str) -> bool:
    """`%(first)s to %(last)s` would be found in nearly everything."""
    letters = sum(one.isalpha() for one in _BLANK.sub("", sentence))
    return letters >= _TELLING or not sentence.startswith("%(") or ", or " in sentence


def read(file: Path) -> Catalogue:
    text = file.read_text(encoding="utf-8")
    sentences = {
        _plain(entry["one"]): tuple(_plain(one) for one in _SAID.findall(entry["said"]))
        for entry in _ENTRY.finditer(text)
    }
    rule = _PLURAL.search(sentences.pop("", ("",))[0])
    return Catalogue(sentences, c2py(rule[1]) if rule else Catalogue.form)


def _plain(quoted: str) -> str:
    joined = "".join(_QUOTED.findall(quoted))
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), joined)
