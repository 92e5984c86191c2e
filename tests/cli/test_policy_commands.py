"""Policy from the command line: mistakes with their places, and why one decision fell."""

import shutil
from pathlib import Path

import pytest

from tests.support.instance import Instance


@pytest.fixture
def candidate(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "policies", tmp_path / "candidate"))


@pytest.fixture(scope="module", autouse=True)
def cast(bare: Instance):
    bare.add_person("amina", "beneficiary", "Amina", template="fr")
    bare.add_person("karim", "professional", "Karim")
    bare.grant("amina", "karim", "/Logement", "read")


def test_the_rules_in_use_are_checked(on):
    assert on("policy", "check").code == 0
    assert on("policy", "check", "--json").json == []


def test_every_mistake_of_a_candidate_is_told_with_its_place(on, candidate: Path):
    rules = candidate / "rules.csv"
    rules.write_text(rules.read_text() + "p, x1, allow, king, owner, get, *, *, *, *, *\nq, x\n")
    last = len(rules.read_text().splitlines())
    ended = on("policy", "check", candidate)
    assert ended.code == 7
    assert f"error: {candidate}/rules.csv:{last - 1}:15:" in ended.out
    assert f"error: {candidate}/rules.csv:{last}:" in ended.out
    listed = on("policy", "check", candidate, "--json")
    assert listed.code == 7
    assert '"is_error": true' in listed.out


def test_why_somebody_may(on):
    told = on("policy", "explain", "karim", "get", "/Logement", "--of", "amina", "--json").json
    assert told["allowed"] is True
    assert told["question"]["relation"] == "grantee"
    assert told["question"]["category"] == "housing"
    assert told["rule"] in {one["id"] for one in told["matching"]}
    own = on("policy", "explain", "karim", "get", "/Amina/Logement", "--json").json
    assert own["allowed"] is True


def test_why_somebody_may_not(on):
    told = on("policy", "explain", "karim", "put", "/Logement", "--of", "amina", "--json").json
    assert (told["allowed"], told["reason"], told["visible"]) == (False, "read-only", True)
    hidden = on("policy", "explain", "karim", "get", "/Santé", "--of", "amina", "--json").json
    assert (hidden["allowed"], hidden["reason"], hidden["visible"]) == (False, "no-grant", False)


def test_circumstances_can_be_supposed(on):
    words = ["policy", "explain", "amina", "grant", "/Logement", "--auth"]
    assert on(*words, "password", "--json").json["allowed"] is True
    weak = on(*words, "app-password", "--from", "198.51.100.7", "--at", "2026-03-02T12:00Z")
    assert weak.out.startswith("REFUSED (auth-too-weak)")
    french = on(*words, "app-password", "--language", "fr")
    assert french.out.startswith("REFUSÉ (auth-too-weak)")


def test_explaining_leaves_no_entry(on):
    before = on("trail", "heads").out
    on("policy", "explain", "karim", "get", "/Logement", "--of", "amina")
    assert on("trail", "heads").out == before


WRONG = [
    (["policy", "explain", "bob", "get", "/x"], 4, "nobody has the login"),
    (
        ["policy", "explain", "amina", "get", "/Rien"],
        4,
        "nothing is at /Rien on the drive of amina",
    ),
    (["policy", "explain", "karim", "get", "/"], 2, "holds no document"),
]


def test_what_is_wrong_is_told(on):
    for words, code, says in WRONG:
        ended = on(*words)
        assert ended.code == code, (words, ended)
        assert says in " ".join((ended.err + ended.out).split()), (words, ended)
        assert "Traceback" not in ended.err
