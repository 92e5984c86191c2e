"""Affiliations: a beneficiary says yes to a structure, and either side or time ends it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from authn.register import bump_revocation
from authn.registered import Registered
from davserver.domain.affiliations import (
    Affiliation,
    AffiliationRequest,
    AffiliationState,
    Ending,
)
from davserver.domain.errors import NotFound
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import ID_BYTES, AffiliationId, PersonId, StructureId, VaultId
from davserver.domain.people import Principal, Role
from davserver.gate.acting import row_stamps
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.shares import STRUCTURE, Shares
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from davserver.vault import affiliations
from davserver.vault.grants.rows import GrantRow


def affirm(
    tx: Connection,
    tools: Tools,
    who: Principal,
    vault: VaultId,
    structure: StructureId,
    now: datetime,
    request: AffiliationRequest | None = None,
) -> Affiliation:
    """The live affiliation of the two; a new one, recorded and told, where there is none. `who`
    says yes by what they do: confirming a request, which also sets its end anew, or granting
    something to the structure.
    """
    before = affiliations.between(tx, tools.keys, vault, structure)
    if before is not None and before.is_live(now):
        if request is None:
            return before
        new = replace(before, ends=request.ends)
    else:
        identity = AffiliationId(tools.entropy(ID_BYTES)) if before is None else before.id
        ends = request.ends if request else None
        new = Affiliation.begun(identity, vault, structure, now, now, ends)
    if request is not None:
        new = replace(new, requested_by=request.by, requested=request.requested)
    stamp = affiliations.store(tx, tools.keys, new)
    slug = slug_of(tx, tools, structure)
    until = new.ends.isoformat() if new.ends else ""
    event = Event(
        vault=vault,
        what=What.AFFILIATION_CONFIRM,
        who=who,
        rows=row_stamps([stamp]),
        details={"structure": slug} | ({"until": until} if until else {}),
    )
    tools.trail.record(tx, event, now)
    side = answered_side(tx, tools, structure, request.by if request else None, now)
    says = {"vault": vault.hex(), "structure": slug, "until": until}
    tell(tx, tools, NoticeKind.AFFILIATION_CONFIRMED, side, says, now)
    return new


@dataclass(frozen=True, slots=True)
class Finished:
    """An affiliation that is over: how many grants ended with it, and how many remain that were
    given to people of the structure by name.
    """

    affiliation: Affiliation
    grants: int
    personal: int


def finish(
    tx: Connection,
    tools: Tools,
    affiliation: Affiliation,
    how: Ending,
    who: Principal | None,
    now: datetime,
) -> Finished:
    """Ends it and all that its vault granted to the structure; each is recorded. `who` None: time
    did it.
    """
    by = who.id if who else None
    over = replace(affiliation, state=AffiliationState.ENDED, ended=now, ended_by=by)
    stamp = affiliations.store(tx, tools.keys, over)
    staff = {one.id for one in Registered(tools.keys).staff(tx, affiliation.structure, now)}
    given = tools.grants.of_vault(tx, affiliation.vault, ended=False)
    left = [row for row in given if row.grant.until is None or row.grant.until > now]
    team = [row for row in left if row.grant.to == ToStructure(affiliation.structure)]
    personal = [row for row in left if _is_for(row, staff)]
    ended = [tools.grants.end(tx, row.grant.id, by=by, now=now) for row in team]
    slug = slug_of(tx, tools, affiliation.structure)
    event = Event(
        vault=affiliation.vault,
        what=What.AFFILIATION_END,
        who=who,
        rows=row_stamps([stamp]),
        details={"structure": slug, "how": how.value, "grants": str(len(ended))},
    )
    events = [event, *_endings(tx, tools, ended, slug, who, now)]
    tools.trail.record_all(tx, events, now)
    bump_revocation(tx)
    return Finished(over, len(ended), len(personal))


def answered_side(
    tx: Connection,
    tools: Tools,
    structure: StructureId,
    asked_by: PersonId | None,
    now: datetime,
) -> set[PersonId]:
    """Whom a beneficiary's answer is told: who asked, while they work there; else the managers."""
    staff = Registered(tools.keys).staff(tx, structure, now)
    asker = {one.id for one in staff if one.id == asked_by}
    return asker or {one.id for one in staff if one.role is Role.MANAGER}


def left_side(
    tx: Connection, tools: Tools, affiliation: Affiliation, now: datetime
) -> set[PersonId]:
    """Whom an end is told: who asked, while they work there, and the managers."""
    staff = Registered(tools.keys).staff(tx, affiliation.structure, now)
    asker = affiliation.requested_by
    return {one.id for one in staff if one.role is Role.MANAGER or one.id == asker}


def owner_of(tx: Connection, tools: Tools, vault: VaultId, now: datetime) -> set[PersonId]:
    """Nobody where the vault does not open: whoever tried raised the alarm."""
    try:
        return {tools.vaults.open(tx, vault, _epoch_keys(tx, tools, now), now).owner}
    except NotFound:
        return set()


def slug_of(tx: Connection, tools: Tools, structure: StructureId) -> str:
    """Empty where the structure's row was altered: what ends must still be able to end."""
    found = Registered(tools.keys).structures(tx, {structure}).get(structure)
    return found.slug if found else ""


def _is_for(row: GrantRow, people: Collection[PersonId]) -> bool:
    return isinstance(row.grant.to, ToPerson) and row.grant.to.id in people


def _endings(
    tx: Connection,
    tools: Tools,
    rows: list[GrantRow],
    slug: str,
    who: Principal | None,
    now: datetime,
) -> list[Event]:
    """One for each grant, with the path that its owner knows."""
    keys = _epoch_keys(tx, tools, now)
    views = Shares(tools, Registered(tools.keys)).views(tx, rows, keys, now)
    return [
        Event(
            vault=row.grant.vault,
            what=What.END_GRANT,
            who=who,
            node=row.grant.node,
            path=view.path,
            grant=row.grant.id,
            rows=(RowStamp("grant", row.grant.id, row.version, row.mac),),
            details={"to-structure": f"{STRUCTURE}{slug}", "because": "affiliation-end"},
        )
        for row, view in zip(rows, views, strict=True)
    ]


def _epoch_keys(tx: Connection, tools: Tools, now: datetime) -> int:
    return Registered(tools.keys).instance_operator(tx, "", now).epoch.keys
