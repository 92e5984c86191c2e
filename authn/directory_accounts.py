"""Rows of accounts in structures' directories ↔ what they mean. Altered rows count as absent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, select, update

from authn.rows import fetch, is_genuine, with_mac
from davserver.db import tables as t
from davserver.db.clock import from_us, to_us
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId
from davserver.sealing.instance import InstanceKeys


class Standing(StrEnum):
    """What a directory last said of somebody; the words of the column `directory_account.state`.

    `NO_GROUP`: there, but in no group that directory-groups.csv gives a place for.
    """

    ACTIVE = "active"
    ABSENT = "absent"
    NO_GROUP = "no-group"
    DISABLED = "disabled"
    EXPIRED = "expired"
    LOCKED = "locked"
    MUST_CHANGE = "must-change"


@dataclass(frozen=True, slots=True)
class DirectoryAccount:
    """`confirmed`: when the directory last said so, about this person or about everybody.
    `generation` counts up with each change of the row but a confirmation.
    """

    id: bytes
    person: PersonId
    directory: str
    entry: str
    standing: Standing
    since: datetime
    confirmed: datetime
    generation: int


def account_from(keys: InstanceKeys, row: Mapping[str, Any]) -> DirectoryAccount | None:
    """None when the row was altered."""
    if not is_genuine(keys, t.directory_account, row):
        return None
    return DirectoryAccount(
        id=row["id"],
        person=PersonId(row["person_id"]),
        directory=row["directory"],
        entry=row["entry_id"],
        standing=Standing(row["state"]),
        since=from_us(row["since"]),
        confirmed=from_us(row["confirmed_at"]),
        generation=row["generation"],
    )


def synced(keys: InstanceKeys, row: Mapping[str, Any]) -> datetime | None:
    """When all of the directory was last looked at; None when never, or the row was altered."""
    if row["synced_at"] is None or not is_genuine(keys, t.directory_sync, row):
        return None
    return from_us(row["synced_at"])


def find_account(
    tx: Connection, keys: InstanceKeys, directory: str, entry: str
) -> DirectoryAccount | None:
    """Whose account that is. Raises Damaged where its row was altered: nobody is added for it."""
    table = t.directory_account
    return _one(tx, keys, table.c.directory == directory, table.c.entry_id == entry)


def account_of(tx: Connection, keys: InstanceKeys, person: PersonId) -> DirectoryAccount | None:
    """Raises Damaged where its row was altered."""
    return _one(tx, keys, t.directory_account.c.person_id == person)


def accounts_in(tx: Connection, keys: InstanceKeys, directory: str) -> list[DirectoryAccount]:
    """Everybody who comes from it, by entry; altered rows are left out."""
    table = t.directory_account
    wanted = select(table).where(table.c.directory == directory).order_by(table.c.entry_id)
    found = (account_from(keys, row) for row in fetch(tx, wanted))
    return [one for one in found if one is not None]


def confirmed_by(account: DirectoryAccount, everybody: datetime | None) -> DirectoryAccount:
    """Confirmed when its directory last spoke of them, or of everybody."""
    if everybody is None or everybody <= account.confirmed:
        return account
    return replace(account, confirmed=everybody)


def known_accounts(
    tx: Connection, keys: InstanceKeys, *people: PersonId
) -> dict[PersonId, DirectoryAccount]:
    """Of these people, or of all where none is named: as last confirmed in whatever way; altered
    rows are left out. Two statements.
    """
    wanted = select(t.directory_account)
    if people:
        wanted = wanted.where(t.directory_account.c.person_id.in_(people))
    opened = (account_from(keys, row) for row in fetch(tx, wanted))
    syncs = {row["directory"]: synced(keys, row) for row in fetch(tx, select(t.directory_sync))}
    return {
        one.person: confirmed_by(one, syncs.get(one.directory)) for one in opened if one is not None
    }


def synced_at(tx: Connection, keys: InstanceKeys, directory: str) -> datetime | None:
    """When all of that directory was last looked at."""
    table = t.directory_sync
    rows = fetch(tx, select(table).where(table.c.directory == directory))
    return synced(keys, rows[0]) if rows else None


def confirmation(keys: InstanceKeys, account: DirectoryAccount, at: datetime) -> Update:
    """Notes that the directory said the same at `at`; nothing where the row has changed since."""
    table = t.directory_account
    row = {
        "id": account.id,
        "person_id": account.person,
        "directory": account.directory,
        "entry_id": account.entry,
        "state": account.standing.value,
        "since": to_us(account.since),
        "confirmed_at": to_us(account.confirmed),
        "generation": account.generation,
    }
    before = with_mac(keys, table, row)["row_mac"]
    after = with_mac(keys, table, row | {"confirmed_at": to_us(at)})
    changes = {name: after[name] for name in ("confirmed_at", "row_mac")}
    return update(table).where(table.c.id == account.id, table.c.row_mac == before).values(changes)


def _one(
    tx: Connection, keys: InstanceKeys, *where: ColumnElement[bool]
) -> DirectoryAccount | None:
    for row in fetch(tx, select(t.directory_account).where(*where)):
        found = account_from(keys, row)
        if found is None:
            raise Damaged("the row of an account in a directory was altered: see the log")
        return found
    return None
