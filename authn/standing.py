"""Whether somebody may sign in with a credential, by the facts of one moment."""

from datetime import datetime

from authn.credentials import CredentialKind
from authn.directory_accounts import Standing
from authn.facts import Facts
from authn.rows import CredentialRow
from davserver.domain.people import AccountState

_ACTIVE = AccountState.ACTIVE
_OF_DIRECTORY = CredentialKind.DIRECTORY


def is_open(facts: Facts) -> bool:
    """Whether the account is there and not blocked, also by the directory that it comes from."""
    person, account = facts.person, facts.account
    if person is None or person.state is not _ACTIVE:
        return False
    return account is None or account.standing is Standing.ACTIVE


def usable(facts: Facts, now: datetime) -> CredentialRow | None:
    """The credential, if its owner may sign in with it now. Whoever comes from a directory is also
    what that one last said of them; a row of theirs that was altered counts as nothing said.
    """
    row, account = facts.credential, facts.account
    if row is None or not is_open(facts):
        return None
    if account is None and row.kind is _OF_DIRECTORY:
        return None
    return row if row.holds(now) else None
