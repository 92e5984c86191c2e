"""`abri trail`: who did what, and whether the record is whole."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.exits import Exit
from admin.ids import LARGEST
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from admin.speaking import _, headings, ngettext
from admin.told import told
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import BadInput
from davserver.gate.people.history import PAGE, Checked
from davserver.trail import ExportedHead

app = typer.Typer(help="The trail: who did what.", no_args_is_help=True)

_MOST = 100_000
_LONG = frozenset({"sha256", "credential", "membership", "from_folder", "source", "inherited"})
"""Details for investigations: in JSON only."""


@app.command()
def show(
    context: typer.Context,
    login: Annotated[
        str | None,
        typer.Argument(help="Whose vault; the instance's own trail if left out."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many entries.")] = PAGE,
    before: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Only entries with a lower number.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """The last entries of a trail, newest last. Looking is an entry of its own."""
    with opened(context) as session:
        found = session.services.history.show(
            session.who, login, session.now, limit=limit, before=before
        )
    if as_json:
        show_json([_plain(one) for one in found])
    else:
        show_table(
            headings("number", "when", "who", "what", "where", "more"),
            [_row(one) for one in found],
            _("The trail is empty."),
        )


@app.command()
def verify(
    context: typer.Context,
    against: Annotated[
        Path | None, typer.Option(help="Heads kept elsewhere, as `abri trail heads` printed them.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check every trail: nothing left out, changed, moved or cut off. The exit code is 7 when
    something is wrong. Only heads kept elsewhere show that a whole database was put back.
    """
    kept = _heads(against) if against else []
    with opened(context) as session:
        checked = session.services.history.check(kept)
    if as_json:
        show_json(
            {
                "findings": [
                    {
                        "vault": one.vault.hex(),
                        "seq": one.seq,
                        "flaw": one.flaw.value,
                        "says": one.text,
                    }
                    for one in checked.findings
                ],
                "trails": len(checked.heads),
                "erased": checked.erased,
            }
        )
    else:
        _tell(checked)
    if checked.findings:
        raise typer.Exit(Exit.FINDINGS)


def _tell(checked: Checked) -> None:
    for one in checked.findings:
        say(
            _(
                "trail %(vault)s, entry %(seq)s: %(says)s (%(flaw)s)",
                vault=one.vault.hex(),
                seq=one.seq,
                says=told(one.text),
                flaw=one.flaw.value,
            )
        )
    checked_trails = ngettext(
        "%(number)s trail checked", "%(number)s trails checked", len(checked.heads)
    )
    whole = "" if checked.findings else _(", all whole")
    lost = ngettext(
        "%(number)s entry lost content", "%(number)s entries lost content", checked.erased
    )
    say(f"{checked_trails}{whole}{_('; ')}{lost}.")


@app.command()
def heads(context: typer.Context) -> None:
    """The end of every trail as JSON, to be kept on another machine for `verify --against`."""
    with opened(context) as session:
        show_json([one.fields() for one in session.services.history.heads()])


def _heads(file: Path) -> list[ExportedHead]:
    """Raises BadInput."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"--against {file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"--against {file}: is not what `abri trail heads` printed") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadInput(f"--against {file}: is not what `abri trail heads` printed")
    return [ExportedHead.from_fields(one) for one in found]


def _plain(one: TrailEntry) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "at": one.at,
        "who": one.who_login,
        "what": one.what,
        "path": one.path,
        "node": one.node,
        "reason": one.reason or None,
        "count": one.count,
        "details": one.details,
    }


def _row(one: TrailEntry) -> tuple[str, ...]:
    what = f"{one.what} ({one.reason})" if one.reason else one.what
    times = _(" %(number)s times", number=one.count) if one.count > 1 else ""
    told = ((key, value) for key, value in sorted(one.details.items()) if key not in _LONG)
    more = ", ".join(f"{key}: {value}" for key, value in told)
    return (str(one.seq or _("open")), local(one.at), one.who_login, what + times, one.path, more)
