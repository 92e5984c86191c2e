"""Texts of the pages: sentences from catalogues, and dates and sizes as people write them there.

A sentence stands in English in its template or page, and in the other languages in
`catalogues/LANGUAGE.po`. One that a catalogue lacks is shown in English; a test finds it first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from davserver.domain.wording import Speech
from davserver.web.languages import Spoken, speech_of, translations

_TWO_FIGURES = 10
_STEPS: tuple[tuple[int, Callable[["Texts", int], str]], ...] = (
    (10**9, lambda one, _: one.gettext("GB")),
    (10**6, lambda one, _: one.gettext("MB")),
    (10**3, lambda one, _: one.gettext("kB")),
    (1, lambda one, size: one.bytes_of(size)),
)


_DIRECTIONS = dict.fromkeys(
    (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C),
    "\N{REPLACEMENT CHARACTER}",
)
"""Signs that turn what follows around (Unicode UAX #9 §2)."""


def shown(name: str) -> str:
    """A document's name as it is, not as it would look: `\u202egpj.exe` is no `exe.jpg`."""
    return str(name).translate(_DIRECTIONS)


@dataclass(frozen=True)
class Texts:
    """One language. `zone` is where the clocks are that people look at."""

    spoken: Spoken
    zone: ZoneInfo

    @property
    def language(self) -> str:
        """For the page and its forms."""
        return self.spoken.code

    @cached_property
    def catalogue(self) -> NullTranslations:
        return translations(self.spoken)

    @cached_property
    def speech(self) -> Speech:
        """For sentences that stand in tables of domain and gate."""
        return speech_of(self.spoken, self.catalogue)

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.spoken.locale)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`: for the whole page."""
        return self.locale.text_direction

    def gettext(self, sentence: str, **values: object) -> str:
        said = self.catalogue.gettext(sentence)
        return said % values if values else said

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.catalogue.ngettext(one, many, number) % {"number": self.number(number)}

    def number(self, number: int) -> str:
        return format_decimal(number, locale=self.locale)

    def day(self, moment: datetime) -> str:
        return format_date(self._here(moment).date(), format="long", locale=self.locale)

    def last_day(self, end: datetime) -> str:
        """The day that ends then: what holds until midnight holds to the end of the day before."""
        return self.day(end - timedelta(microseconds=1))

    def ends_a_day(self, end: datetime) -> bool:
        """Whether `last_day` says all of it: commands may end something at any hour."""
        return self._here(end).time() == time()

    def moment(self, moment: datetime) -> str:
        here = self._here(moment)
        day = format_date(here.date(), format="long", locale=self.locale)
        return self.gettext(
            "%(day)s, %(time)s", day=day, time=format_time(here, "short", locale=self.locale)
        )

    def size(self, size: int) -> str:
        """`340 kB`: as a telephone says it, to three figures."""
        step, word = next((one for one in _STEPS if size >= one[0]), _STEPS[-1])
        whole = size // step
        shown = format_decimal(
            whole if whole >= _TWO_FIGURES or step == 1 else round(size / step, 1),
            locale=self.locale,
        )
        return f"{shown}\N{NO-BREAK SPACE}{word(self, whole)}"

    def bytes_of(self, number: int) -> str:
        """The word that goes with so many: one is none or one in French, one alone in English."""
        is_one = self.locale.plural_form(number) == "one"
        return self.gettext("byte") if is_one else self.gettext("bytes")

    def _here(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)
