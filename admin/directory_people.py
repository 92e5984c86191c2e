"""People who come from a directory, as `abri person` tells of them."""

from typing import Any

from admin.output import local
from authn.directory_accounts import DirectoryAccount
from davserver.domain.people import AccountState, Membership, Person, source_of
from davserver.gate.people.accounts import PersonView

_NONE = ("-", "-", "-")


def directory_cells(account: DirectoryAccount | None) -> tuple[str, str, str]:
    """Which directory, what it last said, and when it said so last."""
    if account is None:
        return _NONE
    return account.directory, account.standing.value, local(account.confirmed)


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
        return f"password: {'set' if view.has_password else 'none'}"
    return (
        f"password: in the directory {account.directory}, which says {account.standing.value} "
        f"since {local(account.since)}; last confirmed {local(account.confirmed)}"
    )


def membership_line(one: Membership, account: DirectoryAccount | None) -> str:
    ends = f" until {local(one.ends)}" if one.ends else ""
    line = f"works in {one.structure.slug} since {local(one.starts)}{ends}, {one.source}"
    confirmed = _confirmed(one, account)
    return f"{line}, last confirmed {local(confirmed)}" if confirmed else line


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
        return f"{one.login} is in again."
    return (
        f"No administrator blocks {one.login} any more, but the directory {account.directory} "
        f"does ({account.standing.value}): they are in once it lets them in."
    )


def _confirmed(one: Membership, account: DirectoryAccount | None) -> Any:
    """When the directory last said so; None for what it does not say, or says no more."""
    theirs = account is not None and one.source == source_of(account.directory)
    return account.confirmed if account is not None and theirs and one.ends is None else None
