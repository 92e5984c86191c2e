"""Affiliations for what was granted before there were any: schema 0001 knew grants to structures
alone. Whoever granted something to a structure has said yes to it.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from davserver.db import tables as t
from davserver.domain.affiliations import Affiliation
from davserver.domain.grants import ToStructure
from davserver.domain.ids import ID_BYTES, AffiliationId, Entropy, StructureId, VaultId
from davserver.gate.acting import row_stamps
from davserver.sealing.instance import InstanceKeys
from davserver.trail import Event, Trail, What
from davserver.vault import affiliations
from davserver.vault.grants.grants import GrantBook


def affirm_older(
    tx: Connection, keys: InstanceKeys, trail: Trail, entropy: Entropy, now: datetime
) -> int:
    """How many were made. Only in a database that has no affiliation at all: since schema 0002 no
    grant to a structure is made without one, and none is ever removed.

    Each is confirmed as of its oldest grant that is not over, and counts as used now.
    """
    if tx.execute(select(t.affiliation.c.id).limit(1)).first() is not None:
        return 0
    pairs = _pairs(tx, keys, now)
    for (vault, structure), confirmed in sorted(pairs.items()):
        identity = AffiliationId(entropy(ID_BYTES))
        begun = Affiliation.begun(identity, vault, structure, confirmed, now)
        stamp = affiliations.store(tx, keys, begun)
        slug = tx.execute(select(t.structure.c.slug).where(t.structure.c.id == structure)).scalar()
        event = Event(
            vault=vault,
            what=What.AFFILIATION_CONFIRM,
            who=None,
            rows=row_stamps([stamp]),
            details={"structure": slug or "", "by": "upgrade"},
        )
        trail.record(tx, event, now)
    return len(pairs)


def _pairs(
    tx: Connection, keys: InstanceKeys, now: datetime
) -> dict[tuple[VaultId, StructureId], datetime]:
    """Who granted to whom, and since when."""
    found: dict[tuple[VaultId, StructureId], datetime] = {}
    for row in GrantBook(keys).of_everybody(tx):
        one = row.grant
        over = one.ended is not None or (one.until is not None and one.until <= now)
        if isinstance(one.to, ToStructure) and not over:
            pair = (one.vault, one.to.id)
            found[pair] = min(one.created, found.get(pair, one.created))
    return found
