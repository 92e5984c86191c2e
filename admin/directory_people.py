"""People who come from a directory, as `abri person` tells of them."""

from typing import Any

from admin.output import local
from admin.speaking import _
from admin.words import word
from authn.directory_accounts import DirectoryAccount
from davserver.domain.people import AccountState, Membership, Person, source_of
from davserver.gate.people.accounts import PersonView

_NONE = ("-", "-", "-")


def directory_cells(account: DirectoryAccount | None) -> tuple[str, str, str]:
    """Which directory, what it last said, and when it said so last."""
    if account is None:
        return _NONE
    return account.directory, word(account.standing), local(account.confirmed)


def directory_plain(account: DirectoryAccount | None) -> dict[str, Any]:
    if account is None:
        return {"directory": None}
    said = {
        "name": account.directory,
        "entry": account.entry,
        "says": account.standing.value,
        "since": account.since,
        "confirmed": account.confirmed,
    }
    return {"directory": said}


def password_line(view: PersonView) -> str:
    account = view.account
    if account is None:
        return _("password: set") if view.has_password else _("password: none")
    return _(
        "password: in the directory %(directory)s, which says %(standing)s since %(since)s; last "
        "confirmed %(confirmed)s",
        directory=account.directory,
        standing=word(account.standing),
        since=local(account.since),
        confirmed=local(account.confirmed),
    )


def membership_line(one: Membership, account: DirectoryAccount | None) -> str:
    line = _(
        "works in %(slug)s since %(starts)s", slug=one.structure.slug, starts=local(one.starts)
    )
    if one.ends:
        line += _(" until %(ends)s", ends=local(one.ends))
    line += f", {word(one.source)}"
    confirmed = _confirmed(one, account)
    return line + (_(", last confirmed %(moment)s", moment=local(confirmed)) if confirmed else "")


def membership_plain(one: Membership, account: DirectoryAccount | None) -> dict[str, Any]:
    return {
        "structure": one.structure.slug,
        "from": one.starts,
        "until": one.ends,
        "source": one.source,
        "confirmed": _confirmed(one, account),
    }


def enabled_line(one: Person, account: DirectoryAccount | None) -> str:
    if one.state is AccountState.ACTIVE or account is None:
        return _("%(login)s is in again.", login=one.login)
    return _(
        "No administrator blocks %(login)s any more, but the directory %(directory)s "
        "does (%(standing)s): they are in once it lets them in.",
        login=one.login,
        directory=account.directory,
        standing=word(account.standing),
    )


def _confirmed(one: Membership, account: DirectoryAccount | None) -> Any:
    """When the directory last said so; None for what it does not say, or says no more."""
    theirs = account is not None and one.source == source_of(account.directory)
    return account.confirmed if account is not None and theirs and one.ends is None else None
