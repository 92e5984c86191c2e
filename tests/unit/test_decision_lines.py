"""A line of the decision log: what it says, that it comes back as it was, and what is damage."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from davserver.domain.tallies import Counted, Tally
from policies.logged import Gap, Logged, gap_line, lines_of, read_line
from policies.vocabulary import Column
from tests.support.logged import ANSWER, AT, CCAS, COUNTED, GRANT, OTHER, POINT, REFUSED


def fields(one: Counted, request: str | None = "f00d") -> dict[str, object]:
    return dict(json.loads(lines_of([one], request)))


def test_a_line_says_the_words_and_ids_and_nothing_else():
    assert fields(COUNTED) == {
        "at": "2026-11-26T08:30:01.250Z",
        "request": "f00d",
        "policy": "0123456789ab",
        "generation": 7,
        "role": "professional",
        "relation": "via-structure",
        "action": "get",
        "category": "housing",
        "structure": "ccas-lyon",
        "zone": "internal",
        "auth": "password",
        "slot": "day",
        "structure_id": b"s".hex() * 16,
        "time_zone": "Indian/Reunion",
        "decision": "allow",
        "rule": "team-consult",
        "grant": b"g".hex() * 16,
        "count": 34,
    }


def test_the_line_that_the_documentation_shows_is_one():
    page = (Path(__file__).parents[2] / "docs/policy/replay.md").read_text()
    (line,) = re.findall(r"^```json\n(.*?)\n```", page, re.MULTILINE | re.DOTALL)
    assert isinstance(read_line(line.encode()), Logged)
    assert [key for key in json.loads(line) if f"`{key}`" not in page] == [*Column][1:-1]


def test_what_there_is_not_is_left_out():
    bare = replace(COUNTED, answer=REFUSED, grants=frozenset())
    line = fields(bare, None)
    assert (line["decision"], line["reason"]) == ("refuse", "policy")
    assert not {"request", "rule", "grant", "grants", "structure_id", "time_zone"} & set(line)


def test_of_several_grants_only_the_number_is_kept():
    line = fields(replace(COUNTED, grants=frozenset({GRANT, OTHER})))
    assert "grant" not in line
    assert line["grants"] == 2


def test_a_line_comes_back_as_it_was():
    (line,) = lines_of([COUNTED], "f00d").splitlines()
    assert read_line(line) == Logged(
        at=AT,
        request="f00d",
        policy="0123456789ab",
        generation=7,
        question=POINT,
        structure=CCAS.id,
        time_zone="Indian/Reunion",
        allowed=True,
        reason=None,
        rule="team-consult",
        grant=GRANT,
        grants=1,
        count=34,
    )
    assert read_line(gap_line(AT, 3)) == Gap(AT, 3)


GOOD = lines_of([COUNTED], "f00d").decode()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        GOOD[:-20],
        GOOD[:100] + GOOD,
        GOOD.replace('"allow"', '"maybe"'),
        GOOD.replace('"get"', "7"),
        GOOD.replace('"get"', '"\\u001b[2J"'),
        GOOD.replace(":34", ":0"),
        GOOD.replace(":34", ":true"),
        GOOD.replace(":34", ":1e400"),
        GOOD.replace("2026-11-26T08:30:01.250Z", "2026-11-26T08:30:01"),
        GOOD.replace(b"g".hex() * 16, b"g".hex() * 15),
        "[" * 100_000,
    ],
)
def test_anything_else_is_damage(line: str):
    with pytest.raises((ValueError, RecursionError)):
        read_line(line.encode())


def test_the_same_answer_about_the_same_thing_counts_once():
    tally = Tally()
    for of in ("a", "b", "a"):
        tally.count(ANSWER, of, AT, GRANT)
    tally.count(ANSWER, "in", AT.replace(hour=7), OTHER, 5)
    assert tally.take() == [Counted(ANSWER, AT.replace(hour=7), frozenset({GRANT, OTHER}), 7)]
    tally.count(ANSWER, "a", AT, GRANT)
    assert tally.take() == [], "and is told once"
    tally.count(REFUSED, "a", AT, GRANT)
    assert len(tally.take()) == 1, "another answer is told again"


def test_what_an_undone_transaction_was_answered_does_not_count():
    tally = Tally()
    tally.count(ANSWER, "before", AT, GRANT)
    tally.settle()
    for of in ("first try", "second try"):
        tally.begin()
        tally.count(ANSWER, of, AT, GRANT)
    assert [one.count for one in tally.take()] == [2]
