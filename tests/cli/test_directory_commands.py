"""Staff from directories, on the command line."""

import json
from pathlib import Path

import pytest

from tests.support.cast import CCAS
from tests.support.instance import Instance, Server
from tests.support.patience import until, within_one_day
from tests.support.staff import Staff


def _readings_of(instance: Instance, path: str) -> list[int]:
    """As often as is known: how often somebody reads again is told within a second."""
    told = instance.json("trail", "show", "amina")
    return [one["count"] for one in told if (one["what"], one["path"]) == ("read", path)]


def test_the_report_tells_what_somebody_opened_and_names_no_document(served: Server) -> None:
    instance: Instance = served.instance
    amina = instance.drive("amina")
    assert amina.mkcol("/Courrier").status == 201
    assert amina.put("/Courrier/lettre.txt", b"un").status == 201
    instance.grant("amina", "karim", "/Courrier", "write")
    karim = instance.drive("karim")
    within_one_day()
    for _ in range(2):
        assert karim.get("/Amina Benali/Courrier/lettre.txt").status == 200
    assert karim.put("/Amina Benali/Courrier/lettre.txt", b"deux").status == 204
    until(lambda: 2 in _readings_of(instance, "/Courrier/lettre.txt"))

    told = instance.json("directory", "report", "karim")
    (day,) = told.pop("days")
    assert (told["login"], told["lost_entries"]) == ("karim", 0)
    del day["day"]
    assert day == {
        "beneficiary": "amina", "name": "Amina Benali", "category": "unclassified",
        "documents": 1, "opened": 2, "changed": 1,
    }  # fmt: skip
    shown = instance.abri("directory", "report", "karim", "--since", "1d")
    assert "Amina Benali (amina)  unclassified  1          2       1" in shown
    assert "lettre" not in shown
    assert "opened and changed nothing" in instance.abri("directory", "report", "zoe")
    assert instance.run("directory", "report", "nobody").returncode == 4
    assert instance.run("directory", "report", "karim", "--since", "soon").returncode == 2
    entries = instance.json("trail", "show", "amina")
    assert [one["details"]["person"] for one in entries if one["what"] == "report"] == ["karim"] * 2


# ── directories ─────────────────────────────────────────────────────────────────────────────────

PEOPLE = ("anna", "ben", "clara", "dora", "emil")


@pytest.fixture
def lyon(instance: Instance, staff: Staff) -> Instance:
    """Five people in the group `team`, whom directory-groups.csv makes professionals of the CCAS;
    the section of the directory is in config.yaml.
    """
    staff.add(*PEOPLE)
    staff.add_group("team", *(staff.person(one) for one in PEOPLE))
    section = staff.configuration("lyon")
    text = instance.config.read_text().replace("directories: {}", section)
    instance.config.write_text(text)
    mapping = f"m, lyon, professional, {CCAS}, {staff.group('team')}\n"
    (instance.folder / "policies" / "directory-groups.csv").write_text(mapping)
    instance.abri("policy", "apply")
    return instance


def test_a_directory_is_checked_before_and_after_it_is_set_up(
    instance: Instance, staff: Staff, tmp_path: Path
) -> None:
    staff.add("anna")
    staff.add_group("team", staff.person("anna"))
    file = tmp_path / "lyon.yaml"
    file.write_text(staff.configuration("lyon"))
    ended = instance.run("directory", "add-check", str(file), "--person", "anna@ccas.example")
    assert ended.returncode == 0, ended
    assert "ok        people: One person is under" in ended.stdout
    assert f"the id {staff.id('anna')}" in ended.stdout
    # Nothing of it is in config.yaml yet.
    ended = instance.run("directory", "check", "lyon")
    assert ended.returncode == 4
    assert "there are: none" in ended.stderr

    file.write_text(staff.configuration("lyon").replace("ou=people", "ou=nobody"))
    ended = instance.run("directory", "add-check", str(file), "--json")
    assert ended.returncode == 7
    (wrong,) = [one for one in json.loads(ended.stdout) if one["verdict"] == "wrong"]
    assert wrong["looked_at"] == "people"
    assert "`people`" in wrong["change"]


@pytest.mark.parametrize(
    ("section", "code", "says"),
    [
        ("directories: {}", 2, "write one section"),
        (
            "directories:\n  lyon:\n    kind: openldap\n",
            3,
            "directories.lyon.servers: must be given",
        ),
        ("directories:\n  lyon:\n    kin: openldap\n", 3, "did you mean “kind”?"),
    ],
)
def test_a_section_that_config_yaml_would_refuse_is_refused(
    instance: Instance, tmp_path: Path, section: str, code: int, says: str
) -> None:
    file = tmp_path / "lyon.yaml"
    file.write_text(section)
    ended = instance.run("directory", "add-check", str(file))
    assert (ended.returncode, says in ended.stderr) == (code, True), ended


def test_people_come_leave_and_wait_for_a_yes(lyon: Instance, staff: Staff) -> None:
    first = lyon.abri("directory", "sync", "lyon", "--dry-run")
    assert "lyon: 5 people are in its groups." in first
    assert "+ anna@ccas.example comes, as professional" in first
    assert "it was a dry run" in first
    assert lyon.json("directory", "show")[0]["people"] == {}
    done = lyon.json("directory", "sync", "--all")
    assert [(one["directory"], one["outcome"]) for one in done] == [("lyon", "done")]
    assert len([one for one in done[0]["changes"] if one["what"] == "joined"]) == 5
    assert "Nothing is to be changed." in lyon.abri("directory", "sync", "lyon")

    staff.disable("emil")
    for one in PEOPLE[:3]:
        staff.take_out("team", staff.person(one))
    held = lyon.run("directory", "sync", "lyon")
    assert held.returncode == 7
    assert f"4 of 5 places in {CCAS} would end: that waits." in held.stdout
    (view,) = lyon.json("directory", "show", "lyon")
    assert (view["state"], view["people"]) == ("fresh", {"active": 5})
    waiting = view["waiting"]
    assert waiting["structures"] == [{"structure": CCAS, "ends": 4, "of": 5}]
    assert waiting["people"] == [f"{one}@ccas.example" for one in ("anna", "ben", "clara", "emil")]
    shown = lyon.abri("directory", "show", "lyon")
    assert f"abri directory confirm lyon {waiting['digest'][:12]}" in shown

    other = lyon.run("directory", "confirm", "lyon", "0" * 12)
    assert (other.returncode, "another change" in other.stderr) == (2, True)
    said = lyon.abri("directory", "confirm", "lyon", waiting["digest"][:12])
    assert "- anna@ccas.example is out: in no group of directory-groups.csv" in said
    assert "- emil@ccas.example is out: disabled in the directory" in said
    (view,) = lyon.json("directory", "show", "lyon")
    assert (view["people"], view["waiting"]) == ({"active": 1, "disabled": 1, "no-group": 3}, None)
    assert lyon.run("directory", "confirm", "lyon").returncode == 2
    words = [one["what"] for one in lyon.json("trail", "show")]
    assert words.count("directory-confirm") == 1


def test_a_directory_that_is_down_changes_nothing_and_says_so(lyon: Instance, staff: Staff) -> None:
    lyon.abri("directory", "sync", "lyon")
    staff.server.kill()
    for more in ((), ("--dry-run",)):
        ended = lyon.run("directory", "sync", "lyon", *more)
        assert ended.returncode == 8
        assert "nothing was changed" in ended.stderr
    assert lyon.run("directory", "check", "lyon").returncode == 7
    assert lyon.json("directory", "show")[0]["people"] == {"active": 5}
    # Its section is taken out: who comes from it stays known.
    text = lyon.config.read_text()
    lyon.config.write_text(text[: text.index("directories:")])
    (view,) = lyon.json("directory", "show")
    assert (view["directory"], view["state"], view["people"]) == ("lyon", "gone", {"active": 5})
    assert "not in config.yaml" in lyon.abri("directory", "show", "lyon")
    assert lyon.run("directory", "sync", "lyon").returncode == 4
    assert lyon.run("directory", "show", "rhone").returncode == 4


def test_sync_is_told_which(instance: Instance) -> None:
    for words in ((), ("lyon", "--all")):
        ended = instance.run("directory", "sync", *words)
        assert (ended.returncode, "--all" in ended.stderr) == (2, True)
    assert "There is no directory" in instance.abri("directory", "show")
    assert instance.json("directory", "sync", "--all") == []
