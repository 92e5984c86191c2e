"""The examples of docs/directory.md are settings that load."""

import re
from pathlib import Path

import pytest

from authn.ldap.kinds import KINDS
from davserver.config import load

PAGE = (Path(__file__).parents[2] / "docs/directory.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(directories:.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(example: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(example)
    assert len(load(file).directories) == 1


def test_there_is_one_for_each_software() -> None:
    kinds = [found for one in EXAMPLES for found in re.findall(r"kind: (\S+)", one)]
    assert kinds == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_what_is_read(kind: str) -> None:
    told = {*KINDS[kind].state_from, KINDS[kind].ids.attribute, KINDS[kind].account}
    # What Active Directory works out is told in words.
    left_out = {"msDS-User-Account-Control-Computed", "uid"}
    assert [one for one in told - left_out if f"`{one}" not in PAGE] == []
