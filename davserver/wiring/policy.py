"""Policy files between the settings and the decider."""

import shutil
from pathlib import Path

import policies.loader
from davserver.config import Problem, WrongSettings
from davserver.domain.errors import AlreadyThere
from policies.problems import PolicyProblems
from policies.problems import Problem as PolicyProblem
from policies.snapshot import Snapshot

_GUIDE = "POLICY.md"
_EXAMPLES = "examples"
_CASES = "tests"


def load_policy(folder: Path) -> Snapshot:
    """The policy of that folder. Raises WrongSettings with every error of every file."""
    try:
        return policies.loader.load(folder)
    except PolicyProblems as found:
        errors = [_problem(folder, one) for one in found.problems if one.is_error]
        raise WrongSettings(errors) from found


def check_policy(folder: Path) -> tuple[PolicyProblem, ...]:
    """Every error and every warning, in the order of files and lines."""
    return policies.loader.check(folder)


def copy_shipped_policies(to: Path) -> None:
    """The set that comes with Abri, for administrators to edit, with its guide, its cases and the
    stricter sets to choose from. Raises AlreadyThere.
    """
    if to.exists():
        raise AlreadyThere(f"there are policies in {to} already")
    shipped = policies.loader.shipped()
    to.mkdir(mode=0o755)
    for name in (*policies.loader.FILES, _GUIDE):
        shutil.copyfile(shipped / name, to / name)
    for folder in (_CASES, _EXAMPLES):
        shutil.copytree(shipped / folder, to / folder)


def _problem(folder: Path, one: PolicyProblem) -> Problem:
    hint = f" Did you mean “{one.nearest}”?" if one.nearest else ""
    says = f"{one.code.value} {one.message}{hint}"
    return Problem(folder / one.file, one.line, one.column, says)
