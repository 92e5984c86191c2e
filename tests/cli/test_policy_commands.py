"""Policy from the command line: mistakes with their places, and why one decision fell."""

import re
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from davserver.domain.actions import Right
from davserver.domain.paths import DrivePath
from policies.holidays import Territory, is_holiday
from tests.support.instance import Instance

PAGE = (Path(__file__).parents[2] / "docs" / "policy" / "explain.md").read_text()


@pytest.fixture
def candidate(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "policies", tmp_path / "candidate"))


@pytest.fixture(scope="module", autouse=True)
def cast(bare: Instance):
    bare.add_person("amina", "beneficiary", "Amina", template="fr")
    bare.add_structure("ccas-lyon", "CCAS de Lyon")
    bare.add_person("karim", "professional", "Karim", "ccas-lyon")
    bare.grant("amina", "karim", "/Logement", "read")


def explain(user: str, action: str, path: str, *more: str) -> list[str]:
    return ["policy", "explain", "--user", user, "--action", action, "--path", path, *more]


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
    told = on(*explain("karim", "get", "/Logement", "--of", "amina", "--json")).json
    assert told["allowed"] is True
    assert told["question"]["relation"] == "grantee"
    assert told["question"]["category"] == "housing"
    assert told["rule"] in {one["id"] for one in told["matching"]}
    own = on(*explain("karim", "get", "/Amina/Logement", "--json")).json
    assert own["allowed"] is True


def test_why_somebody_may_not(on):
    told = on(*explain("karim", "put", "/Logement", "--of", "amina", "--json")).json
    assert (told["allowed"], told["reason"], told["visible"]) == (False, "read-only", True)
    hidden = on(*explain("karim", "get", "/Santé", "--of", "amina", "--json")).json
    assert (hidden["allowed"], hidden["reason"], hidden["visible"]) == (False, "no-grant", False)


def test_circumstances_can_be_supposed(on):
    words = explain("amina", "grant", "/Logement", "--auth")
    assert on(*words, "password", "--json").json["allowed"] is True
    weak = on(*words, "app-password", "--from", "198.51.100.7", "--at", "2026-03-02T12:00Z")
    assert weak.out.startswith("REFUSED (auth-too-weak)")
    french = on(*words, "app-password", "--language", "fr")
    assert french.out.startswith("REFUSÉ (auth-too-weak)")


def test_a_candidate_is_compared_with_what_is_in_force(on, candidate: Path):
    with (candidate / "rules.csv").open("a") as rules:
        rules.write("p, no-housing, deny, professional, *, use, housing, *, *, *, *\n")
    told = on("policy", "diff", "1", candidate).out.splitlines()
    assert told[1] == (
        "  - professional (granted by name or to the structure) may no longer use housing documents"
    )
    gained = on("policy", "diff", candidate, "active", "--no-new-access")
    assert gained.code == 7
    assert gained.out.count("  + ") == 1


def test_a_candidate_is_asked_the_same(on, candidate: Path):
    asked = explain("karim", "get", "/Logement", "--of", "amina", "--candidate", str(candidate))
    alike = on(*asked)
    assert alike.out.count("The question:") == 1
    assert alike.out.endswith("The candidate gives the same answer.\n")
    with (candidate / "rules.csv").open("a") as rules:
        rules.write("p, no-housing, deny, professional, *, use, housing, *, *, *, *\n")
    told = on(*asked, "--json").json
    assert (told["allowed"], told["differs"], told["candidate"]["allowed"]) == (True, True, False)
    assert told["deny"] is None
    assert told["candidate"]["deny"]["id"] == "no-housing"


def test_the_page_shows_what_the_command_says(on, bare: Instance):
    """Ids, dates and the digest apart."""
    give(bare, "/Ressources", purpose="dossier RSA")
    asked = re.search(r"```\n(abri policy explain .*?)```", PAGE, re.DOTALL)
    assert asked is not None
    words = asked.group(1).replace("\\\n", "").replace("2026-12-06T10:00+01:00", sunday()).split()
    words[words.index("examples/office-hours")] = str(
        bare.folder / "policies/examples/office-hours"
    )
    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    assert alike(on(*words[1:]).out) == alike(shown.group(1))


def give(instance: Instance, path: str, purpose: str) -> None:
    with instance.opened() as services:
        now, sharing = services.clock(), services.sharing
        sharing.add(
            services.people.operator_for("amina", "tests", now), to=sharing.grantee("karim"),
            path=DrivePath.parse(path), right=Right.WRITE, until=now + timedelta(days=90), now=now,
            purpose=purpose,
        )  # fmt: skip


def sunday() -> str:
    """Ten in the morning of one that is no public holiday, soon."""
    days = (date.today() + timedelta(days=n) for n in range(1, 60))
    day = next(d for d in days if d.weekday() == 6 and not is_holiday(d, Territory.FRANCE))
    return datetime.combine(day, time(10), ZoneInfo("Europe/Paris")).isoformat()


def alike(text: str) -> str:
    for pattern in (
        r"[0-9a-f]{32}",
        r"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00",
        r"[A-Z]\w+day \d+ \w+ \d{4}",
        r"(?<=rules: )[0-9a-f]{12}",
    ):
        text = re.sub(pattern, "…", text)
    return text


def test_explaining_leaves_no_entry(on):
    before = on("trail", "heads").out
    on(*explain("karim", "get", "/Logement", "--of", "amina"))
    assert on("trail", "heads").out == before


WRONG = [
    (explain("bob", "get", "/x"), 4, "nobody has the login"),
    (
        explain("amina", "get", "/Rien"),
        4,
        "nothing is at /Rien on the drive of amina",
    ),
    (explain("karim", "get", "/"), 2, "holds no document"),
]


def test_what_is_wrong_is_told(on):
    for words, code, says in WRONG:
        ended = on(*words)
        assert ended.code == code, (words, ended)
        assert says in " ".join((ended.err + ended.out).split()), (words, ended)
        assert "Traceback" not in ended.err


def test_status_says_for_how_many_administrators_a_change_waits(bare: Instance, candidate: Path):
    before = bare.json("policy", "status")
    shipped = (candidate / "rules.csv").read_text()
    assert before["rules"] == len(re.findall("^p,", shipped, re.MULTILINE))
    assert before["waits"] is None
    bare.set("policy.four_eyes", "true")
    rules = candidate / "rules.csv"
    wider = "p, x1, allow, professional, via-structure, consult, health, *, *, *, *\n"
    rules.write_text(rules.read_text() + wider)
    shutil.rmtree(candidate / "tests")
    assert bare.run("policy", "apply", str(candidate)).returncode == 3
    waits = bare.json("policy", "status")["waits"]
    assert (waits["approvals"], waits["needed"]) == (0, 2)
    said = f"{waits['digest'][:12]} waits for approval: 0 of 2 administrators said yes."
    assert said in bare.abri("policy", "status")
