"""`abri grant`: what beneficiaries share, given, renewed and taken back on their behalf."""

from typing import Annotated, Any

import typer

from admin import offers
from admin.ids import parse_id
from admin.instants import coming, parse_end, parse_moment
from admin.offers import show_waiting
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from admin.speaking import N_, _, headings, ngettext
from admin.why import why
from admin.words import word
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.ids import GrantId, OfferId
from davserver.domain.paths import DrivePath
from davserver.gate.sharing.offer_views import OfferView
from davserver.gate.sharing.offers import Wish

app = typer.Typer(help="Grants: what beneficiaries share.", no_args_is_help=True)

app.command()(why)

_GIVER = "Whose vault; or a professional, who shares on what is at --path of their own drive."
_TO = "A professional, a structure, or whoever shows that code for sharing."
_STARTS = "From when; a date alone means its beginning. Now if left out."
_UNTIL = "Until when; a date alone means the end of that day."
_PURPOSE = "What it is for: all under one purpose can be ended together."
_RIGHTS = "write includes read; deposit puts documents into a folder and reads none."
_NONE = "none"


@app.command()
def add(  # noqa: PLR0913 — what a grant is
    context: typer.Context,
    giver: Annotated[str, typer.Option("--from", metavar="LOGIN", help=_GIVER)],
    to: Annotated[str, typer.Option(metavar="LOGIN|structure:SLUG|CODE", help=_TO)],
    path: Annotated[str, typer.Option(help="A folder, with all below it, or a file.")],
    rights: Annotated[Right, typer.Option(help=_RIGHTS)],
    starts: Annotated[str | None, typer.Option(metavar="ISO8601", help=_STARTS)] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO8601", help=_UNTIL)] = None,
    purpose: Annotated[str, typer.Option(help=_PURPOSE)] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Share something of a beneficiary's, on their behalf. Prints the grant's id.

    The trail shows the beneficiary that it was done from here. With `operator.grants: needs-owner`
    it waits until they say yes on their pages: then the id is that of an offer, and the exit code
    is 11.
    """
    where, ends = DrivePath.parse(path), parse_end("--until", until)
    begins = parse_moment("--starts", starts)
    with opened(context) as session:
        to_whom = session.services.sharing.grantee(to)
        begins = coming(begins, starts, session.now)
        wish = Wish(to_whom, where, rights, begins, ends, purpose)
        made = session.services.offers.share(session.acting_for(giver), wish, session.now)
    if isinstance(made, OfferView):
        show_waiting(made, as_json=as_json)
    if as_json:
        show_json(_plain(made))
    else:
        say(made.id.hex())


@app.command()
def renew(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As listed.")],
    until: Annotated[
        str,
        typer.Option(
            metavar="ISO8601|none", help="The new end, later or earlier; none: nothing ends it."
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Move the end of a grant that is not over. Its place on the other side's drive stays.

    With `operator.grants: needs-owner` a later end waits as a new grant does.
    """
    grant = GrantId(parse_id(N_("grant"), identity))
    ends = None if until == _NONE else parse_end("--until", until)
    with opened(context) as session:
        view = session.services.offers.renew(session.who, grant, ends, session.now)
    if isinstance(view, OfferView):
        show_waiting(view, as_json=as_json)
    if as_json:
        show_json(_plain(view))
    elif view.until is None:
        say(_("Grant %(identity)s lasts until somebody ends it.", identity=identity))
    else:
        say(
            _(
                "Grant %(identity)s lasts until %(until)s.",
                identity=identity,
                until=local(view.until),
            )
        )


@app.command()
def end(
    context: typer.Context,
    identity: Annotated[str | None, typer.Argument(metavar="ID", help="As listed.")] = None,
    giver: Annotated[
        str | None,
        typer.Option("--from", metavar="LOGIN", help="Whose vault, with --purpose or --to."),
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="End all that was given for this.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="LOGIN|structure:SLUG", help="End all that they have.")
    ] = None,
) -> None:
    """End a grant at once, or several together: the next request is refused, running transfers
    stop, and what was shared on from it ends too. What waits for its owner's yes is taken back.
    """
    match (identity, giver, purpose or to):
        case (str(text), None, None):
            say(_end_one(context, text))
        case (None, str(login), str()):
            number = _end_all(context, login, purpose, to)
            say(ngettext("%(number)s grant has ended.", "%(number)s grants have ended.", number))
        case _:
            raise BadInput("say either ID, or --from with --purpose, --to or both")


def _end_one(context: typer.Context, text: str) -> str:
    """What became of it: a grant, or an offer. Raises NotFound."""
    one = parse_id(N_("grant"), text)
    with opened(context) as session:
        try:
            session.services.sharing.end(session.who, GrantId(one), session.now)
        except NotFound as nothing:
            try:
                session.services.offers.end(session.who, OfferId(one), session.now)
            except NotFound:
                raise nothing from None
            return _("%(text)s was taken back: its owner is not asked any more.", text=text)
    return _("Grant %(text)s has ended.", text=text)


def _end_all(context: typer.Context, login: str, purpose: str | None, to: str | None) -> int:
    with opened(context) as session:
        sharing = session.services.sharing
        grantee = sharing.grantee(to) if to else None
        who = session.acting_for(login)
        return len(sharing.end_all(who, session.now, purpose=purpose, to=grantee))


@app.command("list")
def show_all(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Every grant ever given, oldest first, with the place where the other side sees it; then what
    waits for its owner's yes, or did a while ago.
    """
    with opened(context) as session:
        found = session.services.sharing.list(session.who, session.now)
        asked = session.services.offers.list(session.who, session.now)
    if as_json:
        show_json([*map(_plain, found), *map(offers.plain, asked)])
    else:
        show_table(
            headings(
                "id",
                "from",
                "to",
                "path",
                "rights",
                "starts",
                "until",
                "state",
                "purpose",
                "parent",
                "seen at",
            ),
            [*map(_row, found), *map(offers.row, asked)],
            _("Nothing was ever shared: abri grant add"),
        )


def _plain(one: GrantView) -> dict[str, Any]:
    return {
        "kind": "grant",
        "id": one.id.hex(),
        "from": one.giver,
        "to": one.to,
        "path": one.path,
        "rights": one.right.value,
        "starts": one.starts,
        "until": one.until,
        "ended": one.ended,
        "state": one.state,
        "left": one.left or None,
        "left_at": one.left_at,
        "purpose": one.purpose,
        "parent": one.parent.hex() if one.parent else None,
        "seen_at": one.seen_at,
    }


def _row(one: GrantView) -> tuple[str, ...]:
    return (
        one.id.hex(),
        one.giver,
        one.to,
        one.path,
        word(one.right),
        local(one.starts),
        local(one.until),
        _("%(state)s: left %(left)s", state=word(one.state), left=one.left)
        if one.left
        else word(one.state),
        one.purpose or "-",
        one.parent.hex() if one.parent else "-",
        one.seen_at,
    )
