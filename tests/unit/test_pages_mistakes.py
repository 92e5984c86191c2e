"""Mistakes in policy files, in the reader's language: the same place, code and words."""

import re
from zoneinfo import ZoneInfo

import pytest

from davserver.web.languages import SHIPPED
from davserver.web.mistakes import MISTAKES, in_words
from davserver.web.texts import Texts
from policies.loader import load_bytes
from policies.problems import Code, PolicyProblems
from policies.trials import run
from tests.policy.question import shipped_files, with_files

RULES = (
    "p, a, alow, professional, grantee, get, *, *, *, *, *\n"
    "p, b, allow, profesional, grantee, get, *, *, *, *, *\n"
)
CASE = """[[case]]
name = "Nobody reads “this”"
role = "professional"
relation = "grantee"
action = "get"
expect = "deny"
"""


@pytest.fixture(params=["fr", "en"])
def texts(request: pytest.FixtureRequest) -> Texts:
    (spoken,) = (one for one in SHIPPED if one.code == request.param)
    return Texts(spoken, ZoneInfo("Europe/Paris"))


def test_every_mistake_has_its_sentence() -> None:
    assert set(MISTAKES) == set(Code)


def test_a_mistake_is_told_with_its_place_its_code_and_its_words(texts: Texts) -> None:
    with pytest.raises(PolicyProblems) as found:
        load_bytes({**shipped_files(), "rules.csv": RULES.encode()})
    lines = [str(one) for one in found.value.problems]
    told = [in_words(line, texts) for line in lines]
    for line, said in zip(lines, told, strict=True):
        assert said.startswith(re.match(r"\S+: P\d{3} ", line)[0]), said
        assert set(re.findall("“([^”]*)”", line)) <= set(
            re.findall("[“«]\\s?([^”»]*?)\\s?[”»]", said)
        )
    if texts.language == "en":
        assert told == lines
    else:
        assert told[0] == (
            "rules.csv:1:7: P023 L’effet n’est ni allow ni deny. “alow” "
            "Vouliez-vous dire « allow » ?"
        )
        assert not any("is no" in said for said in told)


def test_what_else_keeps_a_set_out_of_force_is_told_too(texts: Texts) -> None:
    snapshot = with_files(rules="p, a, allow, professional, grantee, get, *, *, *, *, *")
    trial = run(snapshot, {"tests/one.toml": CASE.encode()})
    lines = [
        *trial.complaints,
        "promise no-grant is broken: Nobody reaches a document.",
        "the cases show 12 % of the rules at work; policy.coverage asks for 80 %",
    ]
    told = [in_words(line, texts) for line in lines]
    assert len(lines) == 3
    if texts.language == "en":
        assert told == lines
        return
    assert told[0].startswith("tests/one.toml:1 : le cas « Nobody reads “this” » attend deny ; ")
    assert told[0].endswith(" donnent autre chose, la première : allow by a.")
    assert told[1:] == [
        "Une promesse d’Abri n’est pas tenue : no-grant.",
        "Les cas montrent 12 % des règles à l’œuvre ; policy.coverage en demande 80 %.",
    ]
