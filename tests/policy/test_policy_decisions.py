"""The golden decision table: what the shipped set and the examples answer, row by row."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from davserver.domain.actions import Action, Category, Relation, Right, Strength, Zone
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.people import AccountState, Principal, Role
from policies.decider import Judge
from tests.policy.question import (
    NOW,
    SUNDAY,
    VAULT,
    a_set,
    grant,
    membership,
    principal,
    structure,
)

TABLE = Path(__file__).with_name("decisions.csv")


def rows() -> list[dict[str, str]]:
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, strict=True))


@cache
def decider(name: str) -> Judge:
    return Judge(a_set(name))


def question(row: dict[str, str]) -> tuple[Principal, Action, Target, datetime]:
    place = None if row["structure"] == "none" else structure(row["structure"])
    relation, action = Relation(row["relation"]), Action(row["action"])
    on_people = action in {Action.ACCOUNT, Action.AUDIT} and relation in {
        Relation.NONE,
        Relation.MANAGES,
    }
    owner = relation is Relation.OWNER
    has_vault = owner and row["who"] == "beneficiary"
    who = principal(
        Role(row["who"]),
        *([membership(place)] if place else []),
        auth=Strength(row["auth"]),
        zone=Zone(row["zone"]),
        vault=VAULT if has_vault else None,
    )
    given = {
        Relation.GRANTEE: ToPerson(who.id),
        Relation.VIA_STRUCTURE: ToStructure(place.id) if place else None,
    }.get(relation)
    target = Target(
        vault=VAULT if has_vault or given or not (on_people or owner) else None,
        relation=relation,
        category=Category(row["category"]),
        grant=grant(given, Right(row["right"])) if given else None,
        structure=place if relation is not Relation.GRANTEE else None,
        person=who.id if owner and not has_vault else None,
    )
    return who, action, target, NOW if row["slot"] == "work-hours" else SUNDAY


@pytest.mark.parametrize("row", rows(), ids=lambda row: "-".join(list(row.values())[:10]))
def test_the_decision_is_the_one_in_the_table(row):
    answer = decider(row["set"]).decide(*question(row))
    if row["answer"] == "yes":
        assert isinstance(answer, Permit), answer
        assert row["reason"] == "-"
    else:
        assert isinstance(answer, Denial), answer
        assert answer.reason.value == row["reason"]


def test_the_table_spreads_over_every_word():
    found = Counter((column, word) for row in rows() for column, word in row.items())
    for column, words in (
        ("who", Role),
        ("relation", Relation),
        ("action", Action),
        ("category", Category),
        ("zone", Zone),
        ("auth", Strength),
    ):
        assert [word for word in words if not found[column, word.value]] == []
    assert len(rows()) >= 150
    assert min(found["answer", "yes"], found["answer", "no"]) >= 60


def test_no_question_stands_in_the_table_twice():
    asked = Counter(tuple(list(row.values())[:10]) for row in rows())
    assert [one for one, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("name", ["shipped", "office-hours", "two-factor"])
def test_what_is_remembered_of_ones_own_is_what_would_be_decided(name: str) -> None:
    judge = Judge(a_set(name))
    everything = [Zone, Strength, Category, (NOW, SUNDAY), AccountState, (False, True)]
    for zone, auth, category, now, state, read_only in [*product(*everything)] * 2:
        who = principal(Role.BENEFICIARY, auth=auth, zone=zone, vault=VAULT)
        who = replace(who, person=replace(who.person, state=state), read_only=read_only)
        target = Target(VAULT, Relation.OWNER, category)
        decision, asked = judge.asked(who, Action.LIST, target, now)
        said = judge.listed_of_ones_own(who, VAULT, category, now)
        assert said is judge.answered(*asked, decision)
        assert judge.shown_of_ones_own(who) == judge.visible_categories(who, target, now)
