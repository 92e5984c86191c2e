"""`abri vault`: what vaults weigh, whether they are whole, and getting things back."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from admin import nets
from admin.category import category
from admin.exits import Exit
from admin.ids import LARGEST, parse_id
from admin.output import AsJson, local, say, show_json, show_table, size
from admin.progress import progress
from admin.session import Session, opened
from admin.speaking import N_, _, headings, ngettext
from admin.told import told
from admin.words import word
from davserver.domain.errors import BadInput
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.gate.recovery.vault_views import TrashView, VaultView, VersionView

app = typer.Typer(
    help="Vaults: numbers, checks, versions, trash and safety nets.", no_args_is_help=True
)
app.command("recall")(nets.recall)
app.command("undo")(nets.undo)
app.command("resume")(nets.resume)
app.command()(category)

Owner = Annotated[str, typer.Argument(metavar="LOGIN", help="Whose vault.")]
MaybeOwner = Annotated[
    str | None, typer.Argument(metavar="LOGIN", help="Whose vault; all of them if left out.")
]


@app.command("list")
def show_all(
    context: typer.Context,
    login: MaybeOwner = None,
    path: Annotated[str | None, typer.Option(help="A file of LOGIN's: list its versions.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """All vaults with their sizes; with LOGIN what is in that one's trash; with --path the versions
    of one file, the present one first.
    """
    if path is not None and login is None:
        raise BadInput("--path: say whose file it is: abri vault list LOGIN --path PATH")
    with opened(context) as session:
        if login is None:
            rows, table = _vaults(session), _VAULTS
        elif path is None:
            rows, table = _trash(session, login), _TRASH
        else:
            rows, table = _versions(session, login, DrivePath.parse(path)), _VERSIONS
    if as_json:
        show_json(rows)
    else:
        shown = [tuple(_cell(name, row[name]) for name in table.columns) for row in rows]
        show_table(headings(*table.columns), shown, _(table.nothing))


@app.command()
def check(
    context: typer.Context,
    login: MaybeOwner = None,
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Read and open every content too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare rows, contents and trails. Changes nothing; the exit code is 7 when anything is
    wrong.
    """
    with opened(context) as session, progress(_("Checking vaults")) as tell:
        report = session.services.keeping.check(
            session.who, login, session.now, deep=deep, progress=tell
        )
    if as_json:
        troubles = [asdict(one) for one in report.troubles]
        show_json(
            {"vaults": report.vaults, "stored_bytes": report.stored_bytes, "troubles": troubles}
        )
    else:
        for one in report.troubles:
            whose = one.login or _("instance")
            say(f"{whose}, {told(one.where)}{_(': ')}{told(one.text)} ({one.code})")
        whole = _troubles(len(report.troubles))
        opened_too = _(", every content opened") if deep else ""
        vaults = ngettext("%(number)s vault", "%(number)s vaults", report.vaults)
        say(f"{vaults}, {size(report.stored_bytes)}{_(': ')}{whole}{opened_too}.")
    if report.troubles:
        raise typer.Exit(Exit.FINDINGS)


def _troubles(number: int) -> str:
    if not number:
        return _("all whole")
    return ngettext("%(number)s trouble", "%(number)s troubles", number)


@app.command()
def restore(
    context: typer.Context,
    login: Owner,
    path: Annotated[str | None, typer.Option(help="A file, to go back to --version.")] = None,
    version: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Its number, as listed with --path.")
    ] = None,
    trash: Annotated[
        str | None, typer.Option(metavar="ID", help="Something in the trash, as listed.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Where it shall be; where it was if left out."),
    ] = None,
) -> None:
    """Bring back an older version (--path and --version) or something from the trash (--trash), on
    the owner's behalf. What is there now becomes an older version, nothing is lost.
    """
    with opened(context) as session:
        keeping, who = session.services.keeping, session.acting_for(login)
        match (path, version, trash, to):
            case (str(file), int(number), None, None):
                place = DrivePath.parse(file)
                keeping.restore_version(who, place, number)
            case (None, None, str(identity), _):
                node = NodeId(parse_id(N_("trash"), identity))
                place = keeping.restore_trash(who, node, DrivePath.parse(to) if to else None)
            case _:
                raise BadInput("say either --path and --version, or --trash and perhaps --to")
    say(_("%(place)s is back.", place=place))


class _Table:
    def __init__(self, columns: tuple[str, ...], nothing: str) -> None:
        self.columns = columns
        self.nothing = nothing


_VAULTS = _Table(
    (
        N_("owner"),
        N_("used"),
        N_("quota"),
        N_("folders"),
        N_("files"),
        N_("versions"),
        N_("trash"),
        N_("paused"),
    ),
    N_("There is no vault yet: abri person add LOGIN --role beneficiary"),
)
_TRASH = _Table(
    (N_("id"), N_("path"), N_("kind"), N_("size"), N_("since")), N_("The trash is empty.")
)
_VERSIONS = _Table(
    (N_("version"), N_("size"), N_("author"), N_("written"), N_("replaced")),
    N_("There is no version."),
)


def _vaults(session: Session) -> list[dict[str, Any]]:
    found: list[VaultView] = session.services.keeping.vaults(session.who, session.now)
    return [asdict(one) for one in found]


def _trash(session: Session, login: str) -> list[dict[str, Any]]:
    found: list[TrashView] = session.services.keeping.trash(session.acting_for(login))
    return [
        {
            "id": one.id.hex(),
            "path": str(one.path),
            "kind": one.kind.value,
            "size": one.size,
            "since": one.since,
        }
        for one in found
    ]


def _versions(session: Session, login: str, path: DrivePath) -> list[dict[str, Any]]:
    """`version` is None for the present one, which cannot be restored."""
    who = session.acting_for(login)
    entry = session.services.reading.look(who, path, session.now)
    found: list[VersionView] = session.services.keeping.versions(who, path)
    present = {
        "version": None,
        "size": entry.size,
        "author": None,
        "written": found[0].replaced if found else entry.modified,
        "replaced": None,
    }
    earlier = [
        {
            "version": one.number,
            "size": one.size,
            "author": one.author,
            "written": one.written,
            "replaced": one.replaced,
        }
        for one in found
    ]
    return [present, *earlier]


def _cell(name: str, value: Any) -> str:
    if name in {"used", "quota", "size"}:
        return "-" if value is None else size(value)
    if name in {"since", "written", "replaced"}:
        return local(value)
    if name == "paused":
        return ", ".join(value) or "-"
    if value is None:
        return _("present") if name == "version" else "-"
    return word(value) if name == "kind" else str(value)
