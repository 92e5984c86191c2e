"""`abri grant`: what beneficiaries share, given and taken back on their behalf."""

from typing import Annotated, Any

import typer

from admin.ids import parse_id
from admin.instants import parse_instant
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath

app = typer.Typer(help="Grants: what beneficiaries share.", no_args_is_help=True)


@app.command()
def add(  # noqa: PLR0913 — what a grant is
    context: typer.Context,
    giver: Annotated[str, typer.Option("--from", metavar="LOGIN", help="Whose vault.")],
    to: Annotated[
        str, typer.Option(metavar="LOGIN|structure:SLUG", help="A professional, or a structure.")
    ],
    path: Annotated[str, typer.Option(help="A folder, with all below it, or a file.")],
    rights: Annotated[
        Right,
        typer.Option(
            help="write includes read; deposit puts documents into a folder and reads none."
        ),
    ],
    until: Annotated[
        str | None, typer.Option(help="Until when; a date alone means the end of that day.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What it is for; the trail keeps it.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Share something of a beneficiary's, on their behalf. Prints the grant's id.

    The trail shows the beneficiary that it was done from here.
    """
    where, ends = DrivePath.parse(path), parse_instant("--until", until)
    with opened(context) as session:
        sharing = session.services.sharing
        made = sharing.add(
            session.acting_for(giver),
            to=sharing.grantee(to),
            path=where,
            right=rights,
            until=ends,
            now=session.now,
            purpose=purpose,
        )
    if as_json:
        show_json(_plain(made))
    else:
        say(made.id.hex())


@app.command()
def end(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As listed.")],
) -> None:
    """End a grant at once: the next request is refused, running transfers stop."""
    grant = GrantId(parse_id("grant", identity))
    with opened(context) as session:
        session.services.sharing.end(session.who, grant, session.now)
    say(f"Grant {identity} has ended.")


@app.command("list")
def show_all(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Every grant ever given, oldest first, with the place where the other side sees it."""
    with opened(context) as session:
        found = session.services.sharing.list(session.who, session.now)
    if as_json:
        show_json([_plain(one) for one in found])
    else:
        show_table(
            ("id", "from", "to", "path", "rights", "until", "state", "seen at"),
            [_row(one) for one in found],
            "Nothing was ever shared: abri grant add",
        )


def _plain(one: GrantView) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "from": one.giver,
        "to": one.to,
        "path": one.path,
        "rights": one.right.value,
        "starts": one.starts,
        "until": one.until,
        "ended": one.ended,
        "state": one.state,
        "seen_at": one.seen_at,
    }


def _row(one: GrantView) -> tuple[str, ...]:
    return (
        one.id.hex(),
        one.giver,
        one.to,
        one.path,
        one.right.value,
        local(one.until),
        one.state,
        one.seen_at,
    )
