"""`abri policy diff`: who may do what after a change of the policy files, and could not before."""

from typing import Annotated, Any

import typer

from admin.exits import Exit
from admin.output import AsJson, say_changes, show_json
from admin.settings_of import settings_of
from davserver.wiring.comparing import Box, Diff, as_lines, compare, place_as_json, sentence


def diff(
    context: typer.Context,
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="OLD", help="A folder, a generation, or `active`: what is in force."
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Argument(metavar="NEW", help="Likewise; the folder of config.yaml if left out."),
    ] = None,
    *,
    no_new_access: Annotated[
        bool, typer.Option("--no-new-access", help="Exit code 7 if anybody gains anything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What changes between two sets of policy files: every request whose answer is another one,
    whatever file the reason is in, and nothing that no file can change. One folder alone is NEW,
    compared with what is in force.
    """
    old, new = (first, second) if second else (None, first)
    found = compare(lambda: settings_of(context), old, new)
    if as_json:
        show_json(_plain(found))
    else:
        say_changes(as_lines(found))
    if no_new_access and found.widens:
        raise typer.Exit(Exit.FINDINGS)


def _plain(found: Diff) -> dict[str, Any]:
    return {
        "old": found.old,
        "new": found.new,
        "widens": found.widens,
        "narrows": found.narrows,
        "boxes": [_plain_box(box) for box in found.boxes],
        "places": {
            "gained": [place_as_json(one) for one in found.places.gained],
            "lost": [place_as_json(one) for one in found.places.lost],
            "reordered": found.places.reordered,
        },
        "facts": [{"file": fact.file, "says": fact.says} for fact in found.facts],
    }


def _plain_box(box: Box) -> dict[str, Any]:
    return {
        "change": box.change.value,
        "sentence": sentence(box),
        "terms": {column.value: list(terms) for column, terms in box.terms.items()},
        "words": {
            column.value: [{"old": pair.old, "new": pair.new} for pair in pairs]
            for column, pairs in box.values.items()
        },
        "before": [{"id": rule.id, "line": rule.line} if rule else None for rule in box.before],
        "after": [{"id": rule.id, "line": rule.line} if rule else None for rule in box.after],
    }
