"""The README says the same in French and in English: headings, commands, tables and links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text()
FRENCH = (ROOT / "README.fr.md").read_text()


def test_each_leads_to_the_other_first_of_all() -> None:
    assert _links(ENGLISH)[0] == "README.fr.md"
    assert _links(FRENCH)[0] == "README.md"


def test_they_are_built_alike() -> None:
    assert _shape(FRENCH) == _shape(ENGLISH)


def test_they_give_the_same_commands() -> None:
    assert _commands(FRENCH) == _commands(ENGLISH)
    assert len(_commands(ENGLISH)) == 10


def test_they_lead_to_the_same_pages() -> None:
    assert sorted(_links(FRENCH)[1:]) == sorted(_links(ENGLISH)[1:])


def _shape(text: str) -> list[str]:
    """Headings by their depth, and what begins a list's point, a table's row or a block."""
    lines = re.sub(r"(?ms)^```.*?^```", "```", text).splitlines()
    return [found[0] for line in lines if (found := re.match(r"#+|\* |\||```", line))]


def _commands(text: str) -> list[str]:
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", text)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)#]+)", text)
