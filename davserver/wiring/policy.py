"""Policy files between the settings and the decider."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import policies.lint
import policies.loader
import policies.trials
from davserver.config import DirectorySettings, Problem, Settings, WrongSettings
from davserver.domain.errors import AlreadyThere
from davserver.domain.people import Structure
from davserver.wiring.services import build
from policies import case_files
from policies.folder import Folder, read_folder
from policies.lint import Finding
from policies.problems import PolicyProblems, Report
from policies.problems import Problem as PolicyProblem
from policies.promises import Kept
from policies.snapshot import Snapshot
from policies.trials import Covered, Failure, Trial
from policies.worth import Worth

__all__ = [
    "Covered",
    "Failure",
    "Finding",
    "Folder",
    "Kept",
    "PolicyProblem",
    "Snapshot",
    "Trial",
    "Worth",
    "check_policy",
    "copy_shipped_policies",
    "lint_policy",
    "load_policy",
    "read_policy",
    "require_usable",
    "try_policy",
]

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


def read_policy(folder: Path) -> Folder:
    """Every file in it, read once; what is wrong with it is told by whoever examines it."""
    return read_folder(folder)


def require_usable(where: Path, found: Folder) -> None:
    """Of a folder that is read already. Raises WrongSettings with every error of every file."""
    try:
        policies.loader.load_folder(found.files, found.unread)
    except PolicyProblems as wrong:
        errors = [_problem(where, one) for one in wrong.problems if one.is_error]
        raise WrongSettings(errors) from wrong


def policy_in_force(settings: Settings, number: int | None = None) -> Snapshot:
    """What decides now, or what did as generation `number`. Raises NotFound for one that is not
    kept, Damaged, Unavailable and its kind.
    """
    services = build(settings)
    try:
        return services.rulebook.snapshot(number)
    finally:
        services.close()


def check_policy(folder: Path) -> tuple[PolicyProblem, ...]:
    """Every error and every warning, in the order of files and lines."""
    return policies.loader.check(folder)


def try_policy(folder: Path) -> Trial:
    """The cases of that folder, and every promise of Abri, tried on its rules. Raises
    WrongSettings where the rules cannot be used.
    """
    snapshot = load_policy(folder)
    report = Report()
    trial = policies.trials.run(snapshot, case_files.read_folder(folder, report))
    return replace(trial, problems=report.problems + trial.problems)


def lint_policy(
    folder: Path,
    structures: Iterable[Structure] | None = None,
    directories: Mapping[str, DirectorySettings] | None = None,
) -> tuple[Finding, ...]:
    """Rules that do nothing, structures and directories that are not there; these are looked for
    only where `structures` and `directories` are given: all that the instance has. Raises
    WrongSettings.
    """
    known = None if structures is None else {one.slug: one.kind for one in structures}
    roles = None
    if directories is not None:
        roles = {name: one.roles for name, one in directories.items()}
    return policies.lint.lint(load_policy(folder), known, roles)


def copy_shipped_policies(to: Path) -> None:
    """The set that comes with Abri, for administrators to edit, with its guide, its cases and the
    stricter sets to choose from. Raises AlreadyThere.
    """
    if to.exists():
        raise AlreadyThere(f"there are policies in {to} already")
    shipped = policies.loader.shipped()
    to.mkdir(mode=0o755)
    for name in (*policies.loader.KNOWN, _GUIDE):
        shutil.copyfile(shipped / name, to / name)
    for folder in (_CASES, _EXAMPLES):
        shutil.copytree(shipped / folder, to / folder)


def _problem(folder: Path, one: PolicyProblem) -> Problem:
    hint = f" Did you mean “{one.nearest}”?" if one.nearest else ""
    says = f"{one.code.value} {one.message}{hint}"
    return Problem(folder / one.file, one.line, one.column, says)
