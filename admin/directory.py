"""`abri directory`: staff who sign in through the directory of their structure."""

import typer

from admin.directory_report import report

app = typer.Typer(
    help="Directories: staff who come from their structure's LDAP.", no_args_is_help=True
)
app.command()(report)


@app.callback()
def group() -> None:
    """Staff who sign in through their structure's LDAP directory or Active Directory."""
