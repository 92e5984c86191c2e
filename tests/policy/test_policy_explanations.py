"""Explanations say what decided, where each word came from, and what would help."""

from dataclasses import replace

import pytest

from davserver.domain.actions import Action, Category, Relation, Right, Strength, Zone
from davserver.domain.advice import advice
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.people import Role
from davserver.domain.remedies import Remedy
from policies.changes import Change
from policies.decider import Judge
from policies.explain import Origin, explain
from policies.texts import COLUMNS, ORIGINS, as_text
from policies.vocabulary import Column
from tests.policy.question import (
    NOW,
    SUNDAY,
    a_set,
    membership,
    named,
    owner,
    principal,
    structure,
    team,
    with_files,
)


def explained(name, asked, now=NOW):
    return explain(Judge(a_set(name)), asked.who, asked.action, asked.target, now)


def test_an_explanation_holds_the_decision_itself():
    for asked in (owner(), named(Action.PUT), team(category=Category.HEALTH), owner(Action.GRANT)):
        decider = Judge(a_set("shipped"))
        answer = decider.decide(asked.who, asked.action, asked.target, NOW)
        assert explained("shipped", asked).decision == answer


def test_the_attributes_carry_their_origin():
    found = {a.column: a for a in explained("office-hours", team(zone=Zone.VPN)).attributes}
    assert list(found) == list(Column)
    assert (found[Column.ROLE].word, found[Column.ROLE].origin) == ("professional", Origin.ACCOUNT)
    assert found[Column.RELATION].origin is Origin.GRANT
    assert found[Column.RELATION].detail == team().target.grant.id.hex()
    assert (found[Column.STRUCTURE].word, found[Column.STRUCTURE].detail) == ("ccas", "lyon")
    assert found[Column.ZONE].detail == "198.51.100.9 → 198.51.100.0/25"
    assert found[Column.SLOT].word == "work-hours"
    assert found[Column.SLOT].detail == "wed 10:00 Europe/Paris"
    assert {a.column: a for a in explained("shipped", owner()).attributes}[
        Column.RELATION
    ].origin is Origin.OWNERSHIP


def test_matching_rules_come_with_their_line_and_the_one_that_decided():
    found = explained(
        "two-factor", named(category=Category.JUSTICE, where=structure("association"))
    )
    assert [rule.id for rule in found.matching] == ["no-justice"]
    assert found.decisive is found.matching[0]
    lines = a_set("two-factor").files["rules.csv"].decode().splitlines()
    assert "no-justice" in lines[found.matching[0].line - 1]


@pytest.mark.parametrize(
    ("name", "asked", "now", "changes"),
    [
        ("shipped", owner(Action.GRANT, auth=Strength.APP_PASSWORD), NOW,
         [Change(Column.AUTH, "password")]),
        ("office-hours", named(zone=Zone.OFFICE), SUNDAY, [Change(Column.SLOT, "work-hours")]),
        ("office-hours", named(), NOW, [Change(Column.ZONE, "office")]),
        ("office-hours", named(category=Category.HEALTH), SUNDAY,
         [Change(Column.AUTH, "mfa"), Change(Column.ZONE, "office"),
          Change(Column.SLOT, "work-hours")]),
        ("shipped", team(category=Category.HEALTH), NOW, [Change(Column.CATEGORY, "identity")]),
        ("shipped", named(right=Right.READ, action=Action.PUT), NOW, []),
        ("shipped", owner(), NOW, []),
    ],
)  # fmt: skip
def test_the_smallest_change_that_would_allow_it_is_told(name, asked, now, changes):
    assert list(explained(name, asked, now).changes) == changes


@pytest.mark.parametrize(
    "rules",
    [
        "p, a, allow, *, *, get, *, *, *, *, *\np, x, deny, *, *, get, *, *, *, password, *",
        "p, a, allow, *, *, get, *, *, blocked, *, *",
    ],
)
def test_nobody_is_told_to_sign_in_more_weakly_or_to_use_a_blocked_network(rules):
    asked = owner()
    found = explain(Judge(with_files(rules=rules)), asked.who, Action.GET, asked.target, NOW)
    assert found.changes == ()
    assert isinstance(found.decision, Denial)
    assert found.decision.reason is Reason.POLICY


def test_what_an_invariant_refuses_has_no_rule_and_no_change_that_helps():
    found = explained("shipped", named(Action.DELETE))
    assert isinstance(found.decision, Denial)
    assert (found.decisive, found.changes) == (None, ())
    assert found.visible


def test_what_does_not_exist_for_somebody_is_said_to_operators():
    asked = replace(named(), target=replace(named().target, grant=None, relation=Relation.NONE))
    found = explained("shipped", asked)
    assert not found.visible
    assert "For this person the document does not exist." in as_text(found, "en")
    assert "Pour cette personne, le document n'existe pas." in as_text(found, "fr")


def test_a_blocked_drive_is_told():
    found = explained("shipped", named(zone=Zone.BLOCKED))
    assert found.blocked is not None
    assert "blocked by blocked-network" in as_text(found, "en")


def test_the_english_text_reads_well():
    text = as_text(explained("office-hours", named(Action.PUT, zone=Zone.INTERNET)), "en")
    lines = text.splitlines()
    assert lines[0] == "REFUSED (network): this is not allowed from this network"
    assert lines[1] == "It would be allowed with: network = office"
    assert "  role       professional     from the account" in lines
    assert "  network    internet         from networks.csv (93.184.216.34)" in lines
    assert lines[-4:-1] == ["The rules that speak of it:", "  none", ""]
    assert lines[-1].startswith("Digest of the rules: ")


def test_what_the_person_reads_is_shown_where_they_read_it():
    refused = explained("office-hours", named(Action.PUT, zone=Zone.INTERNET))
    remedy = Remedy(zone=Zone.OFFICE)
    assert f"The person reads: {advice(Reason.NETWORK, 'en', remedy)}" in as_text(refused, "en")
    assert f"La personne lit : {advice(Reason.NETWORK, 'fr', remedy)}" in as_text(refused, "fr")
    hidden = explained("shipped", team(category=Category.HEALTH))
    assert "The person reads" not in as_text(hidden, "en")
    assert "The person reads" not in as_text(explained("shipped", owner()), "en")


def test_the_french_text_reads_well():
    text = as_text(explained("shipped", owner(Action.GRANT, auth=Strength.APP_PASSWORD)), "fr")
    assert text.splitlines()[:2] == [
        "REFUSÉ (auth-too-weak) : il faut une connexion plus forte",
        "Ce serait permis avec : connexion = password",
    ]


def test_a_yes_names_its_rule_with_its_line_and_its_end():
    lines = as_text(explained("office-hours", named(zone=Zone.OFFICE)), "en").splitlines()
    assert lines[0].startswith("ALLOWED by named-office (rules.csv:")
    assert lines[1] == "  to be asked again by 2026-01-14T18:00:00+00:00"


def test_an_invariant_yes_is_named_too():
    found = explained("shipped", owner(Action.REVOKE))
    assert isinstance(found.decision, Permit)
    assert as_text(found, "en").startswith("ALLOWED by invariant/own-revoke\n")


def test_accounts_are_explained_too():
    place = structure()
    manager = principal(Role.MANAGER, membership(place))
    target = Target(None, Relation.MANAGES, Category.UNCLASSIFIED, structure=place)
    found = explain(Judge(a_set("shipped")), manager, Action.ACCOUNT, target, NOW)
    relation = found.attributes[1]
    assert (relation.word, relation.origin, relation.detail) == (
        "manages", Origin.MEMBERSHIP, "lyon"
    )  # fmt: skip
    assert "structure" in as_text(found, "fr")


def test_a_word_that_cannot_be_told_is_shown_as_a_question_mark():
    files = a_set("shipped").files["groups.csv"].decode() + "structure, lyon, shelter\n"
    asked = team()
    found = explain(Judge(with_files(groups=files)), asked.who, asked.action, asked.target, NOW)
    assert "  structure  ?                from the membership in the structure (lyon)" in (
        as_text(found, "en").splitlines()
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_texts_are_complete_in_both_languages(language):
    assert set(ORIGINS[language]) == set(Origin)
    assert set(COLUMNS[language]) == set(Column)
