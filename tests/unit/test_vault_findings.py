"""Every finding has words, and a line in the documentation."""

from pathlib import Path

from davserver.domain.ids import VaultId
from davserver.vault.check.findings import FLAW_TEXTS, Finding, Flaw, shown

PAGE = Path(__file__).parents[2] / "docs/checking.md"


def test_every_flaw_is_said_in_words_of_its_own() -> None:
    assert set(FLAW_TEXTS) == set(Flaw)
    assert len(set(FLAW_TEXTS.values())) == len(Flaw)


def test_every_flaw_is_explained_in_the_documentation() -> None:
    page = PAGE.read_text()
    assert [flaw.value for flaw in Flaw if f"`{flaw.value}`" not in page] == []


def test_a_finding_says_what_and_adds_its_note() -> None:
    one = Finding(Flaw.WRONG_LENGTH, VaultId(bytes(16)), "blob", "ab", "7 bytes, not 8")
    assert one.text == "the stored bytes are of the wrong length (7 bytes, not 8)"
    assert Finding(Flaw.CIRCLE, None, "node", "ab").text == FLAW_TEXTS[Flaw.CIRCLE]


def test_whatever_stands_in_an_id_is_shown_and_bounded() -> None:
    assert shown(bytes(2)) == "0000"
    assert shown(None) == "None"
    assert len(shown("x" * 1000)) == 64
