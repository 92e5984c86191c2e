"""Which columns a row MAC covers. A row that carries authority is believed only with its MAC.

Everything a table has counts, except the columns named here, each for its reason. Values are the
column values as the database gives them: times are whole microseconds, not `datetime`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table

from davserver.db import tables

UNCOVERED: Mapping[str, frozenset[str]] = {
    "person": frozenset(),
    # The verifier is sealed with the credential's id and generation, so that it proves itself: a
    # stronger hash of the same password replaces it without a new MAC and a new trail entry.
    "credential": frozenset({"verifier_ct", "last_used_day"}),
    "structure": frozenset(),
    "membership": frozenset(),
    "directory_account": frozenset(),
    # Whoever waits for whom, and a plan that waits, give nobody a right.
    "directory_sync": frozenset({"turn_until", "held", "held_at", "confirmed"}),
    # Moves with every page; that a session goes on without being used is a matter of minutes.
    "web_session": frozenset({"seen_at"}),
    "vault": frozenset({"used"}),
    "space": frozenset(),
    "space_epoch": frozenset(),
    "key_wrap": frozenset(),
    "principal_key": frozenset(),
    "affiliation": frozenset({"last_activity"}),
    "affiliation_request": frozenset(),
    "grant_offer": frozenset(),
    "sharing_code": frozenset(),
    "grant": frozenset({"used"}),
    "grant_suspension": frozenset(),
    "policy_generation": frozenset({"told_at"}),
    "policy_proposal": frozenset(),
    "policy_approval": frozenset(),
}
"""What changes without anybody's decision. A table that is not here has no MAC."""

COVERED: Mapping[str, tuple[str, ...]] = {
    name: tuple(
        column.name
        for column in tables.metadata.tables[name].columns
        if column.name not in skipped | {"row_mac"}
    )
    for name, skipped in UNCOVERED.items()
}


UNTOLD: Mapping[str, frozenset[str]] = {
    # Every sign-in and every synchronisation would be an entry.
    "directory_account": frozenset({"confirmed_at"}),
}
"""What a MAC covers and changes without an entry in the trail: its stamps leave it out."""


def told(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the MAC in a row's stamp covers: for most tables the one that the row has."""
    return {**covered(table, row), **dict.fromkeys(UNTOLD.get(table.name, ()), 0)}


def covered(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `row` (by column name) that `InstanceKeys.row_mac` is given."""
    return {name: row[name] for name in COVERED[table.name]}
