"""French public holidays: each day of two years as published, in every territory."""

from datetime import date, timedelta
from zoneinfo import available_timezones

import pytest

from policies.holidays import BY_TIME_ZONE, MORE, Territory, easter, is_holiday

PUBLISHED = {
    2026: "0101 0406 0501 0508 0514 0525 0714 0815 1101 1111 1225",
    2027: "0101 0329 0501 0508 0506 0517 0714 0815 1101 1111 1225",
    2028: "0101 0417 0501 0508 0525 0605 0714 0815 1101 1111 1225",
    # Ascension and 8 May are one day.
    2024: "0101 0401 0501 0508 0509 0520 0714 0815 1101 1111 1225",
    2035: "0101 0326 0501 0508 0503 0514 0714 0815 1101 1111 1225",
}
"""The eleven of article L3133-1, as month and day."""
OVERSEAS = {
    "guadeloupe": "0527",
    "guyane": "0610",
    "la-reunion": "1220",
    "martinique": "0522",
    "mayotte": "0427",
    "saint-barthelemy": "1009",
    "saint-martin": "0528",
    "saint-pierre-et-miquelon": "",
}
EASTERS = "1583-04-10 1818-03-22 1943-04-25 1954-04-18 1981-04-19 2008-03-23 2038-04-25 2049-04-18"
"""The earliest, the latest, and those at which rules of thumb go wrong."""


def of_year(year: int, territory: Territory) -> set[str]:
    days = (date(year, 1, 1) + timedelta(days=step) for step in range(366))
    return {f"{d:%m%d}" for d in days if d.year == year and is_holiday(d, territory)}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_whole_country_has_the_eleven_days_of_the_law(year):
    assert of_year(year, Territory.FRANCE) == set(PUBLISHED[year].split())


@pytest.mark.parametrize("territory", OVERSEAS)
def test_overseas_there_is_one_day_more(territory):
    expected = {*PUBLISHED[2026].split(), *OVERSEAS[territory].split()}
    assert of_year(2026, Territory(territory)) == expected


@pytest.mark.parametrize(("year", "friday"), [(2026, "0403"), (2027, "0326"), (2028, "0414")])
def test_alsace_and_moselle_have_good_friday_and_the_day_after_christmas(year, friday):
    expected = {*PUBLISHED[year].split(), friday, "1226"}
    assert of_year(year, Territory.ALSACE_MOSELLE) == expected


def test_easter_is_found_in_every_kind_of_year():
    for text in EASTERS.split():
        assert easter(date.fromisoformat(text).year).isoformat() == text
    for year in range(1583, 4000):
        day = easter(year)
        assert (day.weekday(), date(year, 3, 22) <= day <= date(year, 4, 25)) == (6, True)


def test_every_territory_is_told_by_a_time_zone_but_the_one_that_none_tells():
    assert set(MORE) == set(Territory)
    assert set(Territory) - set(BY_TIME_ZONE.values()) == {Territory.ALSACE_MOSELLE}
    assert set(BY_TIME_ZONE) <= available_timezones()
