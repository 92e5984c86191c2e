"""What the guides tell people to write does load, and does what they say."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from davserver.domain.actions import Action, Category, Strength, Zone
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import Reason
from policies.decider import Judge
from policies.invariants import OWN_REVOKE, REFUSALS
from policies.loader import load_bytes, shipped
from policies.trials import run
from tests.policy.question import NOW, a_set, named, shipped_files, structure, team

GUIDE = (shipped() / "POLICY.md").read_text()
DOCUMENT = (shipped().parent / "docs" / "policy.md").read_text()
FRENCH, ENGLISH = GUIDE.split("\n---\n")


def blocks(text: str) -> list[list[str]]:
    found = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    return [[line.strip() for line in block.strip().splitlines()] for block in found]


def test_both_languages_show_the_same_examples():
    assert blocks(FRENCH) == blocks(ENGLISH)
    assert re.findall(r"`([^`\n]+)`", FRENCH).count("203.0.113.66/32, blocked") == 1


def test_the_rule_that_the_guide_reads_aloud_is_a_shipped_one():
    (line,) = blocks(ENGLISH)[0]
    words = [field.strip() for field in line.split(",")]
    rule = next(rule for rule in load_bytes(shipped_files()).rules if rule.id == words[1])
    assert [rule.id, rule.effect, *rule.words] == words[1:]


def test_the_example_of_a_second_factor_for_sensitive_documents_works():
    files = shipped_files()
    kept = [
        line
        for line in files["rules.csv"].decode().splitlines()
        if not line.startswith("p, named-consult,")
    ]
    files["rules.csv"] = "\n".join([*kept, *blocks(ENGLISH)[1]]).encode()
    decider = Judge(load_bytes(files))
    weak, strong = (
        named(category=Category.HEALTH),
        named(category=Category.HEALTH, auth=Strength.MFA),
    )
    answer = decider.decide(weak.who, Action.GET, weak.target, NOW)
    assert answer == Denial(Action.GET, Reason.AUTH_TOO_WEAK, None)
    assert decider.may_see(weak.who, weak.target, NOW)
    assert isinstance(decider.decide(strong.who, Action.GET, strong.target, NOW), Permit)


def test_the_example_of_sharing_on_works_for_ordinary_documents_shared_by_name():
    files = shipped_files()
    files["rules.csv"] += "\n".join([*blocks(ENGLISH)[2], ""]).encode()
    before, after = Judge(load_bytes(shipped_files())), Judge(load_bytes(files))
    ordinary, sensitive = named(category=Category.HOUSING), named(category=Category.HEALTH)
    by_team, strong = team(category=Category.HOUSING), Strength.PASSWORD
    for asked, allowed in ((ordinary, True), (sensitive, False), (by_team, False)):
        who = replace(asked.who, strength=strong)
        decision = before.decide(who, Action.REGRANT, asked.target, NOW)
        assert decision.reason in {Reason.POLICY, Reason.OWNER_ONLY}
        decision = after.decide(who, Action.REGRANT, asked.target, NOW)
        assert isinstance(decision, Permit) is allowed


def test_the_case_of_the_guide_passes_on_the_shipped_rules():
    (case,) = (lines for lines in blocks(ENGLISH) if lines[0] == "[[case]]")
    trial = run(load_bytes(shipped_files()), {"tests/guide.toml": "\n".join(case).encode()})
    assert (trial.passed, trial.questions) == (True, 2)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("networks.csv", "203.0.113.66/32, blocked"),
        ("groups.csv", "structure, ccas-lyon, ccas"),
        *(("calendars.csv", line) for line in blocks(ENGLISH)[3]),
        ("calendars.csv", "\n".join(blocks(ENGLISH)[3])),
    ],
)
def test_the_lines_that_the_guides_and_comments_show_load(file, line):
    files = shipped_files()
    assert line in GUIDE or line in files[file].decode()
    kept = [one for one in files[file].decode().splitlines() if one not in line.split("\n")]
    files[file] = "\n".join([*kept, line, ""]).encode()
    assert load_bytes(files).warnings == ()


def test_every_example_in_a_comment_of_the_shipped_files_loads():
    for file in ("networks.csv", "calendars.csv", "groups.csv"):
        files = shipped_files()
        lines = files[file].decode().splitlines()
        examples = [line[2:] for line in lines if re.fullmatch(r"# ([^ ,]+, +)+[^ ,]+", line)]
        assert examples, file
        files[file] += ("\n" + "\n".join(examples) + "\n").encode()
        assert load_bytes(files).warnings == ()


def test_the_guides_name_every_word_that_rules_may_use():
    text = (shipped().parent / "docs" / "policy.md").read_text()
    vocabulary = load_bytes(shipped_files()).vocabulary
    words = {word for column in vocabulary.accepts.values() for word in column}
    assert [
        word for word in sorted(words) if not re.search(rf"[`\s]{re.escape(word)}[`\s]", text)
    ] == []


def test_a_structure_apart_has_rules_of_its_own():
    files = shipped_files()
    files["groups.csv"] += b"structure, ccas-lyon, ccas\n"
    files["rules.csv"] += b"p, apart, deny, professional, *, modify, *, ccas-lyon, *, *, *\n"
    decider = Judge(load_bytes(files))
    apart, other = team(where=structure(slug="ccas-lyon")), team(where=structure(slug="ccas-nice"))
    assert isinstance(decider.decide(apart.who, Action.PUT, apart.target, NOW), Denial)
    assert isinstance(decider.decide(apart.who, Action.GET, apart.target, NOW), Permit)
    assert isinstance(decider.decide(other.who, Action.PUT, other.target, NOW), Permit)


def test_the_office_is_closed_on_the_public_holidays_of_where_it_is():
    decider = Judge(a_set("office-hours"))
    whit_monday = datetime(2026, 5, 25, 12, tzinfo=UTC)
    abolition = datetime(2026, 5, 22, 15, tzinfo=UTC)
    for zone, now, allowed in (
        ("Europe/Paris", whit_monday, False),
        ("Europe/Paris", whit_monday + timedelta(days=1), True),
        ("Europe/Paris", abolition, True),
        ("America/Martinique", abolition, False),
    ):
        asked = named(where=structure(time_zone=zone), zone=Zone.OFFICE)
        answer = decider.decide(asked.who, Action.GET, asked.target, now)
        assert isinstance(answer, Permit) is allowed, (zone, now)
        assert decider.may_see(asked.who, asked.target, now)


def test_each_right_of_the_service_names_rules_that_are_shipped_and_each_rule_is_named():
    section = DOCUMENT.split("## What the service promises, and the rule behind it")[1]
    section = section.split("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    named = {word for row in rows for word in re.findall(r"`([a-z/-]+)`", row[2])}
    shipped_rules = {rule.id for rule in load_bytes(shipped_files()).rules}
    invariants_ = {one.rule for one in REFUSALS} | {OWN_REVOKE}
    assert len(rows) > 15
    assert named - shipped_rules - invariants_ == {"modify", "recall", "regrant"} & named
    assert shipped_rules - named <= set(re.findall(r"`([a-z-]+)`", section))
