"""Rows of accounts in structures' directories ↔ what they mean. Altered rows count as absent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from authn.rows import is_genuine
from davserver.db import tables as t
from davserver.db.clock import from_us
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
