"""`abri vault recall|undo|resume`: taking back what was misfiled or changed by the dozen."""

from dataclasses import asdict
from typing import Annotated

import typer

from admin.instants import parse_moment
from admin.output import AsJson, local, say, show_json, size
from admin.session import opened
from admin.speaking import NN_, _, ngettext
from admin.told import told
from admin.words import word
from davserver.domain.paths import DrivePath
from davserver.gate.recovery.undone import WHY_TEXTS, Act, UndoReport

Owner = Annotated[str, typer.Argument(metavar="LOGIN", help="Whose vault.")]
By = Annotated[str, typer.Option("--by", metavar="LOGIN", help="Whose changes.")]

_COUNTED: dict[Act, tuple[str, str]] = {
    Act.CONTENT: NN_("%(number)s content is as it was", "%(number)s contents are as they were"),
    Act.PLACE: NN_(
        "%(number)s name or place is as it was", "%(number)s names and places are as they were"
    ),
    Act.BROUGHT_BACK: NN_(
        "%(number)s came back out of the trash", "%(number)s came back out of the trash"
    ),
    Act.TRASHED: NN_(
        "%(number)s new one went to the owner's trash",
        "%(number)s new ones went to the owner's trash",
    ),
}


def recall(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", metavar="LOGIN", help="Who put it there.")],
    path: Annotated[str, typer.Option(help="Where it is, or was, on their drive.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Erase a misfiled document on behalf of whoever put it there: while the recall window is open,
    and nobody else has opened it or written a version of it. Both trails keep that it was there.
    """
    with opened(context) as session:
        done = session.services.nets.recall(session.acting_for(by), DrivePath.parse(path))
    if as_json:
        show_json(asdict(done))
    else:
        say(
            _(
                "%(path)s (%(size)s, of %(deposited)s) is erased.",
                path=done.path,
                size=size(done.size),
                deposited=local(done.deposited),
            )
        )


def undo(
    context: typer.Context,
    login: Owner,
    by: By,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="ISO8601",
            help="From when on; a date alone means its beginning. What led to their pause if left"
            " out.",
        ),
    ] = None,
    *,
    keep_paused: Annotated[
        bool, typer.Option("--keep-paused", help="Their changes stay paused afterwards.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take back what somebody changed in LOGIN's vault, on the owner's behalf: contents, names and
    places are as they were, new things are in the trash. Nothing is lost: what was there is kept as
    a version. Then their pause is lifted.
    """
    moment = parse_moment("--since", since)
    with opened(context) as session:
        nets, who = session.services.nets, session.acting_for(login)
        if dry_run:
            report = nets.preview(who, by, since=moment)
        else:
            report = nets.undo(who, by, since=moment, keep_paused=keep_paused)
    if as_json:
        show_json(asdict(report) | {"dry_run": dry_run})
    else:
        _tell(report, by, dry_run=dry_run)


def resume(context: typer.Context, login: Owner, by: By) -> None:
    """Let somebody's paused changes in LOGIN's vault go on, on the owner's behalf. Nothing is taken
    back.
    """
    with opened(context) as session:
        session.services.nets.resume(session.acting_for(login), by)
    say(_("%(by)s may change documents of %(login)s again.", by=by, login=login))


def _tell(report: UndoReport, by: str, *, dry_run: bool) -> None:
    for one in report.done:
        was = _(" (was %(was)s)", was=one.was) if one.was != one.path else ""
        say(f"{word(one.act)}{_(': ')}{one.path}{was}")
    for left in report.left:
        say(_("left: %(path)s: %(why)s", path=left.path, why=told(WHY_TEXTS[left.why])))
    counts = ((act, report.count(act)) for act in _COUNTED)
    many = [ngettext(*_COUNTED[act], count) for act, count in counts if count]
    done = ", ".join(many) or _("nothing")
    more = _(", and more") if report.more else ""
    since = local(report.since)
    if dry_run:
        say(
            _(
                "Would be done, from %(since)s on: %(done)s%(more)s.",
                since=since,
                done=done,
                more=more,
            )
        )
    else:
        say(_("Done, from %(since)s on: %(done)s%(more)s.", since=since, done=done, more=more))
    if report.paused:
        say(_("The changes of %(by)s are still paused.", by=by))
    else:
        say(_("The changes of %(by)s are not paused.", by=by))
