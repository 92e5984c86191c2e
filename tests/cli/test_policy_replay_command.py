"""`abri policy replay`: what the documentation shows is what it prints."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.domain.actions import Action, Category, Strength, Zone
from davserver.domain.ids import GrantId
from davserver.domain.people import Structure
from davserver.domain.tallies import Counted
from policies.decider import Judge
from policies.loader import shipped
from policies.logged import gap_line, lines_of
from tests.policy.question import ADDRESS, Question, a_set, named, team
from tests.support.instance import Instance

PAGE = (Path(__file__).parents[2] / "docs/policy/replay.md").read_text()
FRIDAY = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
EVENING, SUNDAY = FRIDAY.replace(hour=18, minute=12), FRIDAY + timedelta(days=2)
GRANT = frozenset({GrantId(b"g" * 16)})


def example(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """The example set for opening hours, with the line that the page shows."""
    folder = tmp_path / "candidate"
    shutil.copytree(shipped() / "examples/office-hours", folder)
    with (folder / "rules.csv").open("a") as rules:
        rules.write(example("csv"))
    return folder


@pytest.fixture(scope="module")
def ccas(bare: Instance) -> Structure:
    bare.add_structure("ccas-lyon", "CCAS de Lyon")
    with bare.opened() as services:
        now = services.clock()
        (found,) = services.people.structures(services.people.operator("tests", now), now)
    return found


@pytest.fixture(scope="module")
def log(bare: Instance, ccas: Structure) -> Path:
    """What the shipped rules answered in three days of November."""
    judge, office = Judge(a_set("shipped")), Zone.OFFICE
    read, health = team(where=ccas), named(category=Category.HEALTH, where=ccas)
    past = [
        (read, office, FRIDAY, 41),
        (read, office, EVENING, 6),
        (team(Action.PUT, where=ccas), office, EVENING, 1),
        (team(Action.LIST, where=ccas), Zone.INTERNET, SUNDAY, 12),
        (read, Zone.INTERNET, SUNDAY, 3),
        (health, office, FRIDAY, 2),
        (health, office, SUNDAY, 1),
        (team(Action.LIST, Category.FAMILY, where=ccas), office, FRIDAY, 5),
    ]
    folder = bare.folder / "decisions"
    folder.mkdir()
    for number, (asked, zone, at, count) in enumerate(past):
        line = lines_of([logged(judge, asked, zone, at, count)], f"{number:016x}")
        with (folder / f"{at:%Y-%m-%d}.jsonl").open("ab") as day:
            day.write(line)
    return folder


def logged(judge: Judge, asked: Question, zone: Zone, at: datetime, count: int) -> Counted:
    who = replace(asked.who, address=ADDRESS[zone], strength=Strength.PASSWORD)
    decision = judge.decide(who, asked.action, asked.target, at)
    question = judge.question(who, asked.action, asked.target, at)
    return Counted(judge.answered(*question, decision), at, GRANT, count)


def test_the_example_of_the_page_prints_what_is_shown(run, bare: Instance, candidate: Path, log):
    command, _, printed = example("console").partition("\n")
    words = command.removeprefix("$ abri ").split()
    ended = run("--config", bare.config, *words, folder=candidate.parent, TZ="Europe/Paris")
    assert ended.out == printed
    assert ended.code == 7


def test_scripts_read_the_same_and_gaps_are_told(on, candidate: Path, log: Path, tmp_path: Path):
    other = tmp_path / "of-another-machine"
    other.mkdir()
    day = (log / "2026-11-20.jsonl").read_bytes()
    (other / "2026-11-20.jsonl").write_bytes(day + b"{broken\n" + gap_line(EVENING, 7))
    words = ["policy", "replay", candidate, "--since", "2026-11-19T00:00Z", "--json"]
    ended = on(*words, "--log", log, "--log", other)
    told = json.loads(ended.out)
    assert ended.code == 7
    assert told["decisions"] == 71 + 55
    assert (told["damaged_lines"], told["lost_lines"]) == (1, 7)
    assert sum(one["count"] for one in told["refused"]) == 13 + 9
    (allowed,) = told["allowed"]
    assert allowed["question"]["category"] == "family"
    assert allowed["then"] == {"allowed": False, "reason": "category", "rule": None}
    assert allowed["now"]["rule"] == "team-family"


def test_what_would_not_differ_ends_well(on, bare: Instance, log: Path):
    ended = on("policy", "replay", bare.folder / "policies", "--since", "2026-11-01T00:00Z")
    assert ended.code == 0
    assert "Every one would have come out the same." in ended.out
    first = on("policy", "replay", "1", "--since", "2026-11-01T00:00Z")
    assert (first.code, first.out) == (0, ended.out.replace(str(bare.folder / "policies"), "1"))
    late = on("policy", "replay", "active", "--since", "0 s")
    assert (late.code, "no decision since" in late.out) == (0, True)


def test_what_cannot_be_done_is_told(on, bare: Instance, tmp_path: Path):
    assert on("policy", "replay", tmp_path / "nowhere").code == 3
    assert on("policy", "replay", "99").code == 4
    assert on("policy", "replay", "active", "--since", "a while").code == 2
