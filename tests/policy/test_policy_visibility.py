"""What is visible depends on who, grant, category and structure only (DESIGN §2.2)."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from davserver.domain.actions import Action, Category, Strength, Zone
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import Reason
from davserver.domain.people import Role
from policies.decider import Judge
from tests.policy.question import (
    ADDRESS,
    NOW,
    SUNDAY,
    a_set,
    membership,
    named,
    owner,
    principal,
    shipped_files,
    structure,
    team,
    with_files,
)

ORDINARY = frozenset({Category.IDENTITY, Category.HOUSING, Category.INCOME, Category.WORK})


@pytest.mark.parametrize("name", ["shipped", "office-hours", "two-factor"])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [(owner(), frozenset(Category)), (named(), frozenset(Category)), (team(), ORDINARY)],
)
def test_circumstances_never_change_what_is_seen(name, asked, expected):
    decider = Judge(a_set(name))
    for zone, auth, now in product(Zone, Strength, (NOW, SUNDAY, NOW + timedelta(hours=12))):
        who = replace(asked.who, address=ADDRESS[zone], strength=auth)
        assert decider.visible_categories(who, asked.target, now) == expected
        for category in Category:
            target = replace(asked.target, category=category)
            assert decider.may_see(who, target, now) is (category in expected)


@pytest.mark.parametrize("name", ["shipped", "office-hours", "two-factor"])
def test_what_is_seen_may_be_listed_unless_the_whole_drive_is_blocked(name):
    decider = Judge(a_set(name))
    for asked in (owner(), named(), team()):
        for zone, auth, category in product(Zone, Strength, Category):
            who = replace(asked.who, address=ADDRESS[zone], strength=auth)
            target = replace(asked.target, category=category)
            listed = isinstance(decider.decide(who, Action.LIST, target, NOW), Permit)
            blocked = decider.drive_blocked(who, NOW) is not None
            assert listed is (decider.may_see(who, target, NOW) and not blocked)
            assert blocked is (zone is Zone.BLOCKED)


def test_the_listing_ignores_the_category_of_the_target_itself():
    decider = Judge(a_set("shipped"))
    asked = team(category=Category.HEALTH)
    assert decider.visible_categories(asked.who, asked.target, NOW) == ORDINARY


def test_a_blocked_network_says_so_and_names_its_rule():
    decider = Judge(a_set("shipped"))
    for asked in (owner(zone=Zone.BLOCKED), named(zone=Zone.BLOCKED)):
        assert decider.drive_blocked(asked.who, NOW) == Denial(
            Action.LIST, Reason.NETWORK, "blocked-network"
        )
    assert decider.drive_blocked(owner().who, NOW) is None


@pytest.mark.parametrize(
    ("rule", "moment", "reason"),
    [
        ("p, x, deny, professional, *, *, *, *, internet, *, *", NOW, Reason.NETWORK),
        ("p, x, deny, professional, *, *, *, *, *, *, closed", SUNDAY, Reason.OUTSIDE_HOURS),
        ("p, x, deny, professional, *, *, *, *, internet, *, closed", SUNDAY, Reason.NETWORK),
        ("p, x, deny, professional, *, *, *, *, *, *, *", NOW, Reason.POLICY),
    ],
)
def test_a_block_tells_what_would_lift_it(rule, moment, reason):
    files = shipped_files()
    decider = Judge(
        with_files(
            rules=files["rules.csv"].decode() + rule,
            calendars="work-hours, mon-fri, 08:00, 19:00",
        )
    )
    who = named().who
    assert decider.drive_blocked(who, moment) == Denial(Action.LIST, reason, "x")
    assert decider.drive_blocked(owner().who, moment) is None


@pytest.mark.parametrize(
    "where",
    ["office, *, *", "internet, *, *", "*, *, work-hours", "*, *, closed", "office, mfa, *"],
)
def test_a_block_in_some_circumstances_changes_nothing_in_what_exists(where):
    rules = shipped_files()["rules.csv"].decode()
    block = f"p, x, deny, professional, *, *, *, *, {where}"
    calendars = "work-hours, mon-fri, 08:00, 19:00"
    without = Judge(with_files(rules=rules))
    with_block = Judge(with_files(rules=rules + block, calendars=calendars))
    for asked in (owner(), named(), team()):
        seen = with_block.visible_categories(asked.who, asked.target, NOW)
        assert seen == without.visible_categories(asked.who, asked.target, NOW)


def test_a_block_by_hour_goes_by_the_clock_of_the_persons_structure():
    rules = shipped_files()["rules.csv"].decode() + (
        "p, x, deny, professional, *, *, *, *, *, *, closed"
    )
    decider = Judge(with_files(rules=rules, calendars="work-hours, mon-fri, 08:00, 19:00"))
    evening = NOW.replace(hour=16)  # 17:00 in Paris, 20:00 in Réunion
    for time_zone, blocked in (("Europe/Paris", False), ("Indian/Reunion", True)):
        who = named(where=structure(time_zone=time_zone)).who
        assert (decider.drive_blocked(who, evening) is not None) is blocked


def test_a_block_in_every_circumstance_hides_everything():
    rules = shipped_files()["rules.csv"].decode() + "p, x, deny, professional, *, *, *, *, *, *, *"
    decider = Judge(with_files(rules=rules))
    assert decider.visible_categories(named().who, named().target, NOW) == frozenset()
    assert decider.visible_categories(owner().who, owner().target, NOW) == frozenset(Category)


def test_permissions_shown_are_those_that_would_be_permitted():
    decider = Judge(a_set("office-hours"))
    for asked in (owner(), named(), team(category=Category.HEALTH), named(zone=Zone.OFFICE)):
        shown = decider.allowed(asked.who, Action, asked.target, NOW)
        for action in Action:
            answer = decider.decide(asked.who, action, asked.target, NOW)
            assert (action in shown) is isinstance(answer, Permit)


def test_managers_and_administrators_see_nothing_of_what_their_structure_was_granted():
    decider = Judge(a_set("shipped"))
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        who = principal(role, membership(structure()), name="pro")
        assert decider.visible_categories(who, team().target, NOW) == frozenset()
