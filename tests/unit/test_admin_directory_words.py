"""What commands say of directories is complete."""

from admin.directory_check import COLOURS, MARKS
from admin.directory_show import FRESHNESS
from admin.directory_sync import EXITS
from admin.directory_words import WHY, WORDS, in_words
from authn.directory_accounts import Standing
from authn.ldap.steps import Verdict
from davserver.gate.staff.directory_care import Freshness
from davserver.gate.staff.roster import Became, Settled
from davserver.gate.staff.synchronising import Outcome


def test_each_change_each_reason_and_each_state_has_its_words() -> None:
    assert set(WORDS) == set(Became)
    assert {line[0] for line in WORDS.values()} == set("+-±!")
    assert set(WHY) == {one.value for one in Standing} - {Standing.ACTIVE.value}
    assert set(FRESHNESS) == set(Freshness)
    assert set(EXITS) == set(Outcome)
    assert set(MARKS) == set(COLOURS) == set(Verdict)


def test_lines_that_are_alike_are_said_once() -> None:
    rests = [Settled(Became.GRANT_RESTS, None, "karim", one, "ccas") for one in ("1f", "2e")]
    assert list(in_words(rests)) == ["- karim: what was shared by name for ccas rests"]
