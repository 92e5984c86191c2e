"""`abri doctor`: whether this instance can do its work, and what to do where it cannot."""

import typer

from admin.doctor_checks import examine
from admin.exits import Exit
from admin.finding import Finding
from admin.output import AsJson, say, show_json
from admin.settings_of import settings_of
from admin.speaking import N_, _
from admin.words import word
from davserver.domain.health import State
from davserver.wiring.opening import clock

_MARKS = {State.WELL: N_("ok"), State.WARNING: N_("warning"), State.PROBLEM: N_("PROBLEM")}
_WIDTH = 7
"""Of the longest mark, in every language."""


def run(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Look at versions, keys, database, disk, clock, certificate, policies, decisions and one file
    of each vault. Changes nothing; the exit code is 7 when there is a problem.
    """
    settings = settings_of(context)
    findings: list[Finding] = []
    for one in examine(settings, clock()):
        findings.append(one)
        if not as_json:
            mark = _(_MARKS[one.state]).ljust(_WIDTH)
            say(f"{mark}  {word(one.check)}{_(': ')}{one.says}")
    if as_json:
        show_json([{"check": f.check, "state": f.state.value, "says": f.says} for f in findings])
    if any(one.state is State.PROBLEM for one in findings):
        raise typer.Exit(Exit.FINDINGS)
