"""`abri policy lint`: rules that do nothing, structures and directories that are not there."""

from pathlib import Path
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, say, show_json
from admin.session import opened
from admin.settings_of import settings_of
from admin.speaking import _, ngettext
from admin.told import told
from admin.trial_words import finding_as_json
from davserver.domain.people import Structure
from davserver.wiring.policy import Finding, lint_policy


def lint(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="A candidate; the folder of config.yaml if left out.")
    ] = None,
    *,
    files_only: Annotated[
        bool,
        typer.Option(
            "--files-only", help="Do not compare with the instance's structures and directories."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for rules that change nothing: over every question that can be asked, not by samples.
    The exit code is 7 when there is something to mend; guards alone end with 0.
    """
    where = folder or settings_of(context).policies
    structures = None if files_only else _structures(context)
    directories = None if files_only else settings_of(context).directories
    found = lint_policy(where, structures, directories)
    if as_json:
        show_json([finding_as_json(one) for one in found])
    else:
        for one in found:
            rule = f" {one.rule}:" if one.rule else ""
            say(f"{where}/{one.file}:{one.line}: {one.code}{rule} {told(one.message)}")
        say(_summary(found))
    if not all(one.is_guard for one in found):
        raise typer.Exit(Exit.FINDINGS)


def _structures(context: typer.Context) -> tuple[Structure, ...]:
    with opened(context) as session:
        return tuple(session.services.people.structures(session.who, session.now))


def _summary(found: tuple[Finding, ...]) -> str:
    if not found:
        return _("Every rule decides something.")
    guards = sum(one.is_guard for one in found)
    findings = ngettext("%(number)s finding", "%(number)s findings", len(found) - guards)
    if not guards:
        return _("%(findings)s, no guard.", findings=findings)
    return ngettext(
        "%(findings)s, %(number)s guard, which need no mending.",
        "%(findings)s, %(number)s guards, which need no mending.",
        guards,
        findings=findings,
    )
