"""`abri policy approve`: the second pair of eyes on a change that widens access."""

from typing import Annotated

import typer

from admin.output import AsJson, local, say, say_changes, show_json
from admin.session import opened
from admin.sign_in import signed_in
from admin.speaking import _
from davserver.domain.errors import BadInput
from davserver.gate.policy.rulebook import Approved, Diff, Proposal
from davserver.wiring.comparing import as_lines

As = Annotated[
    str | None, typer.Option("--as", metavar="LOGIN", help="An administrator, who signs in.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def approve(
    context: typer.Context,
    digest: Annotated[
        str | None, typer.Argument(help="Of the set that waits, or its beginning, as shown.")
    ] = None,
    login: As = None,
    *,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Show the change that waits for two administrators, or, with its digest and --as, say yes to
    it. With the second yes it comes into force.
    """
    if digest is None:
        _show(context, as_json=as_json)
        return
    if login is None:
        raise BadInput("--as LOGIN says which administrator approves it")
    with opened(context) as session:
        who = signed_in(session, login, from_stdin=password_stdin)
        done = session.services.rulebook.approve(digest, who, session.now)
    if as_json:
        show_json({"digest": done.digest, "approvals": done.approvals, "in_force": done.number})
    else:
        say(_told(done))


def _told(done: Approved) -> str:
    if done.number is not None:
        return _(
            "Approved by %(approvals)s administrators. Generation %(number)s is in force.",
            approvals=done.approvals,
            number=done.number,
        )
    return _("Approved by one administrator. Another one has to approve it too.")


def _show(context: typer.Context, *, as_json: bool) -> None:
    with opened(context) as session:
        found = session.services.rulebook.proposed()
    if as_json:
        show_json(None if found is None else _plain(*found))
    elif found is None:
        say(_("Nothing waits for approval."))
    else:
        _tell(*found)


def _tell(proposal: Proposal, diff: Diff) -> None:
    say(
        _(
            "%(digest)s waits since %(created)s. It would change:",
            digest=proposal.digest[:12],
            created=local(proposal.created),
        )
    )
    say()
    say_changes(as_lines(diff))
    say()
    say(_("To approve it: abri policy approve %(digest)s --as LOGIN", digest=proposal.digest[:12]))


def _plain(proposal: Proposal, diff: Diff) -> dict[str, object]:
    return {
        "digest": proposal.digest,
        "instead_of": proposal.instead_of,
        "since": proposal.created,
        "changes": list(as_lines(diff)),
    }
