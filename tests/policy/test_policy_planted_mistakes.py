"""Six mistakes that administrators make, each planted in the shipped set: docs/policy/check.md
shows where it is found and what is said, to the letter.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from admin.main import application
from davserver.wiring.policy import copy_shipped_policies

PAGE = (Path(__file__).parents[2] / "docs/policy/check.md").read_text()
SECTIONS = re.findall(
    r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL
)  # fmt: skip
PLANTED = {
    # in which file, the shipped line that is replaced (None: the mistake is added), and the code
    "A misspelt deny": ("rules.csv", "p, blocked-network,", {"P023"}),
    "Swapped columns": ("rules.csv", "p, team-consult,", {"P024"}),
    "A network too wide": ("networks.csv", None, {"P064"}),
    "A slot across midnight": ("calendars.csv", None, {"P083"}),
    "A rule that widens sharing on": ("rules.csv", None, {"P033"}),
    "An edited matcher": ("model.conf", "m = ", {"P011"}),
}


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped set in the folder `policies` of the working folder."""
    monkeypatch.chdir(tmp_path)
    copy_shipped_policies(tmp_path / "policies")
    return tmp_path / "policies"


def check(*words: str):
    return CliRunner().invoke(application(["policy"]), ["policy", "check", "policies", *words])


def block(section: str, kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return found


def plant(policies: Path, name: str, line: str) -> int:
    """The number of the line that is wrong now."""
    file, start, _ = PLANTED[name]
    path = policies / file
    lines = path.read_text().splitlines()
    if start is None:
        lines.append(line)
        number = len(lines)
    else:
        (number,) = (n for n, old in enumerate(lines, 1) if old.startswith(start))
        lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")
    return number


def test_the_page_shows_each_of_the_six_and_no_other():
    assert [name for name, _ in SECTIONS] == list(PLANTED)


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_a_planted_mistake_is_stopped_with_its_line_in_plain_words(policies, name, section):
    number = plant(policies, name, block(section, "csv").strip())
    ended = check()
    assert ended.exit_code == 7
    assert ended.output == block(section, "text")
    found = json.loads(check("--json").output)
    file, _, codes = PLANTED[name]
    assert {one["code"] for one in found} == codes
    assert {(one["file"], one["line"]) for one in found} == {(file, number)}
    shutil.rmtree(policies)
    copy_shipped_policies(policies)
    assert check().output == "policies: the rules can be used.\n"


def test_a_set_with_a_warning_can_be_used(policies):
    plant(policies, "A network too wide", "192.0.2.0/24, internet")
    ended = check()
    assert ended.exit_code == 0
    assert ended.output.startswith("warning: policies/networks.csv:")
    assert ended.output.endswith("\n\npolicies: the rules can be used. 1 warning.\n")


def test_a_file_as_a_whole_has_no_line(policies):
    (policies / "rules.csv").unlink()
    assert check().output.startswith("error: policies/rules.csv: P001\n    This file is missing")


def test_characters_that_move_the_cursor_are_not_printed(policies):
    plant(policies, "A network too wide", "192.0.2.0/24\x1b[31m\t,\u202e office")
    assert not re.search("[\x1b\t\u202e]", check().output)
    assert "    192.0.2.0/24·[31m·,· office\n" in check().output
