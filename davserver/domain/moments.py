"""Moments as people say them, French and English."""

from datetime import datetime, tzinfo

from davserver.domain.languages import Language

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


def moment(at: datetime, zone: tzinfo | None, language: Language) -> str:
    local = at.astimezone(zone)
    return AT[language].format(day=day(at, zone, language), time=f"{local:%H:%M}")


def day(at: datetime, zone: tzinfo | None, language: Language) -> str:
    local = at.astimezone(zone)
    number = "1er" if language == "fr" and local.day == 1 else str(local.day)
    return f"{number} {MONTHS[language][local.month - 1]} {local.year}"


def weekday(at: datetime, language: Language) -> str:
    """On the clock of `at` itself."""
    return WEEKDAYS[language][at.weekday()]
