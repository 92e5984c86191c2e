"""Taking back: grants end at once, and with them whatever was shared on from them.

Not by way of `Sight`: no network and no hour can lock anybody into a share.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.register import bump_revocation
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.drive import GrantView
from davserver.domain.errors import NotFound, Refused
from davserver.domain.grants import Grantee
from davserver.domain.ids import GrantId, VaultId
from davserver.domain.people import Principal
from davserver.gate.counting import judged
from davserver.gate.shares import OVER, state_of
from davserver.gate.sharing.ledger import Ledger
from davserver.trail import What
from davserver.vault.grants.rows import GrantRow


@dataclass(frozen=True, slots=True)
class Which:
    """Grants of one vault that are to end together; None: whatever it is."""

    purpose: str | None = None
    to: Grantee | None = None

    def __contains__(self, row: GrantRow) -> bool:
        meant = self.purpose is None or _plain(row.purpose) == _plain(self.purpose)
        return meant and (self.to is None or row.grant.to == self.to)


def end_one(ledger: Ledger, tx: Connection, who: Principal, grant: GrantId) -> GrantView:
    """In one transaction. Raises NotFound, Refused."""
    tools, now = ledger.tools, ledger.tools.clock()
    asking = tools.login.refreshed(tx, who, now)
    before = tools.grants.one(tx, grant)
    owner = owner_of(ledger, tx, asking, before.grant.vault, now)
    permit = permit_to_end(ledger, tx, owner, before.grant.vault, now)
    if before.grant.ended is not None:
        return ledger.shares.views(tx, [before], owner.epoch.keys, now)[0]
    return _end(ledger, tx, permit, [before], now)[0]


def end_many(ledger: Ledger, tx: Connection, who: Principal, which: Which) -> list[GrantView]:
    """All of them or, where that fails, none. Raises NotFound, Refused."""
    tools, now = ledger.tools, ledger.tools.clock()
    owner = tools.login.refreshed(tx, who, now)
    if owner.vault is None:
        raise NotFound("only whoever owns a vault has given anything")
    permit = permit_to_end(ledger, tx, owner, owner.vault, now)
    there = tools.grants.of_vault(tx, owner.vault, ended=False)
    rows = [row for row in there if row in which and state_of(row.grant, now) not in OVER]
    return _end(ledger, tx, permit, rows, now) if rows else []


def owner_of(
    ledger: Ledger, tx: Connection, asking: Principal, vault: VaultId, now: datetime
) -> Principal:
    """Whose vault it is in: the person who asks, or the one for whom somebody at the machine acts.

    Raises NotFound.
    """
    if asking.vault == vault:
        return asking
    if asking.operator is not None and asking.vault is None:
        login = ledger.shares.owner_login(tx, vault, asking.epoch.keys, now)
        return ledger.registered.operator_for(tx, login, asking.operator, now)
    raise NotFound("there is no such grant")


def permit_to_end(
    ledger: Ledger, tx: Connection, owner: Principal, vault: VaultId, now: datetime
) -> Permit:
    """Raises Refused."""
    target = Target(vault, Relation.OWNER, Category.UNCLASSIFIED)
    judge = ledger.tools.policy.judge(tx, owner.epoch.policy)
    decision = judged(judge, owner, Action.REVOKE, target, now)
    if isinstance(decision, Denial):
        raise Refused(decision.reason, decision.remedy)
    return decision


def _end(
    ledger: Ledger, tx: Connection, permit: Permit, rows: Collection[GrantRow], now: datetime
) -> list[GrantView]:
    """Those of `rows` first, then what was shared on from them."""
    tools, vault = ledger.tools, permit.target.vault
    assert vault is not None  # noqa: S101 — grants lie in vaults
    ids = [row.grant.id for row in rows]
    below = [row.grant.id for row in tools.grants.shared_on(tx, vault, ids)]
    every = dict.fromkeys([*ids, *below])
    done = [tools.grants.end(tx, one, by=permit.who.id, now=now) for one in every]
    bump_revocation(tx)
    return ledger.tell(tx, What.END_GRANT, permit, done, now)


def _plain(purpose: str) -> str:
    """As people mean it: spelled in any case, with any spaces."""
    return " ".join(unicodedata.normalize("NFC", purpose).casefold().split())
