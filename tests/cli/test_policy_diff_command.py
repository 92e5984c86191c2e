"""`abri policy diff`: two folders without an instance, exit codes, JSON."""

from pathlib import Path

import pytest

from policies.loader import shipped
from tests.policy.question import shipped_files

WIDER = "p, team-health, allow, professional, via-structure, consult, health, *, *, *, *\n"


@pytest.fixture
def wider(tmp_path: Path) -> Path:
    """The shipped set with one rule more."""
    for name, content in shipped_files().items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "rules.csv").open("a") as file:
        file.write(WIDER)
    return tmp_path


def test_what_widens_is_told_and_ends_a_pipeline(run, wider: Path):
    ended = run("policy", "diff", shipped(), wider, "--no-new-access")
    line = len((wider / "rules.csv").read_text().splitlines())
    assert (ended.code, ended.err) == (7, "")
    assert ended.out.splitlines() == [
        "What is seen:",
        "  + professional (granted to the structure) now sees health documents",
        "      before: no rule",
        f"      after:  allow team-health (rules.csv:{line})",
        "What may be done:",
        "  + professional (granted to the structure) may now get health documents",
        "      before: no rule",
        f"      after:  allow team-health (rules.csv:{line})",
    ]


def test_what_narrows_passes_and_json_has_the_rectangles(run, wider: Path):
    told = run("policy", "diff", wider, shipped(), "--no-new-access", "--json").json
    assert (told["widens"], told["narrows"], told["facts"]) == (False, True, [])
    hidden, lost = told["boxes"]
    assert (hidden["change"], lost["change"]) == ("hidden", "loss")
    assert lost["words"]["category"] == [{"old": "health", "new": "health"}]
    assert lost["terms"]["zone"] == ["not blocked"]
    assert [rule["id"] for rule in lost["before"]] == ["team-health"]
    assert lost["after"] == [None]


def test_files_that_cannot_be_used_are_told_with_every_mistake(run, wider: Path):
    (wider / "networks.csv").write_text("192.0.2.0/24, offfice\n192.0.2.7, office\n")
    ended = run("policy", "diff", shipped(), wider)
    assert ended.code == 3
    assert "P063" in ended.err
    assert "P060" in ended.err
