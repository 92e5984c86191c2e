"""How a trial of policy files is told, in words and as JSON."""

from dataclasses import asdict
from typing import Any

from admin.speaking import N_, _
from davserver.wiring.policy import Covered, Failure, Finding, Kept, Trial, Worth

LIMITS: dict[Worth, str] = {
    Worth.DECISIVE: "",
    Worth.DEAD: N_("never counts"),
    Worth.SHADOWED: N_("a deny refuses it all"),
    Worth.REPEATED: N_("another rule says it"),
    Worth.REPEATED_IN_PARTS: N_("other rules say it"),
    Worth.GUARD: N_("a guard"),
}
"""Why a rule cannot be decisive; `abri policy lint` says more."""


def question(failure: Failure) -> str:
    """The first question that came out otherwise, as a case would write it."""
    words = (f"{key} = {word}" for key, word in _question(failure).items())
    told = "; ".join(failure.question.told)
    return ", ".join(words) + (f" ({told})" if told else "")


def expectation(failure: Failure) -> str:
    wanted = failure.case.expected
    return _answer(wanted.allowed, wanted.reason, wanted.rule)


def answer(failure: Failure) -> str:
    got = failure.got
    place = f"{got.rule} (rules.csv:{got.line})" if got.line else got.rule
    return _answer(got.allowed, got.reason, place)


def coverage_row(one: Covered) -> tuple[str, ...]:
    marks = (_yes_or_no(one.matched), _yes_or_no(one.decisive))
    return (
        one.rule.id,
        str(one.rule.line),
        *marks,
        _(LIMITS[one.worth]) if LIMITS[one.worth] else "",
    )


def trial_as_json(trial: Trial, least: int) -> dict[str, Any]:
    return {
        "generation": trial.generation,
        "passed": trial.passed and trial.percent >= least,
        "cases": len(trial.cases),
        "questions": trial.questions,
        "problems": [asdict(one) for one in trial.problems],
        "failures": [_failure(one) for one in trial.failures],
        "promises": [_promise(one) for one in trial.promises],
        "coverage": {
            "percent": trial.percent,
            "least": least,
            "rules": [_covered(one) for one in trial.coverage],
        },
    }


def finding_as_json(one: Finding) -> dict[str, Any]:
    return {
        "file": one.file,
        "line": one.line,
        "code": one.code.value,
        "rule": one.rule,
        "message": one.message,
        "others": [{"id": other.id, "line": other.line} for other in one.others],
        "is_guard": one.is_guard,
    }


def _question(failure: Failure) -> dict[str, str]:
    asked = failure.question
    words = {key: str(word) for key, word in asked.point._asdict().items()}
    device = {"device": "read-only"} if failure.case.read_only else {}
    granted = {"grantee", "via-structure"}
    right = {"right": asked.right.value} if asked.point.relation in granted else {}
    return words | right | device


def _answer(allowed: bool, reason: str | None, by: str | None) -> str:  # noqa: FBT001 — said first
    told = "allow" if allowed else "deny"
    return told + (f" ({reason})" if reason else "") + (_(" by %(by)s", by=by) if by else "")


def _failure(one: Failure) -> dict[str, Any]:
    wanted, got = one.case.expected, one.got
    return {
        "file": one.case.file,
        "line": one.case.line,
        "name": one.case.name,
        "question": _question(one),
        "told": list(one.question.told),
        "expected": asdict(wanted),
        "got": asdict(got),
        "failed": one.failed,
        "asked": one.asked,
    }


def _promise(one: Kept) -> dict[str, Any]:
    return {
        "name": one.name,
        "sentence": one.sentence,
        "asked": one.asked,
        "broken": len(one.broken),
    }


def _covered(one: Covered) -> dict[str, Any]:
    return {
        "id": one.rule.id,
        "line": one.rule.line,
        "matched": one.matched,
        "decisive": one.decisive,
        "can_decide": one.worth is Worth.DECISIVE,
    }


def _yes_or_no(is_so: bool) -> str:  # noqa: FBT001 — it is the question
    return _("yes") if is_so else _("no")
