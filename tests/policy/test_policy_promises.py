"""The promises that every candidate is asked about hold, and a fault in the code breaks them."""

import pytest

from policies import invariants
from policies.decider import Judge
from policies.loader import load, shipped
from policies.promises import PROMISES, ask_all
from policies.ties import NO_TIE
from policies.trials import run
from tests.policy.question import OPEN_RULES, with_files

NARROW = """
p, all,  allow, *, *, *,    justice, shelter, vpn,    cert, night
p, deny, deny,  *, *, *,    health,  *,       *,      *,    *
p, list, allow, *, *, list, justice, shelter, *,      *,    *
p, none, allow, *, *, *,    justice, none,    vpn,    cert, night
""".replace("*, *, *, ", "*, *, use, ")
NIGHT = {
    "calendars": "night, mon, 22:00, 24:00\n",
    "networks": "198.51.100.0/25, vpn\n",
}
KEPT_BY = {
    "no-grant": invariants.NOBODY,
    "staff-reads-nothing": invariants.NOBODY,
    "for-owners": invariants.OWNER_ONLY,
    "read-grant": invariants.READ_ONLY,
    "deposit-grant": invariants.DEPOSIT_ONLY,
    "team-grant": invariants.OWNER_ONLY,
    "read-only-device": invariants.READ_ONLY_DEVICE,
    "blocked-account": invariants.BLOCKED,
    "pause": invariants.PAUSED,
    "accounts": invariants.NOBODY,
}

KEPT_TWICE = {"team-grant"}
"""No file can ask for it either (P033)."""


class Heedless(Judge):
    """Forgets every invariant."""

    def _never(self, *_):
        return None


class Blind(Judge):
    """Sees no relation."""

    def _tie(self, *_):
        return NO_TIE


def forgetting(refusal) -> type[Judge]:
    """A judge that forgets this one invariant."""

    class Forgetful(Judge):
        def _never(self, *facts):
            found = super()._never(*facts)
            return None if found is refusal else found

    return Forgetful


def broken(snapshot, judge=Judge) -> set[str]:
    return {one.name for one in ask_all(snapshot, judge) if one.broken}


@pytest.mark.parametrize("rules", [OPEN_RULES, NARROW, "p, none, deny, *, *, *, *, *, *, *, *"])
def test_no_rules_break_a_promise(rules):
    assert broken(with_files(rules=rules, **NIGHT)) == set()


def test_every_promise_has_a_sentence_and_asks_something():
    for one in ask_all(load(shipped())):
        assert one.asked > 0, one.name
        assert one.sentence.endswith(".")
    names = [one.name for one in PROMISES]
    assert len(set(names)) == len(names)
    assert set(names) == {*KEPT_BY, "own-revoke"}


def test_every_invariant_is_behind_a_promise():
    refusals = {one for one in vars(invariants).values() if isinstance(one, invariants.Refusal)}
    assert refusals == set(invariants.REFUSALS) == set(KEPT_BY.values())


@pytest.mark.parametrize("name", KEPT_BY)
def test_a_promise_is_broken_where_its_invariant_is_forgotten(name):
    forgotten = KEPT_BY[name]
    forgetful = forgetting(forgotten)
    expected = {one for one, kept_by in KEPT_BY.items() if kept_by is forgotten} - KEPT_TWICE
    assert expected <= broken(with_files(rules=OPEN_RULES), forgetful)
    trial = run(with_files(rules=OPEN_RULES), {}, forgetful)
    assert not trial.passed
    assert not trial.failures
    told = {line.split()[1] for line in trial.complaints}
    assert expected <= told


def test_a_narrow_rule_is_found_by_the_questions_all_the_same():
    snapshot = with_files(rules=NARROW, **NIGHT)
    assert {"read-grant", "deposit-grant", "read-only-device", "pause"} <= broken(
        snapshot, Heedless
    )
    (read,) = (one for one in ask_all(snapshot, Heedless) if one.name == "read-grant")
    assert len(read.broken) == read.asked
    assert {one.target.category for one in read.broken} == {"justice"}


def test_ending_a_share_breaks_where_ownership_is_not_recognised():
    assert "own-revoke" in broken(with_files(rules=OPEN_RULES), Blind)
