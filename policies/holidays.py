"""French public holidays, as the law lists them. Everything is computed: there is nothing to renew.

Code du travail, article L3133-1: the eleven of the whole country. Article L3422-2: the day that
commemorates the abolition of slavery, in each overseas territory. Article L3134-13, which took over
the local ordinance of 16 August 1892: Good Friday and 26 December in Moselle, Bas-Rhin and
Haut-Rhin (Good Friday where the commune has a Protestant or mixed church).

New Caledonia, French Polynesia and Wallis and Futuna have labour codes of their own, which are not
here: their structures write `closed` lines.
"""

from datetime import date, timedelta
from enum import StrEnum


class Territory(StrEnum):
    """Where one list of public holidays is in force."""

    FRANCE = "france"
    ALSACE_MOSELLE = "alsace-moselle"
    GUADELOUPE = "guadeloupe"
    GUYANE = "guyane"
    LA_REUNION = "la-reunion"
    MARTINIQUE = "martinique"
    MAYOTTE = "mayotte"
    SAINT_BARTHELEMY = "saint-barthelemy"
    SAINT_MARTIN = "saint-martin"
    SAINT_PIERRE_ET_MIQUELON = "saint-pierre-et-miquelon"


Fixed = tuple[int, int]
"""Month and day."""

EVERYWHERE: frozenset[Fixed] = frozenset(
    {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
)
AFTER_EASTER = frozenset({1, 39, 50})
"""Easter Monday, Ascension and Whit Monday, in days after Easter Sunday."""

GOOD_FRIDAY = -2

MORE: dict[Territory, frozenset[Fixed]] = {
    Territory.FRANCE: frozenset(),
    Territory.ALSACE_MOSELLE: frozenset({(12, 26)}),
    Territory.GUADELOUPE: frozenset({(5, 27)}),
    Territory.GUYANE: frozenset({(6, 10)}),
    Territory.LA_REUNION: frozenset({(12, 20)}),
    Territory.MARTINIQUE: frozenset({(5, 22)}),
    Territory.MAYOTTE: frozenset({(4, 27)}),
    Territory.SAINT_BARTHELEMY: frozenset({(10, 9)}),
    # As kept there since 2018, by a circular of the State; the article still prints 27 May.
    Territory.SAINT_MARTIN: frozenset({(5, 28)}),
    Territory.SAINT_PIERRE_ET_MIQUELON: frozenset(),
}
"""What a territory has besides the days of the whole country."""

BY_TIME_ZONE: dict[str, Territory] = {
    "Europe/Paris": Territory.FRANCE,
    "America/Guadeloupe": Territory.GUADELOUPE,
    "America/Cayenne": Territory.GUYANE,
    "Indian/Reunion": Territory.LA_REUNION,
    "America/Martinique": Territory.MARTINIQUE,
    "Indian/Mayotte": Territory.MAYOTTE,
    "America/St_Barthelemy": Territory.SAINT_BARTHELEMY,
    "America/Marigot": Territory.SAINT_MARTIN,
    "America/Miquelon": Territory.SAINT_PIERRE_ET_MIQUELON,
}
"""The territory that a structure's time zone tells. No zone tells Alsace-Moselle from the rest."""


def is_holiday(day: date, territory: Territory) -> bool:
    """Whether the law names this day there."""
    if (day.month, day.day) in EVERYWHERE | MORE[territory]:
        return True
    since_easter = (day - easter(day.year)).days
    if territory is Territory.ALSACE_MOSELLE and since_easter == GOOD_FRIDAY:
        return True
    return since_easter in AFTER_EASTER


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the method of Gauss in Lichtenberg's form."""
    century = year // 100
    moon_shift = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun_shift = 2 - (3 * century + 3) // 4
    lunar = year % 19
    seed = (19 * lunar + moon_shift) % 30
    correction = (seed + lunar // 11) // 29
    full_moon = 21 + seed - correction
    sunday = 7 - (year + year // 4 + sun_shift) % 7
    distance = 7 - (full_moon - sunday) % 7
    return date(year, 3, 1) + timedelta(days=full_moon + distance - 1)
