"""The languages of the pages: one row and one catalogue each, or one catalogue in a folder that the
settings name (`pages.catalogues`).
"""

import re
from dataclasses import dataclass
from gettext import NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from davserver.domain.errors import BadInput
from davserver.domain.languages import language_named
from davserver.domain.wording import Speech, Tongue

_CATALOGUES = files("davserver.web") / "catalogues"
_BLANK = re.compile(r"%\(\w+\)s|\{\w+\}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """`code` is what browsers call it, `name` what its speakers do, `locale` whose dates it has;
    without a `catalogue`, sentences stand as they are in templates and pages.
    """

    code: str
    name: str
    locale: str
    catalogue: Traversable | None = None
    is_further: bool = False
    """Not in the tables of domain and gate, only in its catalogue."""


SHIPPED: tuple[Spoken, ...] = (
    Spoken("fr", "Français", "fr", _CATALOGUES / "fr.po"),
    Spoken("en", "English", "en_GB"),
)


def languages_with(folder: Path | None) -> tuple[Spoken, ...]:
    """Those that Abri has and those of which a `CODE.po` lies in the folder. Raises BadInput."""
    if folder is None:
        return SHIPPED
    if not folder.is_dir():
        raise BadInput(f"pages.catalogues: there is no folder {folder}")
    further = tuple(_further(file) for file in sorted(folder.glob("*.po")))
    return (*SHIPPED, *further)


def _further(file: Path) -> Spoken:
    code = file.stem
    if code in {one.code for one in SHIPPED}:
        raise BadInput(f"{file}: Abri has this language already")
    try:
        locale = Locale.parse(code)
    except (ValueError, UnknownLocaleError):
        raise BadInput(f"{file}: {code} is no language; use a code such as ar or es") from None
    name = locale.get_display_name(locale) or code
    made = Spoken(code, name[:1].upper() + name[1:], code, file, is_further=True)
    _require_sound(file, _read(made))
    return made


def _require_sound(file: Path, catalogue: Catalog) -> None:
    """What is filled into a sentence must be what pages have for it. Raises BadInput."""
    for message in catalogue:
        said = message.string if isinstance(message.string, str) else ""
        wrong = sorted(set(_BLANK.findall(said)) - set(_BLANK.findall(str(message.id))))
        if message.id and (wrong or said.count("%") != said.count("%(")):
            told = ", ".join(wrong) or "%"
            raise BadInput(f"{file}: “{message.id}” cannot be said with {told}")


def _read(language: Spoken) -> Catalog:
    if language.catalogue is None:
        return Catalog()
    try:
        with language.catalogue.open("rb") as file:
            return read_po(file, locale=language.locale, abort_invalid=True)
    except (OSError, PoFileError, ValueError) as error:
        raise BadInput(f"{language.catalogue}: {error}") from None


def translations(language: Spoken) -> NullTranslations:
    """What it calls each sentence. Compiled here, so that a `.po` is all there is."""
    if language.catalogue is None:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return Translations(compiled)


def speech_of(language: Spoken, catalogue: NullTranslations) -> Speech:
    """For sentences that stand in tables of domain and gate."""
    if language.is_further:
        return Tongue(catalogue.gettext)
    return language_named(language.code)
