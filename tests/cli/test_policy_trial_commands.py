"""`abri policy test` and `abri policy lint`: what the documentation shows is what they print."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from admin.main import application
from davserver.wiring.policy import copy_shipped_policies
from policies.case_words import KEYS
from policies.promises import PROMISES
from tests.support.instance import Instance

DOCS = Path(__file__).parents[2] / "docs/policy"


@pytest.fixture
def candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped set in the folder `candidate` of the working folder."""
    monkeypatch.chdir(tmp_path)
    copy_shipped_policies(tmp_path / "candidate")
    return tmp_path / "candidate"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(
        rf"^```{kind}\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL
    )


def change(folder: Path, page: str) -> None:
    """Makes the changes that the page shows: a rule of the same id is replaced, else added."""
    (block,) = blocks(page, "csv")
    rules = (folder / "rules.csv").read_text().splitlines()
    ids = [line.split(",")[1].strip() if line.startswith("p,") else None for line in rules]
    for line in block.splitlines():
        named = line.split(",")[1].strip()
        if not line.startswith("p,"):
            with (folder / "groups.csv").open("a") as groups:
                groups.write(line + "\n")
        elif named in ids:
            rules[ids.index(named)] = line
        else:
            rules.append(line)
    (folder / "rules.csv").write_text("\n".join(rules) + "\n")


def on_files(*words: str):
    """A command that needs no instance, in this process."""
    return CliRunner().invoke(application(["policy"]), ["policy", *words])


def shown(page: str) -> tuple[str, str]:
    """The command of the page's example, and what it prints."""
    (example,) = blocks(page, "console")
    command, _, printed = example.partition("\n")
    return command.removeprefix("$ abri policy "), printed


def test_the_example_of_the_page_on_testing_prints_what_is_shown(candidate: Path):
    change(candidate, "test.md")
    command, printed = shown("test.md")
    ended = on_files(*command.split())
    assert ended.output.splitlines() == printed.splitlines()
    assert ended.exit_code == 7
    whole = on_files(*command.split(), "--json")
    told = json.loads(whole.output)
    assert (whole.exit_code, told["passed"], told["coverage"]["percent"]) == (7, False, 100)
    assert [one["got"]["rule"] for one in told["failures"]] == ["team-consult"]
    assert [one["id"] for one in told["coverage"]["rules"] if not one["can_decide"]] == [
        "no-removal",
        "night-shift",
    ]


def test_the_case_of_the_page_passes_and_its_keys_are_all_there_are(candidate: Path):
    (case,) = blocks("test.md", "toml")
    assert set(tomllib.loads(case)["case"][0]) <= set(KEYS)
    (candidate / "tests/ours.toml").write_text(case)
    (candidate / "networks.csv").write_text("192.0.2.0/24, office\n")
    ended = on_files("test", "candidate")
    assert (ended.exit_code, "FAILED" in ended.output) == (0, False)
    page = (DOCS / "test.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == {
        *KEYS,
        *(one.name for one in PROMISES),
    }
    for one in PROMISES:
        assert f"| `{one.name}` | {one.sentence} |" in page


def test_a_set_without_cases_covers_nothing(candidate: Path):
    shutil.rmtree(candidate / "tests")
    assert on_files("test", "candidate").exit_code == 0
    ended = on_files("test", "candidate", "--least", "1")
    assert ended.exit_code == 7
    assert "0 of 16 rules decided a case, 0 %; at least 1 % are asked for." in ended.output


def test_an_instance_says_how_much_is_to_be_covered(run, bare: Instance, candidate: Path):
    shutil.rmtree(candidate / "tests")
    bare.set("policy.coverage", "40")
    words = ["--config", bare.config, "policy", "test", candidate]
    ended = run(*words)
    assert (ended.code, "; at least 40 % are asked for." in ended.out) == (7, True)
    assert run(*words, "--least", "0").code == 0
    bare.set("policy.coverage", "0")


def test_a_case_that_cannot_be_read_is_told_with_its_place(candidate: Path):
    (candidate / "tests/ours.toml").write_text('[[case]]\nnamme = "x"\n')
    for words, code in ((("test", "candidate"), 3), (("check", "candidate"), 7)):
        ended = on_files(*words)
        assert ended.exit_code == code
        assert "error: candidate/tests/ours.toml:2:1: P101" in ended.output
        assert "Did you mean “name”?" in ended.output


def test_the_example_of_the_page_on_lint_prints_what_is_shown(run, bare: Instance, candidate: Path):
    bare.add_structure("ccas-lyon", "Lyon")
    bare.add_structure("foyer-nord", "Nord", "shelter")
    change(candidate, "lint.md")
    command, printed = shown("lint.md")
    words = ["--config", bare.config, "policy", *command.split()]
    ended = run(*words, folder=candidate.parent)
    assert ended.out.splitlines() == printed.splitlines()
    assert ended.code == 7
    files_only = on_files("lint", "candidate", "--files-only", "--json")
    told = json.loads(files_only.output)
    assert {one["file"] for one in told} == {"rules.csv"}
    assert [one["rule"] for one in told if one["is_guard"]] == ["no-removal"]


def test_guards_alone_are_no_findings(candidate: Path):
    with (candidate / "rules.csv").open("a") as rules:
        rules.write("p, no-removal, deny, professional, *, remove, *, *, *, *, *\n")
    ended = on_files("lint", "candidate", "--files-only")
    assert (ended.exit_code, "L005 no-removal" in ended.output) == (0, True)


def test_places_of_directories_that_the_settings_do_not_know_are_told(
    run, bare: Instance, candidate: Path
):
    line = "m, lyon, professional, nowhere, cn=staff,dc=example\n"
    (candidate / "directory-groups.csv").write_text(line)
    ended = run("--config", bare.config, "policy", "lint", candidate)
    assert ended.code == 7
    assert "directory-groups.csv:1: L006 This instance has no structure “nowhere”." in ended.out
    assert "directory-groups.csv:1: L009 config.yaml names no directory “lyon”." in ended.out
    files_only = on_files("lint", "candidate", "--files-only")
    assert "directory-groups.csv" not in files_only.output
