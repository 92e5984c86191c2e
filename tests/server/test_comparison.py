"""`make bench` runs: two servers do a little of all the work, and the page has what came out."""

from pathlib import Path

import pytest

from benchmarks.beside.__main__ import BRIEF, main
from benchmarks.beside.measures import measures
from benchmarks.beside.report import BEGIN, END

pytestmark = pytest.mark.slow


def test_every_work_is_done_by_every_server_and_the_page_keeps_what_people_wrote(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold numbers\n{END}\n\nAfter\n")
    main(["rclone-crypt", "abri", "--brief", "--rounds", "1", "--page", str(page)])
    text = page.read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nAfter\n")
    assert "old numbers" not in text
    rows = [line.split(" | ") for line in text.splitlines() if line.endswith(") |")]
    asked = measures(BRIEF.mib, BRIEF.folders)
    assert {row[0].removeprefix("| ") for row in rows} >= {
        one.title for one in asked if "processor" not in one.key
    }
    assert "What failed" not in text
