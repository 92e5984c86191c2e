"""`abri policy status | apply | rollback`: which rules are in force, and putting others there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from admin.exits import Exit
from admin.ids import LARGEST
from admin.output import AsJson, local, say, show_json, show_table, warn
from admin.policy_approve import As, PasswordStdin
from admin.policy_mistakes import problem_told
from admin.session import opened
from admin.settings_of import settings_of
from admin.sign_in import signed_in
from admin.speaking import N_, _, headings, ngettext
from admin.words import word
from davserver.gate.policy.rulebook import Examined, Generation, Pending, Status, Verdict
from davserver.wiring.policy import read_policy

SENTENCES: dict[Verdict, str] = {
    Verdict.IN_FORCE: N_("The files are what is in force."),
    Verdict.WAITING: N_("The files are sound and wait: `abri policy apply` puts them in force."),
    Verdict.REFUSED: N_("The files cannot be used; what was in force before stays in force."),
    Verdict.NEEDS_APPROVAL: N_(
        "The files are sound, widen access, and wait for two administrators: `abri "
        "policy approve` shows what they change."
    ),
    Verdict.FAILED: N_(
        "The files do not do what is asked of them; what was in force stays in force."
    ),
    Verdict.UNSIGNED: N_(
        "The files are not signed as policy.signers asks; what was in force before stays in force."
    ),
    Verdict.HELD: N_(
        "The files are those that a rollback took out of force. Correct them, or put "
        "them in force again with `abri policy apply`."
    ),
}
"""What a folder is, for whoever edits it."""

WELL = frozenset({Verdict.IN_FORCE, Verdict.WAITING, Verdict.NEEDS_APPROVAL, Verdict.HELD})
"""Nothing needs to be repaired; with any other the exit code says that something was found."""


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Which rules are in force, since when, and what the files in the folder of config.yaml are.

    The exit code is 7 when the files cannot be used, or when only owners are served.
    """
    where = settings_of(context).policies
    with opened(context) as session:
        found = session.services.rulebook.status(read_policy(where))
    if as_json:
        show_json(_plain(found))
    else:
        _say(where, found)
    if found.rules is None or found.folder.verdict not in WELL:
        raise typer.Exit(Exit.FINDINGS)


def apply(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="The files; the folder of config.yaml if left out.")
    ] = None,
    login: As = None,
    *,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Put policy files in force now: every request that begins from then on is decided by them.

    Where two administrators are asked for, --as says who is the first.
    """
    where = folder or settings_of(context).policies
    with opened(context) as session:
        who = signed_in(session, login, from_stdin=password_stdin) if login else session.who
        found = session.services.rulebook.apply(read_policy(where), who, session.now)
    if as_json:
        show_json(_plain_examined(found))
    else:
        tell(where, found)
    if found.verdict is not Verdict.IN_FORCE:
        raise typer.Exit(Exit.CONFIGURATION)


def rollback(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(min=1, max=LARGEST, help="Which generation; the one before if left out."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Go back to rules that were in force before. The files in the folder stay as they are, and are
    not put in force by themselves until somebody changes them.
    """
    where = settings_of(context).policies
    with opened(context) as session:
        back = session.services.rulebook.bring_back
        made = back(number, read_policy(where), session.who, session.now)
    if as_json:
        show_json(_plain_generation(made))
        return
    say(
        _(
            "Generation %(number)s is in force: the rules of generation %(brought_back)s again.",
            number=made.number,
            brought_back=made.brought_back,
        )
    )


def tell(where: Path, found: Examined) -> None:
    """What a folder is, and every problem in it, for people."""
    if found.verdict is Verdict.IN_FORCE:
        say(
            _(
                "Generation %(number)s is in force: the files of %(where)s.",
                number=found.number,
                where=where,
            )
        )
        return
    warn(f"{where}{_(': ')}{_(SENTENCES[found.verdict])}")
    for one in found.problems:
        warn(f"{_('error')}{_(': ')}{where}/{problem_told(one)}")


def _say(where: Path, found: Status) -> None:
    if found.number == 0:
        say(_("No policy was ever put in force: only owners are served."))
    elif found.serving is None:
        say(
            _(
                "Generation %(number)s was altered in the database: only owners are served.",
                number=found.number,
            )
        )
    else:
        one = found.serving
        say(
            _(
                "Generation %(number)s is in force since %(created)s (%(digest)s).",
                number=one.number,
                created=local(one.created),
                digest=one.digest[:12],
            )
        )
        if one.signed is not None:
            say(_("It was signed on %(signed)s.", signed=local(one.signed)))
        if found.rules is None:
            say(_("This version of Abri cannot use it: only owners are served."))
    if found.pending is not None:
        say(_waits(found.pending))
    say(f"{where}{_(': ')}{_(SENTENCES[found.folder.verdict])}")
    for problem in found.folder.problems:
        say(f"{_('error')}{_(': ')}{where}/{problem_told(problem)}")
    say()
    show_table(
        headings("generation", "since", "by", "files"),
        [(_number(one), local(one.created), _origin(one), one.digest[:12]) for one in found.kept],
        _("No generation is kept."),
    )


def _waits(one: Pending) -> str:
    said = ngettext(
        "%(number)s of %(needed)s administrators said yes",
        "%(number)s of %(needed)s administrators said yes",
        one.approvals,
        needed=one.needed,
    )
    return _("%(digest)s waits for approval: %(said)s.", digest=one.proposal.digest[:12], said=said)


def _number(one: Generation) -> str:
    return str(one.number)


def _origin(one: Generation) -> str:
    back = (
        _(" of %(brought_back)s", brought_back=one.brought_back)
        if one.brought_back is not None
        else ""
    )
    return f"{word(one.origin)}{back}"


def _plain(found: Status) -> dict[str, Any]:
    return {
        "in_force": found.number,
        "usable": found.rules is not None,
        "rules": found.rules,
        "waits": None
        if found.pending is None
        else {
            "digest": found.pending.proposal.digest,
            "approvals": found.pending.approvals,
            "needed": found.pending.needed,
        },
        "folder": _plain_examined(found.folder),
        "generations": [_plain_generation(one) for one in found.kept],
    }


def _plain_examined(found: Examined) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "in_force": found.number,
        "problems": list(found.problems),
    }


def _plain_generation(one: Generation) -> dict[str, Any]:
    return {
        "number": one.number,
        "digest": one.digest,
        "origin": one.origin.value,
        "brought_back": one.brought_back,
        "signed": one.signed,
        "since": one.created,
    }
