"""A candidate set is put to the test before it counts: the cases that administrators wrote, what
each rule had to say in them, and what Abri promises whatever the rules say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from davserver.domain.decisions import Decision, Permit
from davserver.domain.errors import Reason
from policies.alike import Alike, Key, Together
from policies.case_files import read_cases
from policies.cases import Asked, Case, Expected
from policies.decider import Judge
from policies.problems import Code, Problem, Report
from policies.promises import Kept, ask_all
from policies.rules import Rule
from policies.snapshot import Snapshot
from policies.stage import Stage
from policies.vocabulary import Point
from policies.worth import Worth, weigh

MOST_QUESTIONS = 5_000_000
"""In one case: more is a case that names nothing. Those that have one answer are asked once."""


@dataclass(frozen=True, slots=True)
class Got:
    """What came out. `line` is that of the deciding rule in rules.csv, None for an invariant."""

    allowed: bool
    reason: Reason | None
    rule: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """The first question of a case that came out otherwise. `failed` of its `asked` did."""

    case: Case
    question: Asked
    got: Got
    failed: int
    asked: int


@dataclass(frozen=True, slots=True)
class Covered:
    """What the cases show of one rule. `matched`: some question was about it. `decisive`: some
    answer would have been the opposite without it. `worth`: whether that can happen at all.
    """

    rule: Rule
    worth: Worth
    matched: bool
    decisive: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """`problems`: what is wrong with the files of the cases; with any, nobody knows what they say,
    so the trial is not passed.
    """

    generation: str
    cases: tuple[Case, ...]
    questions: int
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]
    promises: tuple[Kept, ...]
    coverage: tuple[Covered, ...]

    @property
    def passed(self) -> bool:
        """Every case came out as expected, and so did every promise. The coverage is apart."""
        broken = any(one.broken for one in self.promises)
        return not self.failures and not self.problems and not broken

    @property
    def complaints(self) -> tuple[str, ...]:
        """A line for each thing that keeps the trial from being passed."""
        broken = [one for one in self.promises if one.broken]
        return (
            *map(str, self.problems),
            *(_told(one) for one in self.failures),
            *(f"promise {one.name} is broken: {one.sentence}" for one in broken),
        )

    @property
    def percent(self) -> int:
        """How many of the rules that can decide anything did so in some case, rounded down; 100
        where there are none. Guards and rules that others repeat count for nothing (`lint`).
        """
        able = [one for one in self.coverage if one.worth is Worth.DECISIVE]
        return 100 * sum(one.decisive for one in able) // len(able) if able else 100


def run(snapshot: Snapshot, files: Mapping[str, bytes], judge: type[Judge] = Judge) -> Trial:
    """Try the cases of `files` (`tests/NAME.toml` → content; other names are passed over) on the
    rules of `snapshot`. Nothing else is read, not even a clock.
    """
    report = Report()
    cases = read_cases(files, snapshot, report)
    bench = _Bench(snapshot, judge)
    failures = [bench.failure(case, report) for case in cases]
    return Trial(
        generation=snapshot.generation,
        cases=cases,
        questions=bench.questions,
        failures=tuple(one for one in failures if one is not None),
        problems=report.problems,
        promises=ask_all(snapshot, judge),
        coverage=bench.coverage(),
    )


class _Bench:
    """Asks, and keeps count of the rules that had a part in the answers."""

    def __init__(self, snapshot: Snapshot, judge: type[Judge]) -> None:
        self._snapshot = snapshot
        self._stage = Stage(snapshot, judge)
        self._together = Together(snapshot)
        self._rules = {rule.id: rule for rule in snapshot.rules}
        self._answers: dict[Key, Got] = {}
        self._matched: set[str] = set()
        self._decisive: set[str] = set()
        self.questions = 0

    def failure(self, case: Case, report: Report) -> Failure | None:
        size = self._together.size(case)
        if size > MOST_QUESTIONS:
            message = f"{size} questions in one case; at most {MOST_QUESTIONS}. Name fewer words."
            report.add(case.file, (case.line, 1), Code.CASE_TOO_WIDE, message)
            return None
        self.questions += size
        wrong = [
            (one, got)
            for one in self._together.of(case)
            if not _fits(case.expected, got := self._ask(case, one))
        ]
        if not wrong:
            return None
        first, got = wrong[0]
        return Failure(case, first.first, got, sum(one.many for one, _ in wrong), size)

    def _ask(self, case: Case, one: Alike) -> Got:
        got = self._answers.get(one.key)
        if got is None:
            got = self._answers[one.key] = self._asked(case, one.first)
        return got

    def _asked(self, case: Case, asked: Asked) -> Got:
        question = self._stage.question(asked.point, asked.right)
        if case.read_only:
            question = replace(question, who=replace(question.who, read_only=True))
        decision = self._stage.ask(question)
        if decision.rule is None or decision.rule in self._rules:
            self._note(self._stage.point(question))
        return self._got(decision)

    def _note(self, point: Point) -> None:
        matching = self._snapshot.table.matching(point)
        self._matched |= {rule.id for rule in matching}
        decisive = decisive_of(matching)
        self._decisive |= {decisive.id} if decisive else set()

    def _got(self, decision: Decision) -> Got:
        rule = self._rules.get(decision.rule or "")
        reason = None if isinstance(decision, Permit) else decision.reason
        return Got(isinstance(decision, Permit), reason, decision.rule, rule.line if rule else None)

    def coverage(self) -> tuple[Covered, ...]:
        return tuple(
            Covered(
                one.rule, one.worth, one.rule.id in self._matched, one.rule.id in self._decisive
            )
            for one in weigh(self._snapshot)
        )


def decisive_of(matching: tuple[Rule, ...]) -> Rule | None:
    """The rule without which the answer would be the opposite, among those that match."""
    denies = [rule for rule in matching if not rule.allows]
    allows = [rule for rule in matching if rule.allows]
    if not denies:
        return allows[0] if len(allows) == 1 else None
    return denies[0] if len(denies) == 1 and allows else None


def _told(failure: Failure) -> str:
    case = failure.case
    return (
        f"{case.file}:{case.line}: “{case.name}” expects {_answer(case.expected)}; "
        f"{failure.failed} of {failure.asked} questions differ, the first: {_answer(failure.got)}."
    )


def _answer(one: Expected | Got) -> str:
    reason = f" ({one.reason})" if one.reason else ""
    by = f" by {one.rule}" if one.rule else ""
    return ("allow" if one.allowed else "deny") + reason + by


def _fits(expected: Expected, got: Got) -> bool:
    return (
        expected.allowed is got.allowed
        and expected.reason in {None, got.reason}
        and expected.rule in {None, got.rule}
    )
