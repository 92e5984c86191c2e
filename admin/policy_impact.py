"""`abri policy impact`: whom another set of rules would give or take what."""

from typing import Annotated, Any

import typer

from admin.exits import Exit
from admin.output import AsJson, say_changes, show_json
from admin.progress import progress
from admin.session import opened
from admin.speaking import _
from davserver.db.shared_snapshot import processes
from davserver.gate.policy.impact import Line, Report, Span, Summing, Turn
from davserver.gate.policy.impact_texts import as_lines
from davserver.wiring.naming import rules_named

_OWNERS = 5
PROCESSES = 4
"""At most, and no more than there are cores."""


def impact(
    context: typer.Context,
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="A folder, a generation's number, or `active`."),
    ],
    *,
    names: Annotated[
        bool, typer.Option("--names", help="Show logins. Names of documents are never shown.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What NEW would change for the people of this instance, over all grants that live now: who
    gains or loses what, in which circumstances, on how many documents of whom. People and vaults
    have pseudonyms, the same in every report. The exit code is 7 if anybody gains anything.
    """
    with opened(context) as session, progress(_("Looking at grants")) as tell:
        services = session.services
        found = services.impact.of(
            services.rulebook.snapshot(),
            rules_named(new, services.rulebook.snapshot),
            session.now,
            names=names,
            owners=None if as_json else _OWNERS,
            how=Summing(processes(PROCESSES), told=tell),
        )
    if as_json:
        show_json(_plain(found))
    else:
        say_changes(as_lines(found))
    if found.gains:
        raise typer.Exit(Exit.FINDINGS)


def _plain(found: Report) -> dict[str, Any]:
    return {
        "old": found.old,
        "new": found.new,
        "gains": found.gains,
        "lines": [_line(line) for line in found.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    things = line.things
    return {
        "role": line.role.value,
        "relation": line.relation.value,
        "structure": line.structure,
        "people": line.people,
        "named": list(line.named),
        "turns": [_turn(turn) for turn in line.turns],
        "vaults": things.vaults if things else None,
        "documents": things.documents if things else None,
        "folders": things.folders if things else None,
        "categories": {one.value: n for one, n in things.categories.items()} if things else None,
        "owners": list(things.owners) if things else None,
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "actions": [action.value for action in turn.actions],
        "gains": turn.gains,
        "loses": turn.loses,
        "before": _span(turn.before),
        "after": _span(turn.after),
        "moved": list(turn.moved),
    }


def _span(span: Span) -> dict[str, Any]:
    """Empty lists stand for any."""
    when = [
        {"zones": list(one.zones), "auths": list(one.auths), "slots": list(one.slots)}
        for one in span.when
    ]
    return {"often": span.often.value, "when": when}
