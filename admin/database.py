"""`abri database`: the schema of the database, told and brought forward."""

import typer

from admin.output import AsJson, say, show_json
from admin.settings_of import settings_of
from admin.speaking import _
from davserver.db import schema
from davserver.wiring.opening import clock, open_database
from davserver.wiring.setting_up import first_policy, set_up

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the database to the schema of this version of Abri; make a backup before.

    An empty database (a new PostgreSQL one, named by database.url) is set up from the start.
    """
    settings = settings_of(context)
    set_up(settings, clock())
    first_policy(settings)
    say(_("The database has schema %(head)s.", head=schema.HEAD))


@app.command()
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """The schema that the database has, and the one that this version of Abri needs."""
    db = open_database(settings_of(context))
    try:
        found = schema.revision(db.engines()[0])
    finally:
        db.close()
    if as_json:
        show_json({"schema": found, "needed": schema.HEAD})
    else:
        say(_("schema %(found)s, needed %(head)s", found=found or _("none"), head=schema.HEAD))
