"""Moments as people say them, in their language."""

from datetime import datetime, tzinfo

from davserver.domain.languages import Language
from davserver.domain.wording import Speech, words

MONTHS: dict[Language, tuple[str, ...]] = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip

WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

AT: dict[Language, str] = {"fr": "{day} à {time}", "en": "{day} at {time}"}


def moment(at: datetime, zone: tzinfo | None, speech: Speech) -> str:
    local = at.astimezone(zone)
    return words(AT, speech).format(day=day(at, zone, speech), time=f"{local:%H:%M}")


def day(at: datetime, zone: tzinfo | None, speech: Speech) -> str:
    local = at.astimezone(zone)
    number = "1er" if speech == "fr" and local.day == 1 else str(local.day)
    return f"{number} {words(MONTHS, speech)[local.month - 1]} {local.year}"


def weekday(at: datetime, speech: Speech) -> str:
    """On the clock of `at` itself."""
    return words(WEEKDAYS, speech)[at.weekday()]
