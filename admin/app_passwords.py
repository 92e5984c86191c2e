"""`abri app-password`: one password per device, which its owner can take back alone."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from admin.ids import parse_id
from admin.instants import parse_end
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from admin.speaking import N_, _, headings
from admin.words import word
from authn.rows import CredentialRow
from davserver.domain.ids import CredentialId

app = typer.Typer(help="App passwords: one for each device.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="Whose devices.")]


@app.command()
def add(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Option(help="What the owner calls the device.")],
    until: Annotated[
        str | None, typer.Option(help="Until when; a date alone means the end of that day.")
    ] = None,
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="The device may read and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an app password. It is shown once: only its check is kept."""
    ends = parse_end("--until", until)
    with opened(context) as session:
        made = session.services.people.add_app_password(
            session.who, login, name, session.now, read_only=read_only, until=ends
        )
    if as_json:
        show_json({"id": made.id.hex(), "secret": made.text})
    else:
        say(_("App password %(id)s, shown only now:", id=made.id.hex()))
        say(made.text)


@app.command("list")
def show_all(context: typer.Context, login: Login, *, as_json: AsJson = False) -> None:
    """Somebody's app passwords, oldest first, those that are over too."""
    with opened(context) as session:
        found = session.services.people.app_passwords(session.who, login, session.now)
        now = session.now
    show_credentials(found, now, _("%(login)s has no app password.", login=login), as_json=as_json)


@app.command()
def revoke(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As listed.")],
) -> None:
    """Take an app password back: its device is out at the next request."""
    credential = CredentialId(parse_id(N_("app password"), identity))
    with opened(context) as session:
        session.services.people.revoke_app_password(session.who, credential, session.now)
    say(_("App password %(identity)s opens nothing any more.", identity=identity))


def show_credentials(
    found: list[CredentialRow], now: datetime, nothing: str, *, as_json: bool
) -> None:
    """`nothing`: what to say where there is none."""
    if as_json:
        show_json([plain(one, now) for one in found])
    else:
        columns = headings("id", "name", "state", "may", "until", "last used")
        show_table(columns, [table_row(one, now) for one in found], nothing)


def plain(one: CredentialRow, now: datetime) -> dict[str, Any]:
    """For JSON. `last_used` is a day."""
    day = _day(one)
    return {
        "id": one.id.hex(),
        "name": one.label,
        "state": _state(one, now),
        "read_only": one.read_only,
        "created": one.created,
        "until": one.expires,
        "revoked": one.revoked,
        "last_used": day.date().isoformat() if day else None,
    }


def _state(one: CredentialRow, now: datetime) -> str:
    if one.revoked is not None:
        return "revoked"
    return "live" if one.holds(now) else "over"


def _day(one: CredentialRow) -> datetime | None:
    if one.last_used_day is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=one.last_used_day)


def table_row(one: CredentialRow, now: datetime) -> tuple[str, ...]:
    """Under id, name, state, may, until, last used."""
    day = _day(one)
    return (
        one.id.hex(),
        one.label,
        word(_state(one, now)),
        _("read") if one.read_only else _("read and write"),
        local(one.expires),
        day.date().isoformat() if day else _("never"),
    )
