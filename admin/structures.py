"""`abri structure`: the organisations that professionals work in."""

from typing import Annotated

import typer

from admin.output import AsJson, say, show_json, show_table
from admin.session import opened
from admin.speaking import _, headings
from admin.words import word
from davserver.domain.people import Structure, StructureKind

app = typer.Typer(help="Structures: where professionals work.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="Short name for commands and policies: ccas-lyon.")],
    name: Annotated[str, typer.Option(help="The name that people know.")],
    kind: Annotated[StructureKind, typer.Option(help="Policies may speak of kinds.")],
    time_zone: Annotated[
        str, typer.Option(help="Hours in calendars.csv are meant there.")
    ] = "Europe/Paris",
    *,
    as_json: AsJson = False,
) -> None:
    """Add a structure."""
    with opened(context) as session:
        made = session.services.people.add_structure(
            session.who, slug, name, kind, session.now, time_zone=time_zone
        )
    if as_json:
        show_json(_plain(made))
    else:
        say(
            _(
                "Added %(slug)s: %(name)s (%(kind)s).",
                slug=made.slug,
                name=made.name,
                kind=word(made.kind),
            )
        )


@app.command("list")
def show_all(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Every structure, by slug."""
    with opened(context) as session:
        found = session.services.people.structures(session.who, session.now)
    if as_json:
        show_json([_plain(one) for one in found])
    else:
        show_table(
            headings("slug", "name", "kind", "time zone"),
            [(one.slug, one.name, word(one.kind), one.time_zone) for one in found],
            _("There is no structure yet: abri structure add"),
        )


def _plain(one: Structure) -> dict[str, str]:
    return {
        "id": one.id.hex(),
        "slug": one.slug,
        "name": one.name,
        "kind": one.kind.value,
        "time_zone": one.time_zone,
    }
