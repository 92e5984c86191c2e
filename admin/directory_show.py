"""`abri directory show`: whom Abri has from each directory, how fresh that is, what waits."""

from typing import Annotated, Any

import typer

from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from admin.speaking import N_, _, headings
from admin.words import word
from davserver.domain.errors import NotFound
from davserver.domain.people import Structure
from davserver.gate.staff.directory_care import DirectoryView, Freshness, Waiting

_DIGEST = 12
FRESHNESS = {
    Freshness.FRESH: N_("looked at within its term"),
    Freshness.LATE: N_("LATE: not looked at as a whole within its term: abri directory check"),
    Freshness.NEVER: N_("never looked at as a whole: abri directory sync"),
    Freshness.GONE: N_("not in config.yaml: none of its people can sign in"),
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
            headings("directory", "people", "out", "last looked at", "state", "waits"),
            [_row(one) for one in found],
            _("There is no directory in config.yaml."),
        )
    else:
        _tell(found[0])


def _row(one: DirectoryView) -> tuple[str, ...]:
    waits = str(sum(lost for _, lost, _ in one.waiting.structures)) if one.waiting else "-"
    counts = (str(one.people_in), str(one.people_out))
    return (one.name, *counts, local(one.synced), word(one.freshness), waits)


def _tell(one: DirectoryView) -> None:
    say(f"{one.name}{_(': ')}{_(FRESHNESS[one.freshness])}")
    say(_("last looked at: %(synced)s", synced=local(one.synced)))
    if one.settings:
        say(_("servers: %(servers)s", servers=", ".join(one.settings.servers)))
        say(_("people sign in as NAME@%(domain)s", domain=one.settings.domain))
    for standing, count in one.standings.items():
        say(_("people %(standing)s: %(count)s", standing=word(standing), count=count))
    if one.places is None:
        say(_("groups: no policy in force says which of its groups give a place"))
    for place in one.places or ():
        where = _(" in %(structure)s", structure=place.structure) if place.structure else ""
        say(
            _(
                "group %(group)s: %(role)s%(where)s",
                group=place.group,
                role=word(place.role),
                where=where,
            )
        )
    if one.waiting:
        _tell_waiting(one.name, one.waiting)


def _tell_waiting(name: str, waiting: Waiting) -> None:
    since = local(waiting.since)
    say("\n" + _("Since %(since)s this waits, because it is much at once:", since=since))
    for structure, lost, people in waiting.structures:
        of = _("%(lost)s of %(people)s places", lost=lost, people=people)
        say("  " + _("%(some)s%(where)s would end", some=of, where=_where(structure)))
    say("  " + _("of: %(names)s", names=", ".join(one.login for one in waiting.people)))
    digest = waiting.digest[:_DIGEST]
    say(_("If that is right: %(command)s", command=f"abri directory confirm {name} {digest}"))


def _where(structure: Structure | None) -> str:
    return _(" in %(slug)s", slug=structure.slug) if structure else _(" outside of structures")


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
