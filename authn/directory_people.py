"""All people who come from one directory, with what they have: four statements, however many."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Select, select

from authn.directory_accounts import DirectoryAccount, accounts_in
from authn.login_name import login_key
from authn.rows import fetch, membership_from, person_from
from davserver.db import tables as t
from davserver.domain.ids import PersonId
from davserver.domain.people import Membership, Person
from davserver.sealing.instance import InstanceKeys

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Holder:
    """`person` None: their row was altered. `memberships`: of any source, past ones too."""

    account: DirectoryAccount
    person: Person | None
    memberships: tuple[Membership, ...]


def holders(tx: Connection, keys: InstanceKeys, directory: str) -> dict[str, Holder]:
    """By the ids of their entries. Accounts whose row was altered are left out."""
    account = t.directory_account
    theirs = select(account.c.person_id).where(account.c.directory == directory)
    people = _people(tx, keys, theirs)
    memberships = _memberships(tx, keys, theirs)
    return {
        one.entry: Holder(one, people.get(one.person), tuple(memberships.get(one.person, ())))
        for one in accounts_in(tx, keys, directory)
    }


def taken(tx: Connection, logins: Collection[str]) -> set[str]:
    """The keys of those that somebody has; altered rows take a login too."""
    found: set[str] = set()
    for some in _batches({login_key(one) for one in logins}):
        wanted = select(t.person.c.login_key).where(t.person.c.login_key.in_(some))
        found.update(tx.execute(wanted).scalars())
    return found


def _people(tx: Connection, keys: InstanceKeys, ids: Select[bytes]) -> dict[PersonId, Person]:
    rows = fetch(tx, select(t.person).where(t.person.c.id.in_(ids)))
    found = (person_from(keys, row) for row in rows)
    return {one.id: one for one in found if one is not None}


def _memberships(
    tx: Connection, keys: InstanceKeys, people: Select[bytes]
) -> dict[PersonId, list[Membership]]:
    structures = {row["id"]: row for row in fetch(tx, select(t.structure))}
    found: dict[PersonId, list[Membership]] = {}
    wanted = select(t.membership).where(t.membership.c.person_id.in_(people))
    for row in fetch(tx, wanted.order_by(t.membership.c.starts)):
        if row["structure_id"] in structures:
            one = membership_from(keys, row, structures[row["structure_id"]])
            if one is not None:
                found.setdefault(PersonId(row["person_id"]), []).append(one)
    return found


def _batches(keys: Collection[str]) -> Iterator[list[str]]:
    every = sorted(keys)
    for at in range(0, len(every), _AT_ONCE):
        yield every[at : at + _AT_ONCE]
