"""Offering, accepting, refusing and withdrawing, each in one transaction. What is offered gives
nothing; what is accepted is given by its owner, and judged then.
"""

import hmac
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from davserver.domain.decisions import Permit
from davserver.domain.drive import GrantView
from davserver.domain.errors import (
    AlreadyThere,
    BadInput,
    ConditionFailed,
    NotFound,
    Reason,
    Refused,
)
from davserver.domain.ids import ID_BYTES, GrantId, OfferId
from davserver.domain.nodes import Node
from davserver.domain.offers import UNANSWERED, Offer, OfferAnswer, OfferState
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import row_stamps
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.sharing.giving import give
from davserver.gate.sharing.ledger import Beside, Ledger, Wish, given, to_details
from davserver.gate.sharing.offer_views import OfferView, views
from davserver.gate.sharing.renewing import renewed, require_renewable
from davserver.gate.sharing.taking_back import owner_of, permit_to_end
from davserver.gate.sight import Sight
from davserver.trail import Event, What
from davserver.vault import offers
from davserver.vault.offers import OfferRow

MOST_WAITING = 100
"""How many may wait for one owner: each is a question."""

_GONE = "there is no such offer that could be answered"


def propose(
    ledger: Ledger,
    sight: Sight,
    permit: Permit,
    node: Node,
    wish: Wish,
    renews: GrantId | None = None,
) -> OfferView:
    """Stores what could be given now. Raises AlreadyThere while the same waits, BadInput."""
    tools, tx, now = ledger.tools, sight.tx, sight.now
    offer = Offer(
        id=OfferId(tools.entropy(ID_BYTES)),
        vault=node.vault,
        node=node.id,
        to=wish.to,
        right=wish.right,
        starts=wish.starts,
        until=wish.until,
        purpose=wish.purpose,
        renews=renews,
        operator=sight.who.operator or "",
        created=now,
        expires=now + UNANSWERED,
    )
    _require_first(offers.unanswered(tx, tools.keys, node.vault, now), offer, now)
    row = offers.add(tx, tools.keys, offer)
    view = _record(ledger, tx, What.GRANT_OFFER, permit, row, now)
    says = {
        "offer": offer.id.hex(),
        "right": offer.right.value,
        "renews": renews.hex() if renews else "",
        "expires": offer.expires.isoformat(),
    }
    tell(tx, tools, NoticeKind.GRANT_OFFERED, [sight.who.id], says, now)
    return view


def accept(ledger: Ledger, sight: Sight, identity: OfferId, shown: str) -> GrantView:
    """Raises NotFound for what does not wait for them, ConditionFailed when `shown` is not what
    they would accept; and as giving or renewing does.
    """
    if sight.who.operator is not None:
        raise Refused(Reason.NEEDS_OWNER)
    tools, tx, now = ledger.tools, sight.tx, sight.now
    row = _waiting(ledger, tx, sight.who, identity, now)
    (view,) = views(ledger, tx, [row], sight.who.epoch.keys, now)
    if not hmac.compare_digest(view.shown, shown):
        raise ConditionFailed("it is not any more what was shown")
    offer = row.offer
    said = offers.answer(tx, tools.keys, row, OfferAnswer.ACCEPTED, now)
    beside = Beside({"offer": offer.id.hex()}, row_stamps([said.stamp]))
    if offer.renews is not None:
        before = tools.grants.one(tx, offer.renews)
        return renewed(ledger, sight, require_renewable(ledger, sight, before, offer.until), beside)
    place = sight.place_of(offer.vault, offer.node)
    if place is None or place.vault is None or place.node is None:
        raise NotFound("what was to be shared is not there any more")
    # Found by its id, it counts as a top: only the whole drive is one to its owner.
    here = replace(place, is_top=place.node.id == place.vault.root)
    return give(ledger, sight, here, _wish(offer, view, now), beside)


def end(ledger: Ledger, tx: Connection, who: Principal, identity: OfferId) -> OfferView:
    """The owner's no, or an operator who takes it back. No rule can keep anybody from it.

    Raises NotFound for what does not wait, or not for them.
    """
    now = ledger.tools.clock()
    asking = ledger.tools.login.refreshed(tx, who, now)
    row = _waiting(ledger, tx, asking, identity, now)
    owner = owner_of(ledger, tx, asking, row.offer.vault, now)
    permit = permit_to_end(ledger, tx, owner, row.offer.vault, now)
    by_owner = owner.operator is None
    said = OfferAnswer.REFUSED if by_owner else OfferAnswer.WITHDRAWN
    done = offers.answer(tx, ledger.tools.keys, row, said, now)
    what = What.OFFER_REFUSE if by_owner else What.OFFER_WITHDRAW
    return _record(ledger, tx, what, permit, done, now)


def _require_first(waiting: list[OfferRow], new: Offer, now: datetime) -> None:
    asked = [row.offer for row in waiting if row.offer.state(now) is OfferState.WAITING]
    if len(asked) >= MOST_WAITING:
        raise BadInput(f"{MOST_WAITING} offers wait for them: ask again when some have an answer")
    for one in asked:
        same = one.to == new.to and one.node == new.node and one.renews == new.renews
        if same and _meet(one, new):
            raise AlreadyThere(
                f"that waits for its owner's yes already, as {one.id.hex()}: "
                "end that first (abri grant end ID)"
            )


def _meet(one: Offer, other: Offer) -> bool:
    """Whether both grants would be live at some moment."""
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(one: Offer, other: Offer) -> bool:
    return other.until is None or one.starts is None or one.starts < other.until


def _waiting(
    ledger: Ledger, tx: Connection, who: Principal, identity: OfferId, now: datetime
) -> OfferRow:
    """Raises NotFound, the same for another's, an answered one and none."""
    row = offers.one(tx, ledger.tools.keys, identity)
    at_machine = who.operator is not None and who.vault is None
    if row is None or not (at_machine or row.offer.vault == who.vault):
        raise NotFound(_GONE)
    if row.offer.state(now) is not OfferState.WAITING:
        raise NotFound(_GONE)
    return row


def _wish(offer: Offer, view: OfferView, now: datetime) -> Wish:
    path = DrivePath(tuple(view.path.split("/")[1:]))
    return Wish(offer.to, path, offer.right, offer.begins(now), offer.until, offer.purpose)


def _record(
    ledger: Ledger, tx: Connection, what: What, permit: Permit, row: OfferRow, now: datetime
) -> OfferView:
    """The trail's entry, under the permit's person."""
    offer, who = row.offer, permit.who
    (view,) = views(ledger, tx, [row], who.epoch.keys, now)
    event = Event(
        vault=offer.vault,
        what=what,
        who=who,
        node=offer.node,
        path=view.path,
        grant=offer.renews,
        rule=permit.rule,
        rows=row_stamps([row.stamp]),
        details=to_details(offer.to, view.to)
        | {"offer": offer.id.hex(), "right": offer.right.value}
        | given(
            {
                "starts": offer.starts.isoformat() if offer.starts else "",
                "until": offer.until.isoformat() if offer.until else "",
                "purpose": offer.purpose,
            }
        ),
    )
    ledger.tools.trail.record(tx, event, now)
    return view
