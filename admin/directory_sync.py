"""`abri directory sync`, `confirm`: looking at all of a directory, saying yes to what waits."""

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from admin.directory_words import in_words
from admin.exits import Exit
from admin.output import AsJson, say, say_changes, show_json, warn
from admin.progress import progress
from admin.session import Session, opened
from admin.speaking import _, ngettext
from admin.told import told
from davserver.domain.errors import BadInput
from davserver.gate.staff.roster import Settled
from davserver.gate.staff.sync_guard import Held
from davserver.gate.staff.synchronising import Outcome, Run

EXITS = {
    Outcome.DONE: Exit.DONE,
    Outcome.HELD: Exit.FINDINGS,
    Outcome.UNKNOWN: Exit.UNAVAILABLE,
    Outcome.BUSY: Exit.UNAVAILABLE,
}
_PATIENCE, _PAUSE = 30.0, 0.25
"""Seconds in which a run of the server ends, usually."""


def sync(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="As config.yaml calls it.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Each directory in config.yaml.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at all of a directory now, and make its people what it says they are; the server does so
    by itself within each `term`. The exit code is 7 when something waits for `abri directory
    confirm` or nothing could be decided for somebody, 8 when the directory did not say everything:
    then nothing has changed.
    """
    if (name is None) is not every:
        raise BadInput("name one directory, or --all")
    with opened(context) as session:
        care = session.services.looking_after.care
        runs = [
            _run(session, one, dry_run=dry_run) for one in (care.names if every else [name or ""])
        ]
        slugs = _slugs(session)
    if as_json:
        told = [_plain(one, slugs, dry_run=dry_run) for one in runs]
        show_json(told if every else told[0])
    else:
        for one in runs:
            _tell(one, slugs, dry_run=dry_run)
        if not runs:
            say(_("There is no directory in config.yaml."))
    _end(runs)


def confirm(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As config.yaml calls it.")],
    digest: Annotated[
        str, typer.Argument(help="As `abri directory show` printed it: yes to that and no other.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say yes to a synchronisation that waits because it would end much at once, and do it. What is
    found to be otherwise by now waits again.
    """
    with opened(context) as session:
        care = session.services.looking_after.care
        care.confirm(session.who, name, session.now, digest)
        run = _run(session, name, dry_run=False)
        slugs = _slugs(session)
    if as_json:
        show_json(_plain(run, slugs, dry_run=False))
    else:
        _tell(run, slugs, dry_run=False)
    _end([run])


def _run(session: Session, name: str, *, dry_run: bool) -> Run:
    care, who, now = session.services.looking_after.care, session.who, session.now
    if dry_run:
        return care.foresee(who, name, now)
    with progress(_("Synchronising %(name)s", name=name)) as tell:
        return _patiently(lambda: care.synchronise(who, name, now, tell))


def _patiently(run: Callable[[], Run]) -> Run:
    """Where the server is at it, soon after that."""
    deadline = time.monotonic() + _PATIENCE
    found = run()
    while found.outcome is Outcome.BUSY and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        found = run()
    return found


def _slugs(session: Session) -> dict[bytes, str]:
    structures = session.services.people.structures(session.who, session.now)
    return {bytes(one.id): one.slug for one in structures}


def _end(runs: list[Run]) -> None:
    codes = [EXITS[one.outcome] for one in runs]
    codes += [Exit.FINDINGS for one in runs if one.problems]
    worst = max(codes, default=Exit.DONE)
    if worst is not Exit.DONE:
        raise typer.Exit(worst)


# ── for people ──────────────────────────────────────────────────────────────────────────────────


def _tell(run: Run, slugs: dict[bytes, str], *, dry_run: bool) -> None:
    if run.outcome is Outcome.UNKNOWN:
        warn(
            _(
                "%(directory)s: it did not say everything, and nothing was changed: %(why)s",
                directory=run.directory,
                why=told(run.why),
            )
        )
        return
    if run.outcome is Outcome.BUSY:
        warn(
            _(
                "%(directory)s: another process looks at it; try again in a minute",
                directory=run.directory,
            )
        )
        return
    _tell_people(run)
    say_changes(in_words(run.done))
    if not run.done:
        say(_("Nothing is to be changed."))
    elif dry_run:
        say(_("Nothing of this was done: it was a dry run."))
    for line in (*in_words(run.remarks), *(f"! {told(one)}" for one in run.problems)):
        say(line)
    if run.held:
        _tell_held(run.directory, run.held, slugs)


def _tell_people(run: Run) -> None:
    if run.people is None:
        say(
            _(
                "%(directory)s: no line of directory-groups.csv is about it, so it gives no place.",
                directory=run.directory,
            )
        )
    else:
        say(
            ngettext(
                "%(directory)s: %(number)s person is in its groups.",
                "%(directory)s: %(number)s people are in its groups.",
                run.people,
                directory=run.directory,
            )
        )


def _tell_held(name: str, held: Held, slugs: dict[bytes, str]) -> None:
    for structure, lost in held.by_structure.items():
        where = _(" outside of structures")
        if structure:
            where = _(" in %(slug)s", slug=slugs.get(structure, structure.hex()))
        say(
            _(
                "%(lost)s of %(people)s places%(where)s would end: that waits.",
                lost=lost,
                people=held.people[structure],
                where=where,
            )
        )
    say(
        _(
            "See them: abri directory show %(name)s. If it is right: abri directory "
            "confirm %(name)s",
            name=name,
        )
    )


# ── for scripts ─────────────────────────────────────────────────────────────────────────────────


def _plain(run: Run, slugs: dict[bytes, str], *, dry_run: bool) -> dict[str, Any]:
    return {
        "directory": run.directory,
        "outcome": run.outcome.value,
        "dry_run": dry_run,
        "at": run.at,
        "people": run.people,
        "changes": [_change(one) for one in run.done],
        "remarks": [_change(one) for one in run.remarks],
        "problems": list(run.problems),
        "why": run.why or None,
        "waiting": _waiting(run.held, slugs) if run.held else None,
    }


def _change(one: Settled) -> dict[str, Any]:
    return {
        "what": one.became.value,
        "login": one.login,
        "person": one.person,
        "says": one.says or None,
        "structure": one.structure or None,
    }


def _waiting(held: Held, slugs: dict[bytes, str]) -> dict[str, Any]:
    return {
        "digest": held.digest,
        "structures": [
            {
                "structure": slugs.get(where) if where else None,
                "ends": lost,
                "of": held.people[where],
            }
            for where, lost in held.by_structure.items()
        ],
    }
