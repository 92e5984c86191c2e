"""`abri affiliation`: which structure accompanies whom, asked and answered on people's behalf."""

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from admin.ids import parse_id
from admin.instants import parse_end
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import Session, opened
from admin.speaking import N_, _, headings, ngettext
from admin.words import word
from davserver.domain.affiliations import Affiliation
from davserver.domain.errors import BadInput
from davserver.domain.ids import RequestId
from davserver.gate.affiliations.affiliating import Finished
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.affiliations.views import AffiliationView, RequestView

app = typer.Typer(
    help="Affiliations: which structure accompanies whom, with their consent.",
    no_args_is_help=True,
)

Identity = Annotated[str, typer.Argument(metavar="ID", help="Of a request, as listed.")]
Structure = Annotated[str, typer.Option(metavar="SLUG", help="The structure.")]


class Side(StrEnum):
    """Who ends an affiliation."""

    OWNER = "owner"
    STRUCTURE = "structure"


@app.command()
def request(
    context: typer.Context,
    by: Annotated[str, typer.Option(metavar="LOGIN", help="The professional who asks.")],
    structure: Structure,
    login: Annotated[str, typer.Option("--for", metavar="LOGIN", help="Whom they ask.")],
    until: Annotated[
        str | None, typer.Option(help="Until when; a date alone means the end of that day.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask a beneficiary to accept a structure. Prints the request's id.

    The answer is the same whether anybody has that login. The code that confirms the request goes
    to the beneficiary alone.
    """
    wish = Wish(structure, login, parse_end("--until", until))
    with opened(context) as session:
        made = session.services.affiliations.request(session.acting_for(by), wish, session.now)
    if as_json:
        show_json(_request(made))
    else:
        say(made.id.hex())


@app.command()
def confirm(
    context: typer.Context,
    identity: Identity,
    owner: Annotated[
        str | None, typer.Option("--as", metavar="LOGIN", help="The beneficiary who says yes.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="LOGIN", help="The professional to whom they gave the code."),
    ] = None,
    *,
    code_stdin: Annotated[
        bool, typer.Option("--code-stdin", help="Take the code from the first line of input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Confirm a request: in the beneficiary's name, or with the code that they were sent.

    A request takes five wrong codes. The beneficiary is told. In their name it is refused with
    `operator.grants: needs-owner`: they say yes on their pages.
    """
    asked = RequestId(parse_id(N_("request"), identity))
    if (owner is None) == (by is None) or code_stdin != (by is not None):
        raise BadInput("say either --as LOGIN, or --by LOGIN with --code-stdin")
    with opened(context) as session:
        made = _confirmed(session, asked, owner, by)
    if as_json:
        show_json({"id": made.id.hex(), "since": made.confirmed, "until": made.ends})
    else:
        say(_confirmation(made))


@app.command()
def refuse(
    context: typer.Context,
    identity: Identity,
    owner: Annotated[
        str, typer.Option("--as", metavar="LOGIN", help="The beneficiary who says no.")
    ],
) -> None:
    """Refuse a request in the beneficiary's name. Both sides are told."""
    asked = RequestId(parse_id(N_("request"), identity))
    with opened(context) as session:
        who = session.acting_for(owner)
        session.services.affiliations.refuse(who, asked, session.now)
    say(_("Request %(identity)s is refused.", identity=identity))


@app.command()
def end(
    context: typer.Context,
    vault: Annotated[str, typer.Option(metavar="LOGIN", help="The beneficiary.")],
    structure: Structure,
    by: Annotated[Side, typer.Option(help="Who ends it; the other side is told.")],
    *,
    as_json: AsJson = False,
) -> None:
    """End an affiliation at once, with every grant to the structure. Grants to its people by name
    stay.
    """
    with opened(context) as session:
        use, now = session.services.affiliations, session.now
        if by is Side.OWNER:
            done = use.leave(session.acting_for(vault), structure, now)
        else:
            done = use.release(session.who, structure, vault, now)
    if as_json:
        show_json({"grants_ended": done.grants, "personal_grants_left": done.personal})
    else:
        say(
            _(
                "%(vault)s and %(structure)s: ended. %(told)s",
                vault=vault,
                structure=structure,
                told=_told(done),
            )
        )


@app.command("list")
def show_all(
    context: typer.Context,
    of: Annotated[
        str | None,
        typer.Option(metavar="LOGIN", help="Only what this person sees; everything if left out."),
    ] = None,
    structure: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Only those of one structure.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Affiliations, and requests for them with the login as it was typed; oldest first."""
    with opened(context) as session:
        who = session.acting_for(of) if of else session.who
        found, asked = session.services.affiliations.list(who, session.now)
    affiliations = [one for one in found if structure in {None, one.structure}]
    requests = [one for one in asked if structure in {None, one.structure}]
    if as_json:
        show_json(
            {
                "affiliations": [_affiliation(one) for one in affiliations],
                "requests": [_request(one) for one in requests],
            }
        )
        return
    show_table(
        headings("affiliation", "vault", "structure", "since", "until", "state"),
        [_row(one) for one in affiliations],
        _("There is no affiliation."),
    )
    say()
    show_table(
        headings("request", "for", "structure", "by", "expires", "state"),
        [_request_row(one) for one in requests],
        _("Nothing was asked for: abri affiliation request"),
    )


def _confirmed(
    session: Session, asked: RequestId, owner: str | None, by: str | None
) -> Affiliation:
    use = session.services.affiliations
    if by is None:
        return use.confirm(session.acting_for(owner or ""), asked, session.now)
    code = sys.stdin.readline().strip()
    return use.confirm_with_code(session.acting_for(by), asked, code, session.now)


def _confirmation(made: Affiliation) -> str:
    return _("Confirmed until %(end)s.", end=local(made.ends)) if made.ends else _("Confirmed.")


def _told(done: Finished) -> str:
    ended = ngettext(
        "%(number)s grant to the structure ended",
        "%(number)s grants to the structure ended",
        done.grants,
    )
    left = ngettext(
        "%(number)s to its people by name remains",
        "%(number)s to its people by name remain",
        done.personal,
    )
    return f"{ended}{_('; ')}{left}."


def _affiliation(one: AffiliationView) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "vault": one.login,
        "structure": one.structure,
        "since": one.since,
        "until": one.until,
        "ended": one.ended,
        "last_activity": one.last_activity,
        "state": one.state.value,
    }


def _request(one: RequestView) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "for": one.login,
        "structure": one.structure,
        "by": one.by,
        "requested": one.requested,
        "expires": one.expires,
        "until": one.until,
        "state": one.state.value,
    }


def _row(one: AffiliationView) -> tuple[str, ...]:
    since, until = local(one.since), local(one.until)
    return (one.id.hex(), one.login, one.structure, since, until, word(one.state))


def _request_row(one: RequestView) -> tuple[str, ...]:
    return (
        one.id.hex(),
        one.login,
        one.structure,
        one.by,
        local(one.expires),
        word(one.state),
    )
