"""What a refusal by rules says would help: a stronger sign-in, another network, a later hour."""

from datetime import UTC, datetime

import pytest

from davserver.domain.actions import Action, Category, Strength, Zone
from davserver.domain.advice import HOURS, STRENGTHS, ZONES, advice
from davserver.domain.decisions import Denial
from davserver.domain.errors import Reason
from davserver.domain.languages import LANGUAGES
from davserver.domain.remedies import Remedy
from policies.decider import Judge
from tests.policy.question import (
    NOW,
    SUNDAY,
    a_set,
    named,
    owner,
    structure,
    team,
    with_files,
)

NIGHT = datetime(2026, 1, 14, 21, 30, tzinfo=UTC)
"""The same Wednesday, half past ten in Paris."""


def refused(rules, asked, now=NOW) -> Denial:
    judge = Judge(a_set(rules) if isinstance(rules, str) else rules)
    decision = judge.decide(asked.who, asked.action, asked.target, now)
    assert isinstance(decision, Denial)
    return decision


def read(denial: Denial, language="fr") -> str:
    return advice(denial.reason, language, denial.remedy)


def test_a_device_password_is_to_be_replaced_by_ones_own():
    denial = refused("shipped", owner(Action.GRANT, auth=Strength.APP_PASSWORD))
    assert denial.remedy == Remedy(strength=Strength.PASSWORD)
    assert read(denial) == (
        "Votre connexion n'est pas assez forte pour cela : connectez-vous avec votre propre mot de "
        "passe au lieu de celui d'un appareil."
    )
    assert read(denial, "en") == (
        "Your sign-in is not strong enough for this: sign in with your own password instead of "
        "that of a device."
    )


def test_a_second_factor_is_asked_for_where_it_is_needed():
    denial = refused("two-factor", named(Action.PUT))
    assert denial.reason is Reason.AUTH_TOO_WEAK
    assert read(denial).endswith(" : connectez-vous avec un second facteur.")
    assert read(denial, "en").endswith(": sign in with a second factor.")


def test_the_next_opening_is_named_on_the_clock_of_the_structure():
    denial = refused("office-hours", named(zone=Zone.OFFICE), NIGHT)
    assert denial.reason is Reason.OUTSIDE_HOURS
    assert read(denial) == (
        "Ce n'est pas permis à cette heure : réessayez à partir du jeudi 15 janvier 2026 à 08:00."
    )
    assert read(denial, "en") == (
        "This is not allowed at this hour: try again from Thursday 15 January 2026 at 08:00 on."
    )
    weekend = refused("office-hours", named(zone=Zone.OFFICE), SUNDAY)
    assert "lundi 19 janvier 2026 à 08:00" in read(weekend)


def test_overseas_it_is_the_hour_over_there():
    there = structure(time_zone="Indian/Reunion")
    asked = team(zone=Zone.OFFICE, where=there)
    assert "jeudi 15 janvier 2026 à 08:00" in read(refused("office-hours", asked, NIGHT))
    assert refused("office-hours", asked, NIGHT).remedy.opens.utcoffset().total_seconds() == 14_400


def test_whoever_acts_for_no_structure_is_told_the_hour_on_the_calendars_own_clock():
    snapshot = with_files(
        rules=(
            "p, see, allow, beneficiary, owner, list, *, *, *, *, *\n"
            "p, day, allow, beneficiary, owner, use, *, *, *, *, work-hours\n"
        ),
        groups=a_set("office-hours").files["groups.csv"],
        calendars=a_set("office-hours").files["calendars.csv"],
    )
    denial = refused(snapshot, owner(), NIGHT)
    assert denial.reason is Reason.OUTSIDE_HOURS
    assert "jeudi 15 janvier 2026 à 08:00" in read(denial)


def test_everything_that_is_needed_stands_in_one_sentence():
    denial = refused("office-hours", named(zone=Zone.INTERNET, auth=Strength.APP_PASSWORD), SUNDAY)
    assert denial.remedy is not None
    assert (denial.remedy.strength, denial.remedy.zone) == (Strength.PASSWORD, Zone.OFFICE)
    assert read(denial).endswith(
        " : connectez-vous avec votre propre mot de passe au lieu de celui d'un appareil, passez "
        "par le réseau de votre structure et réessayez à partir du lundi 19 janvier 2026 à 08:00."
    )


def test_whoever_is_on_a_blocked_network_need_not_go_to_the_office():
    asked = owner(zone=Zone.BLOCKED)
    judge = Judge(a_set("shipped"))
    for denial in (refused("shipped", asked), judge.drive_blocked(asked.who, NOW)):
        assert denial is not None
        assert denial.remedy == Remedy(zone=Zone.INTERNET)
        assert read(denial) == (
            "Ce n'est pas permis depuis ce réseau : passez par un autre réseau."
        )
    at_work = named(zone=Zone.INTERNET)
    assert refused("office-hours", at_work).remedy == Remedy(zone=Zone.OFFICE)


def test_a_blocked_hour_names_its_end():
    rules = a_set("office-hours").files["rules.csv"].decode()
    night = "p, night, deny, professional, *, *, *, *, *, *, closed\n"
    snapshot = with_files(
        rules=rules + night, calendars=a_set("office-hours").files["calendars.csv"],
        networks=a_set("office-hours").files["networks.csv"],
        groups=a_set("office-hours").files["groups.csv"],
    )  # fmt: skip
    denial = Judge(snapshot).drive_blocked(named(zone=Zone.OFFICE).who, NIGHT)
    assert denial is not None
    assert "jeudi 15 janvier 2026 à 08:00" in read(denial)


def test_another_category_is_nobodys_to_choose():
    denial = refused("two-factor", team(Action.PUT, category=Category.HEALTH, auth=Strength.MFA))
    assert denial.remedy is None
    assert read(denial) == advice(denial.reason, "fr")


def test_an_hour_that_never_comes_is_not_named():
    remedy = Remedy(hours=True)
    assert advice(Reason.OUTSIDE_HOURS, "fr", remedy) == advice(Reason.OUTSIDE_HOURS, "fr")
    assert advice(Reason.OUTSIDE_HOURS, "en", remedy) == advice(Reason.OUTSIDE_HOURS, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_are_complete_in_both_languages(language):
    assert set(STRENGTHS[language]) == set(Strength)
    assert set(ZONES[language]) == set(Zone)
    assert all(HOURS[language])


def test_hours_are_told_after_the_change_of_everything_else():
    """A slot in which it is allowed from the office only is no answer for the internet."""
    rules = (
        "p, see, allow, professional, grantee, list, *, *, *, *, *\n"
        "p, day, allow, professional, grantee, use, *, *, office, *, work-hours\n"
        "p, sat, allow, professional, grantee, use, *, *, *, *, saturday\n"
    )
    snapshot = with_files(
        rules=rules,
        calendars="work-hours, mon-fri, 08:00, 19:00\nsaturday, sat, 09:00, 12:00\n",
        networks=a_set("shipped").files["networks.csv"],
    )
    outside = refused(snapshot, named(zone=Zone.INTERNET), NIGHT)
    assert outside.reason is Reason.OUTSIDE_HOURS
    assert "samedi 17 janvier 2026 à 09:00" in read(outside)
    inside = refused(snapshot, named(zone=Zone.OFFICE), NIGHT)
    assert "jeudi 15 janvier 2026 à 08:00" in read(inside)
