"""The one statement of a sign-in: everything that is known of a person, from one moment.

person ⟕ credential ⟕ vault ⟕ memberships ⟕ structures ⟕ pauses ⟕ account in a directory, beside the
epoch and the throttle's two rows. It is the same statement for somebody who does not exist, so that
its cost tells nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    bindparam,
    or_,
    select,
)

from authn.counts import Count, count_in
from authn.credentials import CredentialKind
from authn.directory_accounts import DirectoryAccount, account_from, confirmed_by, synced
from authn.rows import CredentialRow, Row, credential_from, is_genuine, membership_from, person_from
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.domain.errors import Unavailable
from davserver.domain.ids import CredentialId, PersonId, VaultId
from davserver.domain.people import Epoch, Membership, Person
from davserver.sealing.instance import InstanceKeys

_ABSENT = bytes(16)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sign-in names. `credential` None: the person's password."""

    login_key: str
    credential: CredentialId | None
    pair: bytes
    address: bytes


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
_PROVED = tuple(
    f"{table.name}__{column.name}"
    for table in _PEOPLE
    for column in table.columns
    if (table.name, column.name) not in _CHANGING
)
"""The columns that facts are made of. `used` changes with every write and is not one of them."""
_proved = itemgetter(*_PROVED)


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
        self, rows: Sequence[Row], pair: Count | None = None, address: Count | None = None
    ) -> Facts:
        """What genuine rows say of a person; `epoch` and the throttle are as in the first row. A
        pause has no MAC: it takes a right for a while and gives none.
        """
        key = tuple(map(_proved, rows))
        known = self._known.get(key)
        if known is None:
            known = _facts(self._keys, rows)
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[key] = known
        first = rows[0]
        epoch = Epoch(first["revocation"], first["policy"], first["keys"])
        return Facts(
            epoch, known.person, known.credential, known.memberships, known.vault, known.account,
            _paused(rows), pair, address,
        )  # fmt: skip


def facts_of_login(tx: Connection, genuine: Genuine, asked: Asked, now: datetime) -> Facts:
    """One statement. Raises Unavailable when the database holds no instance."""
    values = {
        "login_key": asked.login_key,
        "credential": asked.credential or _ABSENT,
        "pair": asked.pair,
        "address": asked.address,
        "now": to_us(now),
    }
    statement = _by_login(app_password=asked.credential is not None)
    rows = _required(statement.all(tx, values))
    pair, address = count_in(rows[0], "pair"), count_in(rows[0], "address")
    return genuine.facts(rows, pair, address)


def facts_of_person(
    tx: Connection,
    genuine: Genuine,
    person: PersonId,
    credential: CredentialId | None,
    now: datetime,
) -> Facts:
    """One statement. Raises Unavailable when the database holds no instance."""
    values = {"person": person, "credential": credential or _ABSENT, "now": to_us(now)}
    return genuine.facts(_required(_by_person().all(tx, values)))


def facts_of_holder(
    tx: Connection, genuine: Genuine, credential: CredentialId, now: datetime
) -> Facts:
    """Of whoever has that credential. One statement, also where nobody has. Raises Unavailable."""
    values = {"credential": credential, "now": to_us(now)}
    return genuine.facts(_required(_by_credential().all(tx, values)))


def _required(rows: Sequence[Row]) -> Sequence[Row]:
    if not rows:
        raise Unavailable("the database holds no instance yet: run `abri init`", seconds=60)
    return rows


@lru_cache(2)
def _by_login(*, app_password: bool) -> Prepared:
    which = (
        and_(_is_kind(CredentialKind.APP_PASSWORD), t.credential.c.id == bindparam("credential"))
        if app_password
        else or_(_is_kind(CredentialKind.PASSWORD), _is_kind(CredentialKind.DIRECTORY))
    )
    joined = _joined(t.person.c.login_key == bindparam("login_key"), which)
    everything = joined.outerjoin(_pair, _pair.c.key == bindparam("pair")).outerjoin(
        _address, _address.c.key == bindparam("address")
    )
    return Prepared(select(*_columns((*_PEOPLE, _pair, _address))).select_from(everything))


@lru_cache(1)
def _by_person() -> Prepared:
    joined = _joined(
        t.person.c.id == bindparam("person"), t.credential.c.id == bindparam("credential")
    )
    return Prepared(select(*_columns(_PEOPLE)).select_from(joined))


@lru_cache(1)
def _by_credential() -> Prepared:
    asked: BindParameter[bytes] = bindparam("credential")
    whose = select(_asked.c.person_id).where(_asked.c.id == asked).scalar_subquery()
    joined = _joined(t.person.c.id == whose, t.credential.c.id == asked)
    return Prepared(select(*_columns(_PEOPLE)).select_from(joined))


def _joined(which_person: ColumnElement[bool], which: ColumnElement[bool]) -> FromClause:
    """The epoch comes first: its one row is there whoever asks."""
    now: BindParameter[int] = bindparam("now", type_=BigInteger)
    holds = and_(
        t.membership.c.starts <= now, or_(t.membership.c.ends.is_(None), t.membership.c.ends > now)
    )
    stands_still = and_(t.pace.c.person_id == t.person.c.id, t.pace.c.paused_at.is_not(None))
    return (
        t.epoch.outerjoin(t.person, which_person)
        .outerjoin(t.credential, and_(t.credential.c.person_id == t.person.c.id, which))
        .outerjoin(t.vault, t.vault.c.owner_id == t.person.c.id)
        .outerjoin(t.membership, and_(t.membership.c.person_id == t.person.c.id, holds))
        .outerjoin(t.structure, t.structure.c.id == t.membership.c.structure_id)
        .outerjoin(t.pace, stands_still)
        .outerjoin(t.directory_account, t.directory_account.c.person_id == t.person.c.id)
        .outerjoin(
            t.directory_sync, t.directory_sync.c.directory == t.directory_account.c.directory
        )
    )


def _is_kind(kind: CredentialKind) -> ColumnElement[bool]:
    return t.credential.c.kind == kind.value


def _columns(sources: Iterable[FromClause]) -> list[ColumnElement[Any]]:
    counters = [t.epoch.c[name] for name in ("revocation", "policy", "keys")]
    rest = [
        column.label(f"{source.name}__{column.name}")  # type: ignore[attr-defined]
        for source in sources
        for column in source.columns
    ]
    return [*counters, t.pace.c.vault_id.label("paused"), *rest]


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


def _paused(rows: Sequence[Row]) -> frozenset[VaultId]:
    return frozenset(VaultId(row["paused"]) for row in rows if row["paused"] is not None)
