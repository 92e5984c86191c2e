"""`abri directory`: staff who sign in through the directory of their structure."""

import typer

from admin.directory_check import add_check, check
from admin.directory_report import report
from admin.directory_show import show
from admin.directory_sync import confirm, sync

app = typer.Typer(
    help="Directories: staff who come from their structure's LDAP.", no_args_is_help=True
)
for name, command in (
    ("add-check", add_check),
    ("check", check),
    ("sync", sync),
    ("show", show),
    ("confirm", confirm),
    ("report", report),
):
    app.command(name)(command)
