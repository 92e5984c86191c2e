"""`abri directory show`: whom Abri has from each directory, how fresh that is, what waits."""

from typing import Annotated, Any

import typer

from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from davserver.domain.errors import NotFound
from davserver.domain.people import Structure
from davserver.gate.staff.directory_care import DirectoryView, Freshness, Waiting

_DIGEST = 12
FRESHNESS = {
    Freshness.FRESH: "looked at within its term",
    Freshness.LATE: "LATE: not looked at as a whole within its term: abri directory check",
    Freshness.NEVER: "never looked at as a whole: abri directory sync",
    Freshness.GONE: "not in config.yaml: none of its people can sign in",
}


def show(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Which; all of them in short if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Directories: their people by what they last said of them, when all of each was last looked
    at, and what waits for `abri directory confirm`.
    """
    with opened(context) as session:
        found = session.services.looking_after.care.show(session.who, session.now)
    if name is not None:
        found = [one for one in found if one.name == name]
        if not found:
            raise NotFound(f"there is no directory “{name}”")
    if as_json:
        show_json([_plain(one) for one in found])
    elif name is None:
        show_table(
            ("directory", "people", "out", "last looked at", "state", "waits"),
            [_row(one) for one in found],
            "There is no directory in config.yaml.",
        )
    else:
        _tell(found[0])


def _row(one: DirectoryView) -> tuple[str, ...]:
    waits = str(sum(lost for _, lost, _ in one.waiting.structures)) if one.waiting else "-"
    counts = (str(one.people_in), str(one.people_out))
    return (one.name, *counts, local(one.synced), one.freshness.value, waits)


def _tell(one: DirectoryView) -> None:
    say(f"{one.name}: {FRESHNESS[one.freshness]}")
    say(f"last looked at: {local(one.synced)}")
    if one.settings:
        say(f"servers: {', '.join(one.settings.servers)}")
        say(f"people sign in as NAME@{one.settings.domain}")
    for standing, count in one.standings.items():
        say(f"people {standing.value}: {count}")
    if one.places is None:
        say("groups: no policy in force says which of its groups give a place")
    for place in one.places or ():
        where = f" in {place.structure}" if place.structure else ""
        say(f"group {place.group}: {place.role.value}{where}")
    if one.waiting:
        _tell_waiting(one.name, one.waiting)


def _tell_waiting(name: str, waiting: Waiting) -> None:
    say(f"\nSince {local(waiting.since)} this waits, because it is much at once:")
    for structure, lost, people in waiting.structures:
        say(f"  {lost} of {people} places{_where(structure)} would end")
    say(f"  of: {', '.join(one.login for one in waiting.people)}")
    say(f"If that is right: abri directory confirm {name} {waiting.digest[:_DIGEST]}")


def _where(structure: Structure | None) -> str:
    return f" in {structure.slug}" if structure else " outside of structures"


def _plain(one: DirectoryView) -> dict[str, Any]:
    return {
        "directory": one.name,
        "state": one.freshness.value,
        "last_looked_at": one.synced,
        "people": {standing.value: count for standing, count in one.standings.items()},
        "groups": None
        if one.places is None
        else [
            {"group": place.group, "role": place.role.value, "structure": place.structure}
            for place in one.places
        ],
        "waiting": _plain_waiting(one.waiting) if one.waiting else None,
    }


def _plain_waiting(waiting: Waiting) -> dict[str, Any]:
    return {
        "digest": waiting.digest,
        "since": waiting.since,
        "structures": [
            {"structure": structure.slug if structure else None, "ends": lost, "of": people}
            for structure, lost, people in waiting.structures
        ],
        "people": [one.login for one in waiting.people],
    }
