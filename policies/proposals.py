"""The set of policy files that waits for two administrators, and who approved it so far.

There is one at most: another change of the files takes its place, and its approvals are gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import policy_approval as approval
from davserver.db.tables import policy_proposal as table
from davserver.domain.ids import ID_BYTES, Entropy, PersonId, ProposalId
from davserver.sealing.instance import InstanceKeys
from policies.generations import packed, unpacked
from policies.loader import generation_of

NEEDED = 2
"""So many different administrators."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`instead_of`: the number of the generation that it was compared to."""

    id: ProposalId
    digest: str
    files: Mapping[str, bytes]
    instead_of: int
    signed: datetime | None
    created: datetime


def waiting(tx: Connection, keys: InstanceKeys) -> Proposal | None:
    """Rows that were altered count as absent."""
    for row in tx.execute(select(table).order_by(table.c.created.desc())).mappings():
        if keys.row_is_genuine(table.name, covered(table, dict(row)), row["row_mac"]):
            return Proposal(
                ProposalId(row["id"]),
                row["digest"],
                unpacked(row["files"]),
                row["instead_of"],
                from_us_or_none(row["signed_at"]),
                from_us(row["created"]),
            )
    return None


def propose(
    tx: Connection, keys: InstanceKeys, new: Proposal, now: datetime
) -> tuple[Proposal, bool]:
    """The set that waits then, and whether it is another one than before."""
    before = waiting(tx, keys)
    if before is not None and _same(before, new):
        return before, False
    withdraw(tx)
    row = {
        "id": new.id,
        "digest": new.digest,
        "files": packed(new.files),
        "instead_of": new.instead_of,
        "signed_at": to_us_or_none(new.signed),
        "created": to_us(now),
    }
    _insert(tx, keys, table, row)
    return new, True


def made(
    files: Mapping[str, bytes],
    instead_of: int,
    signed: datetime | None,
    entropy: Entropy,
    now: datetime,
) -> Proposal:
    one = ProposalId(entropy(ID_BYTES))
    return Proposal(one, generation_of(files), files, instead_of, signed, now)


def approve(
    tx: Connection, keys: InstanceKeys, what: Proposal, by: PersonId, one: bytes, now: datetime
) -> frozenset[PersonId]:
    """Everybody who approved it then; twice by one person is once."""
    before = approvers(tx, keys, what)
    if by not in before:
        row = {"id": one, "proposal_id": what.id, "person_id": by, "created": to_us(now)}
        _insert(tx, keys, approval, row)
    return before | {by}


def approvers(tx: Connection, keys: InstanceKeys, what: Proposal) -> frozenset[PersonId]:
    rows = tx.execute(select(approval).where(approval.c.proposal_id == what.id)).mappings()
    return frozenset(
        PersonId(row["person_id"])
        for row in rows
        if keys.row_is_genuine(approval.name, covered(approval, dict(row)), row["row_mac"])
    )


def _same(one: Proposal, other: Proposal) -> bool:
    """Signed anew is another one: its time goes with it when it comes into force."""
    return (one.digest, one.instead_of, one.signed) == (
        other.digest,
        other.instead_of,
        other.signed,
    )


def withdraw(tx: Connection) -> None:
    tx.execute(delete(approval))
    tx.execute(delete(table))


def _insert(tx: Connection, keys: InstanceKeys, into: Table, row: dict[str, Any]) -> None:
    mac = keys.row_mac(into.name, covered(into, {**row, "row_mac": b""}))
    tx.execute(insert(into).values(**row, row_mac=mac))
