"""`abri directory check`, `add-check`: whether a directory's settings work, and which to change."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, say, say_coloured, show_json
from admin.session import Session, opened
from admin.settings_of import settings_of
from admin.speaking import N_, _
from admin.told import told
from admin.words import word
from authn.ldap.opening import diagnose
from authn.ldap.steps import Step, Verdict
from authn.staff_names import StaffNames
from davserver.config import DirectorySettings, Problem, Settings, WrongSettings, load
from davserver.config.rules import broken_rules
from davserver.domain.errors import BadInput, NotFound

COLOURS = {Verdict.GOOD: "green", Verdict.DOUBTFUL: "yellow", Verdict.WRONG: "red"}
MARKS = {Verdict.GOOD: N_("ok"), Verdict.DOUBTFUL: N_("doubtful"), Verdict.WRONG: N_("WRONG")}
_WIDTH = 8
"""Of the longest mark, in every language."""

Somebody = Annotated[
    str | None,
    typer.Option(metavar="LOGIN", help="Somebody in it: whether they are found, and their groups."),
]


def check(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As config.yaml calls it.")],
    person: Somebody = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Walk through a directory as sign-in does: settings, connection, certificate, service account,
    people, groups, those of directory-groups.csv, a person. Changes nothing. The exit code is 7
    when something is wrong.
    """
    every = settings_of(context)
    if name not in every.directories:
        known = ", ".join(sorted(every.directories)) or "none"
        raise NotFound(f"there is no directory “{name}” in config.yaml; there are: {known}")
    _walk(context, name, every.directories[name], person, as_json=as_json)


def add_check(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="YAML: `directories:` with one section, as in config.yaml.")
    ],
    person: Somebody = None,
    *,
    as_json: AsJson = False,
) -> None:
    """The same for a section that is not in config.yaml yet, or is there otherwise. Paths in it
    begin at the folder of FILE.
    """
    name, one = _section(settings_of(context), file)
    _walk(context, name, one, person, as_json=as_json)


def _section(present: Settings, file: Path) -> tuple[str, DirectorySettings]:
    """Raises WrongSettings with every problem that it would have in config.yaml."""
    found = load(file).directories
    if len(found) != 1:
        raise BadInput(f"{file}: write one section under `directories:`; there are {len(found)}")
    ((name, one),) = found.items()
    together = replace(present, directories={**present.directories, name: one})
    problems = [
        Problem(file, 0, 0, f"{where}: {says}")
        for where, says in broken_rules(together)
        if where.startswith("directories")
    ]
    if problems:
        raise WrongSettings(problems)
    return name, one


def _walk(
    context: typer.Context,
    name: str,
    settings: DirectorySettings,
    person: str | None,
    *,
    as_json: bool,
) -> None:
    found: list[Step] = []
    with opened(context) as session:
        for step in _steps(session, name, settings, person):
            found.append(step)
            if not as_json:
                _tell(step)
    if as_json:
        show_json(
            [
                {
                    "looked_at": one.looked.value,
                    "verdict": one.verdict.value,
                    "says": one.says,
                    "change": one.change or None,
                }
                for one in found
            ]
        )
    if any(one.verdict is Verdict.WRONG for one in found):
        raise typer.Exit(Exit.FINDINGS)


def _steps(
    session: Session, name: str, settings: DirectorySettings, person: str | None
) -> Iterator[Step]:
    care, clock = session.services.looking_after.care, session.services.clock
    groups = care.mapped(session.who, name, settings, session.now)
    yield from diagnose(settings, _account(name, settings, person), groups, clock)


def _account(name: str, settings: DirectorySettings, person: str | None) -> str | None:
    """Without the domain, if it is written with one. Raises BadInput for another directory's."""
    if person is None or not ("@" in person or "\\" in person):
        return person
    staff = StaffNames({name: settings}).read(person).staff
    if staff is None:
        raise BadInput(f"--person {person}: people of “{name}” are NAME@{settings.domain}")
    return staff.account


def _tell(step: Step) -> None:
    mark = _(MARKS[step.verdict]).ljust(_WIDTH)
    line = f"{mark}  {word(step.looked)}{_(': ')}{told(step.says)}"
    say_coloured(line, COLOURS[step.verdict])
    if step.change:
        say(f"          {told(step.change)}")
