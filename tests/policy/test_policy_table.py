"""table.csv is what the specification says, and the specification is nobody else's word."""

import ast
from collections import Counter
from pathlib import Path

from tests.policy import matrix, specification
from tests.policy.specification import RULES, SCENES, THINGS

VERBS = {*RULES, "COPY", "MOVE"}
HEADERS = (
    "Overwrite T",
    "Overwrite F",
    "Depth 0",
    "Depth 1",
    "Depth infinity",
    "If hit",
    "If miss",
)


def test_the_file_is_what_the_specification_generates() -> None:
    assert matrix.TABLE.read_text() == matrix.text(), "run python -m tests.policy.matrix"


def test_no_question_stands_in_the_table_twice() -> None:
    asked = Counter(tuple(row.values())[:8] for row in matrix.rows())
    assert [one for one, times in asked.items() if times > 1] == []


def test_the_table_spreads_over_every_word() -> None:
    rows = matrix.rows()
    assert len(rows) >= 2_000
    found = {(column, word) for row in rows for column, word in row.items()}
    scenes = {tuple(row.values())[:4] for row in rows}
    assert scenes == {tuple(vars(scene).values()) for scene in SCENES}
    assert {row["thing"] for row in rows} | {"wider folder"} == set(THINGS)
    assert {row["verb"] for row in rows} == VERBS
    for word in HEADERS:
        assert any(word in row["headers"].split("; ") for row in rows), word
    for place in specification.DESTINATIONS:
        assert ("destination", place) in found


def test_the_table_knows_every_answer_that_a_right_can_give() -> None:
    reasons = Counter(row["reason"] for row in matrix.rows())
    told = {
        "category", "deposit-only", "drive-root", "folder-not-all-yours", "grant-root",
        "not-yours", "other-vault", "read-only", "same-place", "scratch", "wider-audience",
    }  # fmt: skip
    assert told <= set(reasons)


def test_the_specification_shares_no_code_with_abri() -> None:
    for module in (specification, matrix):
        tree = ast.parse(Path(str(module.__file__)).read_text())
        imported = {
            name.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        ours = {
            name for name in imported if name.split(".")[0] in {"davserver", "policies", "authn"}
        }
        assert ours == set()
        assert all(not name.startswith("tests.support") for name in imported)
