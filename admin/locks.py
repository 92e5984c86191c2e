"""`abri lock`: who holds which document, and taking a lock away."""

import html
import re
from typing import Annotated, Any

import typer
from sqlalchemy import select

from admin.ids import parse_id
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import Session, opened
from admin.speaking import N_, _, headings
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.errors import NotLocked
from davserver.domain.ids import LockId
from davserver.gate.recovery.vault_views import HeldLock

_TAG = re.compile(r"<[^>]*>")
"""What a program wrote about itself is an XML element (RFC 4918 §14.17); people read its text."""

app = typer.Typer(help="Locks that programs hold on documents.", no_args_is_help=True)


@app.command("list")
def show_all(
    context: typer.Context,
    login: Annotated[
        str | None, typer.Argument(metavar="LOGIN", help="Whose vault; all if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """The live locks, by vault and path. The owners' trails show that somebody looked."""
    with opened(context) as session:
        owners = [login] if login else _owners_with_locks(session)
        found = [
            _plain(owner, one)
            for owner in owners
            for one in session.services.keeping.locks(session.acting_for(owner))
        ]
    if as_json:
        show_json(found)
    else:
        show_table(
            headings("id", "vault", "path", "held by", "program", "kind", "until"),
            [_row(one) for one in found],
            _("Nothing is locked."),
        )


@app.command("break")
def take_away(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As listed.")],
) -> None:
    """Take a lock away on the owner's behalf. Whoever holds it is told at their next write."""
    lock = LockId(parse_id(N_("lock"), identity))
    with opened(context) as session:
        owner = _owner_of(session, lock)
        broken = session.services.keeping.break_lock(session.acting_for(owner), lock)
    path = broken.path or _("it")
    say(_("%(holder)s holds %(path)s no longer.", holder=broken.holder, path=path))


def _owners_with_locks(session: Session) -> list[str]:
    live = t.lock.c.expires_at > to_us(session.now)
    with session.services.db.read() as tx:
        vaults = set(tx.execute(select(t.lock.c.vault_id).where(live)).scalars())
    return [
        one.owner
        for one in session.services.keeping.vaults(session.who, session.now)
        if one.id in vaults and one.owner
    ]


def _owner_of(session: Session, lock: LockId) -> str:
    with session.services.db.read() as tx:
        wanted = select(t.lock.c.vault_id).where(t.lock.c.id == lock)
        vault = tx.execute(wanted).scalar()
    for one in session.services.keeping.vaults(session.who, session.now):
        if vault is not None and one.id == vault:
            return one.owner
    raise NotLocked("there is no such lock; it may have run out by itself")


def _plain(owner: str, one: HeldLock) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "vault": owner,
        "path": str(one.path) if one.path else None,
        "holder": one.holder,
        "program": html.unescape(_TAG.sub("", one.owner)).strip(),
        "exclusive": one.exclusive,
        "deep": one.deep,
        "until": one.expires,
    }


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    kind = _("exclusive") if one["exclusive"] else _("shared")
    return (
        one["id"],
        one["vault"],
        one["path"] or "-",
        one["holder"],
        one["program"],
        _("%(kind)s, all below", kind=kind) if one["deep"] else kind,
        local(one["until"]),
    )
