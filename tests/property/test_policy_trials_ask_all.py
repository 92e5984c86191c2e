"""A trial asks the judge one question of all that have the same answer: it comes out as if it had
asked each.
"""

import json
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.policy_sets import made
from davserver.domain.actions import Action, Category
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.people import Principal
from policies.case_files import read_cases
from policies.decider import Judge
from policies.loader import load_bytes
from policies.problems import Report
from policies.snapshot import Snapshot
from policies.stage import Stage
from policies.trials import run
from policies.vocabulary import Column
from tests.policy.random_sets import sets

pytestmark = pytest.mark.slow

BOUNDED = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
TIES = (
    ("professional", "grantee"),
    ("professional", "via-structure"),
    ("beneficiary", "owner"),
    ("manager", "manages"),
)
MOST = 2_000
"""Questions that the trial below asks of 82 944."""

Said = tuple[bool, str | None, str | None]
"""Yes, the reason, the rule."""


def case_of(name: str, tie: tuple[str, str], **words: object) -> str:
    told = {"name": name, "role": tie[0], "relation": tie[1], **words}
    return "\n".join(
        ["[[case]]", *(f"{key} = {json.dumps(word)}" for key, word in told.items()), ""]
    )


def answers(snapshot: Snapshot, file: str) -> "Counter[Said]":
    """What the judge says to each question of a case, asked one by one."""
    report, stage = Report(), Stage(snapshot)
    (case,) = read_cases({"tests/one.toml": file.encode()}, snapshot, report)
    found: Counter[Said] = Counter()
    for asked in case.questions(snapshot.vocabulary.values[Column.STRUCTURE]):
        said = stage.ask(stage.question(asked.point, asked.right))
        reason = None if isinstance(said, Permit) else said.reason.value
        found[isinstance(said, Permit), reason, said.rule] += 1
    return found


def expecting(said: Said) -> dict[str, str]:
    allowed, reason, rule = said
    named = {"expect": "allow" if allowed else "deny", "reason": reason, "rule": rule}
    return {key: word for key, word in named.items() if word is not None}


@given(
    sets(),
    st.sampled_from(TIES),
    st.lists(st.sampled_from(Action), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(Category), min_size=1, max_size=2, unique=True),
)
@BOUNDED
def test_it_counts_what_the_judge_says_to_each_question(
    snapshot: Snapshot, tie: tuple[str, str], actions: list[Action], categories: list[Category]
) -> None:
    asks = {"action": actions, "category": categories, "right": ["write"]}
    every = answers(snapshot, case_of("all", tie, **asks, expect="deny"))
    cases = [
        case_of(str(number), tie, **asks, **expecting(said)) for number, said in enumerate(every)
    ]
    trial = run(snapshot, {"tests/all.toml": "\n".join(cases).encode()})
    assert trial.problems == ()
    failed = {one.case.name: one.failed for one in trial.failures}
    # Each case names one answer in full; a no without a rule is any no with that reason.
    for number, (allowed, reason, rule) in enumerate(every):
        as_said = sum(
            times
            for (yes, why, by), times in every.items()
            if (yes, why) == (allowed, reason) and rule in {None, by}
        )
        assert failed.get(str(number), 0) == every.total() - as_said, cases[number]


class Counting(Judge):
    decided = 0

    def decide(
        self, who: Principal, action: Action, target: Target, now: datetime
    ) -> Permit | Denial:
        Counting.decided += 1
        return super().decide(who, action, target, now)


def test_a_hundred_rules_over_twenty_structures_are_few_questions() -> None:
    snapshot = load_bytes(made(100, 2))
    cases = [
        case_of(f"{tie} {action}", tie, action=action, right="write", expect="deny")
        for tie in TIES[:2]
        for action in ("get", "put", "list")
    ]
    Counting.decided = 0
    run(snapshot, {}, Counting)
    promises = Counting.decided
    trial = run(snapshot, {"tests/wide.toml": "\n".join(cases).encode()}, Counting)
    assert trial.problems == ()
    assert trial.questions == 82_944
    assert Counting.decided - 2 * promises <= MOST
