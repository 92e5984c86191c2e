"""Affiliations: a beneficiary says yes to a structure, and either side ends it."""

from datetime import datetime

from sqlalchemy import Connection

from authn.directory import Directory
from davserver.domain.affiliations import Affiliation, AffiliationState
from davserver.domain.ids import ID_BYTES, AffiliationId, StructureId, VaultId
from davserver.domain.people import Principal
from davserver.gate.acting import row_stamps
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import affiliations


def affirm(
    tx: Connection,
    tools: Tools,
    owner: Principal,
    vault: VaultId,
    structure: StructureId,
    now: datetime,
) -> Affiliation:
    """The live affiliation of the two; a new one, recorded, where there is none. `owner` says yes
    by what they are doing: confirming a request, or granting something to the structure.
    """
    before = affiliations.between(tx, tools.keys, vault, structure)
    if before is not None and before.is_live(now):
        return before
    new = Affiliation(
        id=AffiliationId(tools.entropy(ID_BYTES)) if before is None else before.id,
        vault=vault,
        structure=structure,
        state=AffiliationState.CONFIRMED,
        confirmed=now,
        ends=None,
        ended=None,
        ended_by=None,
        last_activity=now,
    )
    slug = Directory(tools.keys).structures(tx, {structure})[structure].slug
    stamp = affiliations.store(tx, tools.keys, new)
    event = Event(
        vault=vault,
        what=What.AFFILIATION_CONFIRM,
        who=owner,
        rows=row_stamps([stamp]),
        details={"structure": slug},
    )
    tools.trail.record(tx, event, now)
    return new
