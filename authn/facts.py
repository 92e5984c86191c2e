"""What is known of a person, from one moment: one statement, of which genuine rows alone count."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table

from authn.counts import Count, count_in
from authn.directory_accounts import DirectoryAccount, account_from, confirmed_by, synced
from authn.fact_statements import EVERY, NAMES, PAUSED, PROVED, by_credential, by_login, by_person
from authn.rows import CredentialRow, Row, credential_from, is_genuine, membership_from, person_from
from davserver.db import tables as t
from davserver.db.dependencies import PEOPLE
from davserver.db.prepared import Prepared
from davserver.db.query_cache import lookup, store
from davserver.domain.errors import Unavailable
from davserver.domain.ids import CredentialId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.people import Epoch, Membership, Person
from davserver.sealing.instance import InstanceKeys

_ABSENT = bytes(16)


@lean(frozen=True, slots=True)
class Facts:
    """Only genuine rows; memberships only those that hold."""

    epoch: Epoch
    person: Person | None
    credential: CredentialRow | None
    memberships: tuple[Membership, ...]
    vault: VaultId | None
    account: DirectoryAccount | None = None
    """In the directory of a structure, for those who come from one."""
    paused: frozenset[VaultId] = frozenset()
    pair: Count | None = None
    address: Count | None = None

    def at(self, now: datetime) -> "Facts":
        """Of the memberships those alone that hold then."""
        for one in self.memberships:
            if not one.holds(now):
                held = tuple([m for m in self.memberships if m.holds(now)])
                return replace(self, memberships=held)
        return self


@lean(frozen=True, slots=True)
class Asked:
    """What a sign-in names. `credential` None: the person's password."""

    login_key: str
    credential: CredentialId | None
    pair: bytes
    address: bytes


_Tuple = tuple[Any, ...]


class Genuine:
    """Rows that were found genuine, by their exact bytes: the same bytes need no second proof.

    Nothing is believed for its age: the rows are read in every request, and a changed column makes
    another key. One per process; shared between threads.
    """

    _MOST = 1000

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._known: dict[tuple[object, ...], Facts] = {}

    def facts(
        self,
        rows: Sequence[_Tuple],
        named: Callable[[], Sequence[Row]],
        counts: tuple[Count | None, Count | None] = (None, None),
    ) -> Facts:
        """What genuine rows say of a person; `epoch` is as in the first row. A pause has no MAC: it
        takes a right for a while and gives none. `named`: the same rows by the names of columns.
        """
        key = tuple([row[:PROVED] for row in rows])
        known = self._known.get(key)
        if known is None:
            known = _facts(self._keys, named())
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[key] = known
        revocation, policy, keys = rows[0][PROVED : PROVED + 3]
        return Facts(
            Epoch(revocation, policy, keys), known.person, known.credential, known.memberships,
            known.vault, known.account, _paused(rows), *counts,
        )  # fmt: skip


def facts_of_login(tx: Connection, genuine: Genuine, asked: Asked, now: datetime) -> Facts:
    """One statement. Raises Unavailable when the database holds no instance."""
    values = {
        "login_key": asked.login_key,
        "credential": asked.credential or _ABSENT,
        "pair": asked.pair,
        "address": asked.address,
    }
    return _read(tx, genuine, by_login(app_password=asked.credential is not None), values, now)


def facts_of_person(
    tx: Connection,
    genuine: Genuine,
    person: PersonId,
    credential: CredentialId | None,
    now: datetime,
) -> Facts:
    """One statement. Raises Unavailable when the database holds no instance."""
    values = {"person": person, "credential": credential or _ABSENT}
    return _read(tx, genuine, by_person(), values, now)


def facts_of_holder(
    tx: Connection, genuine: Genuine, credential: CredentialId, now: datetime
) -> Facts:
    """Of whoever has that credential. One statement, also where nobody has. Raises Unavailable."""
    return _read(tx, genuine, by_credential(), {"credential": credential}, now)


def _read(
    tx: Connection, genuine: Genuine, statement: Prepared, values: Row, now: datetime
) -> Facts:
    asked = (statement, *values.values())
    facts: Facts | None = lookup(tx, PEOPLE, asked)
    if facts is None:
        facts = _asked(tx, genuine, statement, values)
        store(tx, PEOPLE, asked, facts)
    return facts.at(now)


def _asked(tx: Connection, genuine: Genuine, statement: Prepared, values: Row) -> Facts:
    rows = statement.tuples(tx, values)
    if not rows:
        raise Unavailable("the database holds no instance yet: run `abri init`", seconds=60)
    return genuine.facts(rows, lambda: statement.named(tx, NAMES, rows), _counts(rows[0]))


def _counts(row: _Tuple) -> tuple[Count | None, Count | None]:
    """Of the pair and of the address, where they were asked for and there are any."""
    there = row[len(EVERY) :]
    if not any(there):
        return None, None
    found = dict(zip(NAMES[len(EVERY) :], there, strict=True))
    return count_in(found, "pair"), count_in(found, "address")


def _facts(keys: InstanceKeys, rows: Sequence[Row]) -> Facts:
    first = rows[0]
    person_row = _part(first, t.person)
    person = person_from(keys, person_row) if person_row else None
    account = _account(keys, first)
    if account is None and first["directory_account__id"] is not None:
        # Whether they are still there cannot be known: nobody would notice that they left.
        person = None
    return Facts(
        epoch=Epoch(first["revocation"], first["policy"], first["keys"]),
        person=person,
        credential=_credential(keys, rows) if person else None,
        memberships=_memberships(keys, rows) if person else (),
        vault=_vault(keys, first) if person else None,
        account=account if person else None,
    )


def _part(row: Row, table: Table) -> dict[str, Any] | None:
    """The columns of one joined table, None where nothing was joined."""
    if row[f"{table.name}__id"] is None:
        return None
    return {column.name: row[f"{table.name}__{column.name}"] for column in table.columns}


def _credential(keys: InstanceKeys, rows: Sequence[Row]) -> CredentialRow | None:
    """The first genuine one: a forged row beside it locks nobody out."""
    for row in _distinct(rows, t.credential):
        found = credential_from(keys, row)
        if found is not None:
            return found
    return None


def _memberships(keys: InstanceKeys, rows: Sequence[Row]) -> tuple[Membership, ...]:
    structures = {row["id"]: row for row in _distinct(rows, t.structure)}
    found = (
        membership_from(keys, row, structures[row["structure_id"]])
        for row in _distinct(rows, t.membership)
        if row["structure_id"] in structures
    )
    return tuple(one for one in found if one is not None)


def _distinct(rows: Sequence[Row], table: Table) -> list[dict[str, Any]]:
    parts = (_part(row, table) for row in rows)
    return list({part["id"]: part for part in parts if part is not None}.values())


def _vault(keys: InstanceKeys, row: Row) -> VaultId | None:
    vault = _part(row, t.vault)
    if vault is None or vault["erased_at"] is not None or not is_genuine(keys, t.vault, vault):
        return None
    return VaultId(vault["id"])


def _account(keys: InstanceKeys, row: Row) -> DirectoryAccount | None:
    """Confirmed when the directory last spoke of them, or of everybody."""
    part, sync = _part(row, t.directory_account), _part(row, t.directory_sync)
    found = account_from(keys, part) if part else None
    everybody = synced(keys, sync) if sync else None
    return confirmed_by(found, everybody) if found else None


def _paused(rows: Sequence[_Tuple]) -> frozenset[VaultId]:
    return frozenset(VaultId(row[PAUSED]) for row in rows if row[PAUSED] is not None)
