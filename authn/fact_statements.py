"""The one statement of a sign-in, by login, person or credential, and the order of its columns.

person ⟕ credential ⟕ vault ⟕ memberships ⟕ structures ⟕ pauses ⟕ account in a directory, beside the
epoch and the throttle's two rows. It is the same statement for somebody who does not exist, so that
its cost tells nothing.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Table,
    and_,
    bindparam,
    or_,
    select,
)

from authn.credentials import CredentialKind
from davserver.db import tables as t
from davserver.db.prepared import Prepared

_pair = t.throttle.alias("pair")
_address = t.throttle.alias("address")
_asked = t.credential.alias("asked")
_PEOPLE: tuple[Table, ...] = (
    t.person,
    t.credential,
    t.vault,
    t.membership,
    t.structure,
    t.directory_account,
    t.directory_sync,
)
_CHANGING = {("vault", "used")} | {
    ("directory_sync", name) for name in ("turn_until", "held", "held_at", "confirmed")
}
_FACTS = [
    column.label(f"{table.name}__{column.name}")
    for table in _PEOPLE
    for column in table.columns
    if (table.name, column.name) not in _CHANGING
]
"""The columns that facts are made of. `used` changes with every write and is not one of them."""
_BESIDE: list[ColumnElement[Any]] = [
    t.epoch.c.revocation,
    t.epoch.c.policy,
    t.epoch.c["keys"],
    t.pace.c.vault_id.label("paused"),
    *(
        t.metadata.tables[table].c[name].label(f"{table}__{name}")
        for table, name in sorted(_CHANGING)
    ),
]
EVERY = [*_FACTS, *_BESIDE]
_COUNTS = [
    column.label(f"{source.name}__{column.name}")
    for source in (_pair, _address)
    for column in source.columns
]
NAMES = tuple(str(column.key) for column in (*EVERY, *_COUNTS))
"""Of the columns of a sign-in's statement, in their order; the other two lack the counts."""
PROVED = len(_FACTS)
"""So many columns come first that facts are made of."""
PAUSED = NAMES.index("paused")


@lru_cache(2)
def by_login(*, app_password: bool) -> Prepared:
    which = (
        and_(_is_kind(CredentialKind.APP_PASSWORD), t.credential.c.id == bindparam("credential"))
        if app_password
        else or_(_is_kind(CredentialKind.PASSWORD), _is_kind(CredentialKind.DIRECTORY))
    )
    joined = _joined(t.person.c.login_key == bindparam("login_key"), which)
    everything = joined.outerjoin(_pair, _pair.c.key == bindparam("pair")).outerjoin(
        _address, _address.c.key == bindparam("address")
    )
    return Prepared(select(*EVERY, *_COUNTS).select_from(everything))


@lru_cache(1)
def by_person() -> Prepared:
    joined = _joined(
        t.person.c.id == bindparam("person"), t.credential.c.id == bindparam("credential")
    )
    return Prepared(select(*EVERY).select_from(joined))


@lru_cache(1)
def by_credential() -> Prepared:
    asked: BindParameter[bytes] = bindparam("credential")
    whose = select(_asked.c.person_id).where(_asked.c.id == asked).scalar_subquery()
    joined = _joined(t.person.c.id == whose, t.credential.c.id == asked)
    return Prepared(select(*EVERY).select_from(joined))


def _joined(which_person: ColumnElement[bool], which: ColumnElement[bool]) -> FromClause:
    """The epoch comes first: its one row is there whoever asks. No answer depends on the time."""
    stands_still = and_(t.pace.c.person_id == t.person.c.id, t.pace.c.paused_at.is_not(None))
    return (
        t.epoch.outerjoin(t.person, which_person)
        .outerjoin(t.credential, and_(t.credential.c.person_id == t.person.c.id, which))
        .outerjoin(t.vault, t.vault.c.owner_id == t.person.c.id)
        .outerjoin(t.membership, t.membership.c.person_id == t.person.c.id)
        .outerjoin(t.structure, t.structure.c.id == t.membership.c.structure_id)
        .outerjoin(t.pace, stands_still)
        .outerjoin(t.directory_account, t.directory_account.c.person_id == t.person.c.id)
        .outerjoin(
            t.directory_sync, t.directory_sync.c.directory == t.directory_account.c.directory
        )
    )


def _is_kind(kind: CredentialKind) -> ColumnElement[bool]:
    return t.credential.c.kind == kind.value
