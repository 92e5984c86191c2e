"""What operators give in people's names, where `operator.grants` may ask those people first."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from davserver.domain.alarms import Alarm, sound
from davserver.domain.drive import GrantView
from davserver.domain.errors import Damaged, NotFound, Reason
from davserver.domain.ids import GrantId, OfferId, VaultId
from davserver.domain.offers import FORGOTTEN, OfferState
from davserver.domain.people import Principal
from davserver.gate.acting import change, refuse, row_stamps
from davserver.gate.consent import asks_owner
from davserver.gate.denied import refusals_recorded
from davserver.gate.sharing import offering
from davserver.gate.sharing.giving import give, require_givable
from davserver.gate.sharing.ledger import Wish, ledger_of
from davserver.gate.sharing.offer_views import OfferView, views
from davserver.gate.sharing.renewing import renewed, require_renewable, sight_of_giver
from davserver.gate.sharing.resharing import share_on
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import offers
from davserver.vault.grants.rows import GrantRow

__all__ = ["OfferView", "Offers", "Wish"]


_AT_ONCE = 50
"""Offers that are forgotten in one round; the next round does the rest."""


class Offers:
    """An offer is no grant: nothing that asks who may reach what knows of it."""

    def __init__(self, tools: Tools, allowance: int) -> None:
        """`allowance`: as for `Sharing`."""
        self._tools = tools
        self._ledger = ledger_of(tools, allowance)

    def share(self, who: Principal, wish: Wish, now: datetime) -> GrantView | OfferView:
        """As `Sharing.add`; but where the owner is to be asked, what was checked waits for them.

        Raises Refused, too, for what a professional would share on in that case.
        """
        del now  # judged and made in one transaction, by its own clock
        plain = replace(wish, purpose=wish.purpose.strip())
        return change(self._tools, who, lambda sight: self._share(sight, plain))

    def renew(
        self, who: Principal, grant: GrantId, until: datetime | None, now: datetime
    ) -> GrantView | OfferView:
        """As `Sharing.renew`; what would last longer waits, where the owner is to be asked."""
        del now
        ledger = self._ledger
        with refusals_recorded(self._tools):
            return self._tools.db.write(
                lambda tx: self._renew(*sight_of_giver(ledger, tx, who, grant), until)
            )

    def accept(self, who: Principal, offer: OfferId, shown: str, now: datetime) -> GrantView:
        """By the owner alone: `who` gives now what was offered. `shown`: of the view that they
        answer.

        Raises NotFound for what does not wait for them, ConditionFailed when it is not any more
        what was shown, and whatever `Sharing.add` and `renew` raise.
        """
        del now
        ledger = self._ledger
        return change(self._tools, who, lambda sight: offering.accept(ledger, sight, offer, shown))

    def end(self, who: Principal, offer: OfferId, now: datetime) -> OfferView:
        """The owner refuses it, or somebody at the machine withdraws it. Raises NotFound."""
        del now
        return self._tools.db.write(lambda tx: offering.end(self._ledger, tx, who, offer))

    def waiting(self, who: Principal, now: datetime) -> list[OfferView]:
        """What waits for `who` to answer, oldest first."""
        with self._tools.db.read() as tx:
            fresh = self._tools.login.refreshed(tx, who, now)
            if fresh.vault is None:
                return []
            rows = offers.unanswered(tx, self._tools.keys, fresh.vault, now)
            found = views(self._ledger, tx, rows, fresh.epoch.keys, now)
        return [one for one in found if one.state is OfferState.WAITING]

    def is_asked(self, who: Principal, now: datetime) -> bool:
        """Whether anything waits for them: one statement. `who` was read in this very request."""
        if who.vault is None:
            return False
        with self._tools.db.read() as tx:
            rows = offers.unanswered(tx, self._tools.keys, who.vault, now)
        return any(row.offer.state(now) is OfferState.WAITING for row in rows)

    def list(self, who: Principal, now: datetime) -> list[OfferView]:
        """Every offer that is kept, oldest first: for somebody at the machine on nobody's behalf.

        Raises NotFound for others.
        """
        with self._tools.db.read() as tx:
            fresh = self._tools.login.refreshed(tx, who, now)
            if fresh.operator is None or fresh.vault is not None:
                raise NotFound("only somebody at the machine sees the offers of everybody")
            rows = offers.of_everybody(tx, self._tools.keys)
            return views(self._ledger, tx, rows, fresh.epoch.keys, now)

    def _share(self, sight: Sight, wish: Wish) -> GrantView | OfferView:
        place = sight.place(wish.path)
        if not place.exists or place.vault is None:
            raise NotFound(f"nothing is at {wish.path}")
        if not place.owned:
            return share_on(self._ledger, sight, place, wish)
        if not asks_owner(self._tools, sight.who):
            return give(self._ledger, sight, place, wish)
        permit, node = require_givable(self._ledger, sight, place, wish)
        return offering.propose(self._ledger, sight, permit, node, wish)

    def _renew(
        self, sight: Sight, before: GrantRow, until: datetime | None
    ) -> GrantView | OfferView:
        one = require_renewable(self._ledger, sight, before, until)
        if not one.lengthens or not asks_owner(self._tools, sight.who):
            return renewed(self._ledger, sight, one)
        node = one.place.node
        if node is None or not one.place.owned:
            raise refuse(one.place, one.permit.action, Reason.NEEDS_OWNER)
        grant = before.grant
        wish = Wish(grant.to, one.place.path, grant.right, None, one.end, before.purpose)
        return offering.propose(self._ledger, sight, one.permit, node, wish, grant.id)


def forget(tools: Tools, now: datetime) -> int:
    """How many old offers, each vault's in its own transaction: one damaged trail holds up no
    other.
    """
    with tools.db.read() as tx:
        old = offers.expired(tx, now - FORGOTTEN, _AT_ONCE)
    forgotten = 0
    for vault in dict.fromkeys(vault for vault, _ in old):
        ids = [one for theirs, one in old if theirs == vault]
        try:
            forgotten += tools.db.write(partial(_forget, tools, vault, ids, now))
        except Damaged:
            # `abri trail verify` says which. They can be accepted no more.
            sound(Alarm.OFFERS_NOT_FORGOTTEN, vault=vault.hex())
    return forgotten


def _forget(tools: Tools, vault: VaultId, ids: list[OfferId], now: datetime, tx: Connection) -> int:
    stamps = offers.remove(tx, ids)
    if stamps:
        details = {"by": "retention", "offers": str(len(stamps))}
        rows = row_stamps(stamps)
        event = Event(vault, What.OFFER_FORGET, None, rows=rows, details=details)
        tools.trail.record(tx, event, now)
    return len(stamps)
