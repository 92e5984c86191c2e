"""What a folder of policy files can be found to be: each verdict is said, and documented."""

from pathlib import Path

from admin.policy_activation import SENTENCES, WELL
from davserver.gate.policy.rulebook import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "policy" / "activation.md"


def test_every_verdict_has_a_sentence():
    assert set(SENTENCES) == set(Verdict)
    assert all(one.endswith((".", ". ")) for one in SENTENCES.values())


def test_every_verdict_is_documented():
    page = PAGE.read_text()
    assert [one.value for one in Verdict if f"`{one.value}`" not in page] == []


def test_what_keeps_sound_looking_files_out_is_told_by_the_exit_code():
    assert set(Verdict) - WELL == {Verdict.REFUSED, Verdict.FAILED, Verdict.UNSIGNED}
