"""Each finding of lint, with its place, its sentence and the rule behind it."""

import re
import sys
from collections import Counter

import pytest

from davserver.domain.people import StructureKind
from policies import space
from policies.lint import Lint, lint
from policies.loader import load, shipped
from policies.worth import Worth, weigh
from tests.policy.question import NETWORKS, shipped_files, with_files

ALLOW = "p, one, allow, professional, grantee, get, *, *, *, *, *"
FINDINGS: list[tuple[str, str, Lint, str, tuple[str, ...]]] = [
    # further rules, which rule, code, sentence, others
    (
        "p, two, allow, professional, grantee, get, health, *, vpn, *, *",
        "two",
        Lint.DEAD,
        "networks.csv puts no address into vpn",
        (),
    ),
    ("p, two, deny, *, *, revoke, *, *, *, *, *", "two", Lint.DEAD, "no file can change", ()),
    ("p, two, deny, manager, *, get, *, *, *, *, *", "two", Lint.DEAD, "no file can change", ()),
    (
        "p, two, allow, beneficiary, owner, get, *, ccas, *, *, *",
        "two",
        Lint.DEAD,
        "nobody with its relation acts for its structure",
        (),
    ),
    (
        "p, two, deny, *, grantee, use, *, *, *, *, *",
        "one",
        Lint.SHADOWED,
        "All that it allows is refused by “two” (rules.csv:2).",
        ("two",),
    ),
    (
        (
            "p, two, deny, *, grantee, use, ordinary, *, *, *, *\n"
            "p, three, deny, *, *, get, sensitive, *, *, *, *"
        ),
        "one",
        Lint.SHADOWED,
        "refused by “two” (rules.csv:2) and “three” (rules.csv:3).",
        ("two", "three"),
    ),
    (
        "p, two, allow, professional, grantee, get, health, *, *, *, *",
        "two",
        Lint.REDUNDANT,
        "All that it allows is allowed by “one” (rules.csv:1) as well.",
        ("one",),
    ),
    (
        (
            "p, two, allow, professional, grantee, get, *, *, *, app-password, *\n"
            "p, three, allow, beneficiary, grantee, get, *, *, *, *, *"
        ),
        "two",
        Lint.REDUNDANT,
        "“one” (rules.csv:1) as well, and the other way round: keep one of the two.",
        ("one",),
    ),
    (
        (
            "p, two, allow, *, grantee, get, ordinary, *, *, *, *\n"
            "p, three, allow, *, grantee, get, sensitive, *, *, *, *"
        ),
        "one",
        Lint.NEVER_DECISIVE,
        "allowed by “two” (rules.csv:2) and “three” (rules.csv:3) as well.",
        ("two", "three"),
    ),
    ("p, two, deny, professional, *, put, *, *, *, *, *", "two", Lint.GUARD, "A guard", ()),
    (
        (
            "p, two, deny, professional, *, put, *, *, *, *, *\n"
            "p, three, deny, professional, grantee, put, *, ccas, *, *, *"
        ),
        "three",
        Lint.REDUNDANT,
        "All that it refuses is refused by “two” (rules.csv:2) as well.",
        ("two",),
    ),
]


def found(rules: str, structures=None, **files: str):
    return lint(with_files(rules=rules, **files), structures)


@pytest.mark.parametrize(("rules", "rule", "code", "sentence", "others"), FINDINGS)
def test_a_finding_has_its_rule_code_sentence_and_the_rules_behind_it(
    rules, rule, code, sentence, others
):
    told = {one.rule: one for one in found(f"{ALLOW}\n{rules}")}
    one = told[rule]
    line = [text.split(", ")[1] for text in f"{ALLOW}\n{rules}".split("\n")].index(rule) + 1
    assert (one.file, one.line, one.code) == ("rules.csv", line, code)
    assert sentence in one.message
    assert tuple(other.id for other in one.others) == others
    assert one.is_guard is (code is Lint.GUARD)


def test_a_rule_that_decides_is_not_told_of():
    assert found(ALLOW) == ()
    vpn = "p, two, allow, professional, via-structure, get, health, *, vpn, *, *"
    assert found(f"{ALLOW}\n{vpn}", networks=NETWORKS) == ()


@pytest.mark.parametrize("name", ["", "examples/office-hours", "examples/two-factor"])
def test_every_rule_of_every_set_decides_something(name):
    assert lint(load(shipped() / name), {}) == ()


def test_structures_are_compared_with_those_of_the_instance():
    groups = shipped_files()["groups.csv"] + b"structure, lion, ccas\nstructure, nord, shelter\n"
    calendars = "closed, 2026-12-24, nrod\nholidays, alsace-moselle, metz\nholidays, france\n"
    rules = f"{ALLOW}\np, two, deny, *, *, get, *, lion, *, *, *\n"
    rules += "p, three, deny, *, *, get, *, nord, *, *, *"
    have = {
        "lyon": StructureKind.CCAS,
        "nord": StructureKind.ASSOCIATION,
        "metz": StructureKind.CCAS,
    }
    told = found(rules, have, groups=groups, calendars=calendars)
    line = groups.count(b"\n")
    assert [(one.file, one.line, one.code, one.rule) for one in told] == [
        ("calendars.csv", 1, Lint.UNKNOWN_STRUCTURE, None),
        ("groups.csv", line - 1, Lint.UNKNOWN_STRUCTURE, None),
        ("groups.csv", line, Lint.OTHER_KIND, None),
    ]
    assert "Did you mean “nord”?" in told[0].message
    assert "“nord” is of the kind association, not shelter" in told[2].message
    assert found(rules, groups=groups, calendars=calendars) == ()


def test_more_than_a_hundred_rules_are_told_of():
    lines = [ALLOW] + [
        f"p, r{n}, deny, professional, grantee, get, {category}, {kind}, {zone}, {auth}, *"
        for n, (category, kind, zone, auth) in enumerate(
            (category, kind, zone, auth)
            for category in ("housing", "income", "work", "health", "justice", "family", "identity")
            for kind in ("ccas", "shelter")
            for zone in ("office", "internet")
            for auth in ("app-password", "password", "mfa", "cert")
        )
    ]
    told = [one for one in found("\n".join(lines)) if one.code is Lint.TOO_MANY_RULES]
    assert [(one.line, one.rule) for one in told] == [(101, None)]


def test_every_code_is_found_here_and_explained():
    here = {code for _, _, code, *_ in FINDINGS}
    elsewhere = {Lint.UNKNOWN_DIRECTORY, Lint.ROLE_NOT_GIVEN}
    assert set(Lint) - here - elsewhere == {
        Lint.UNKNOWN_STRUCTURE, Lint.OTHER_KIND, Lint.TOO_MANY_RULES,
    }  # fmt: skip
    page = (shipped().parent / "docs/policy/lint.md").read_text()
    assert set(re.findall(r"^\| (L[0-9]{3}) \|", page, re.MULTILINE)) == set(Lint)


def test_millions_of_questions_take_some_thousand_steps():
    """A hundred rules over twenty structures and five slots, each a part of one wide rule."""
    kinds = [kind.value for kind in StructureKind]
    slugs = [f"s{n}" for n in range(20)]
    groups = "".join(f"structure, {slug}, {kinds[n % 4]}\n" for n, slug in enumerate(slugs))
    slots = "".join(f"slot{n}, mon, 0{n}:00, 0{n + 1}:00\n" for n in range(5))
    lines = ["p, wide, allow, professional, via-structure, get, *, *, *, *, *"] + [
        f"p, {slug}-{zone}, allow, professional, via-structure, get, *, {slug}, {zone}, *, *"
        for slug in [*slugs, *kinds]
        for zone in ("office", "vpn", "internet", "blocked")
    ]
    lines.append("p, slots, deny, *, *, get, health, *, *, *, slot3")
    snapshot = with_files(
        rules="\n".join(lines),
        groups=shipped_files()["groups.csv"] + groups.encode(),
        calendars=slots,
        networks=NETWORKS,
    )
    steps = Counter()
    step = space._Search._from.__code__

    def watch(frame, event, _):
        steps[event] += frame.f_code is step

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        weighed = {one.rule.id: one for one in weigh(snapshot)}
    finally:
        sys.setprofile(before)
    assert weighed["wide"].worth is Worth.REPEATED_IN_PARTS
    assert {other.id for other in weighed["wide"].others} == {
        f"{kind}-{zone}" for kind in kinds for zone in ("office", "vpn", "internet", "blocked")
    }
    assert weighed["slots"].worth is Worth.DECISIVE
    assert weighed["s7-vpn"].worth is Worth.REPEATED
    assert 0 < steps["call"] < 20_000
