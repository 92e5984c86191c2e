"""In which language a command speaks, and its sentences in it.

A sentence stands in English where it is said, and in the other languages in
`catalogues/LANGUAGE.po`. Nothing is loaded for whoever reads English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from admin.catalogue import FOLDER, Catalogue, read
from davserver.domain.languages import LANGUAGES, Language

_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
_UNTOLD = frozenset({"", "C", "POSIX"})


@dataclass
class _Voice:
    """One for the process: a command is said in one language from its beginning to its end."""

    language: Language = "en"
    catalogue: Catalogue = field(default_factory=Catalogue)
    is_for_scripts: bool = False


_VOICE = _Voice()


def speak(language: Language, *, for_scripts: bool = False) -> None:
    """From now on. `for_scripts`: what is shown stays English, and only what cannot be done is told
    in this language.
    """
    _VOICE.language = language
    _VOICE.catalogue = Catalogue() if language == "en" else read(FOLDER / f"{language}.po")
    _VOICE.is_for_scripts = for_scripts


def language(*, asked: Language | None = None) -> Language:
    """Of what is shown; `asked`, which a script may say too, if there is one."""
    return asked or ("en" if _VOICE.is_for_scripts else _VOICE.language)


def spoken() -> Language:
    """Of what cannot be done: also where a script asked."""
    return _VOICE.language


def catalogue() -> Catalogue:
    """That of `spoken`."""
    return _VOICE.catalogue


def language_of(environment: Mapping[str, str]) -> Language:
    """As GNU gettext finds it (its manual, §2.3): LANGUAGE counts unless the locale is C or none;
    English where nothing is known.
    """
    locale = next((environment[one] for one in _LOCALES if environment.get(one)), "")
    if locale in _UNTOLD:
        return "en"
    for one in (environment.get("LANGUAGE") or locale).split(":"):
        code = one.split("_")[0].split(".")[0].split("@")[0].lower()
        found = next((known for known in LANGUAGES if known == code), None)
        if found is not None:
            return found
    return "en"


def _(sentence: str, /, **values: object) -> str:
    said = sentence if _VOICE.is_for_scripts else _VOICE.catalogue.said(sentence)
    return said % values if values else said


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """With `number` in it."""
    catalogue = Catalogue() if _VOICE.is_for_scripts else _VOICE.catalogue
    return catalogue.counted(one, many, number) % {"number": number, **values}


def headings(*columns: str) -> tuple[str, ...]:
    """Of a table."""
    return tuple(_(one) for one in columns)


def N_(sentence: str) -> str:  # noqa: N802 — the usual name
    """Marks a sentence where it is not looked up yet. As that of the pages, which no server of
    drives loads.
    """
    return sentence


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 — as N_, for `ngettext`
    return one, many
