"""Exit codes: one table, complete, and the one that docs/commands.md shows."""

import re
from pathlib import Path

from admin.exits import EXIT_OF, MEANING, Exit, exit_of
from admin.refusals import refusal
from davserver.config import WrongSettings
from davserver.domain import errors
from davserver.domain.errors import AbriError, BadPath, Reason, Truncated, Unavailable

DOCS = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_every_error_of_the_domain_has_a_code_of_its_own_or_of_its_parent():
    kinds = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, AbriError) and one is not AbriError
    ]
    assert len(kinds) > 15
    for one in kinds:
        assert any(parent in EXIT_OF for parent in one.__mro__), one


def test_every_reason_has_its_sentence_and_shows_its_code():
    said = {one: refusal(one) for one in Reason}
    sentences = {said[one].removesuffix(f" [{one.value}]") for one in Reason}
    assert len(sentences) == len(Reason)
    assert not sentences & set(said.values())
    assert refusal(Reason.CATEGORY).endswith("documents [category]")


def test_every_code_but_those_of_the_program_itself_is_some_errors():
    without_error = {Exit.UNEXPECTED, Exit.FINDINGS, Exit.WAITS, Exit.INTERRUPTED}
    assert set(EXIT_OF.values()) == set(Exit) - without_error


def test_a_child_has_the_code_of_its_nearest_ancestor():
    assert exit_of(BadPath("x")) is Exit.USAGE
    assert exit_of(Truncated("x")) is Exit.USAGE
    assert exit_of(WrongSettings([])) is Exit.CONFIGURATION
    assert exit_of(Unavailable("x")) is Exit.UNAVAILABLE


def test_codes_never_change_because_scripts_rely_on_them():
    assert {one.name: one.value for one in Exit} == {
        "DONE": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "CONFIGURATION": 3,
        "NOT_FOUND": 4,
        "REFUSED": 5,
        "ALREADY_THERE": 6,
        "FINDINGS": 7,
        "UNAVAILABLE": 8,
        "DAMAGED": 9,
        "NO_SPACE": 10,
        "WAITS": 11,
        "INTERRUPTED": 130,
    }


def test_the_documentation_lists_each_code_with_its_meaning():
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", DOCS.read_text(), re.MULTILINE)
    assert rows == [(str(one.value), MEANING[one]) for one in Exit]
