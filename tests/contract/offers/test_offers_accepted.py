"""Offers: accepted, each is the owner's own grant."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from davserver.db import tables as t
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadInput,
    ConditionFailed,
    NotFound,
)
from davserver.domain.offers import OfferState
from davserver.gate.sharing.offer_views import OfferView
from davserver.trail import What
from tests.support.affiliating import DAY
from tests.support.offering import BAIL, Asking

pytestmark = pytest.mark.slow


def test_accepted_it_is_the_owners_own_grant(house: Asking) -> None:
    world = house.world
    offer = house.offer(right=Right.WRITE, until=house.now + DAY, purpose="bail")
    world.clock.passes(minutes=5)
    grant = house.accept(offer)
    assert (grant.giver, grant.to, grant.path, grant.state) == ("amina", "karim", BAIL, "live")
    assert (grant.right, grant.purpose, grant.starts) == (Right.WRITE, "bail", house.now)
    assert house.karim.get("/Name of amina/bail.txt") == b"lease"
    ((by_operator, details),) = house.told(What.GRANT)
    assert (by_operator, details["offer"]) == (False, offer.id.hex())
    assert world.row(t.grant)["created_by"] == house.amina.person.id
    assert [one.state for one in house.listed()] == [OfferState.ACCEPTED]
    assert house.waiting() == []
    assert world.troubles() == []


def test_a_structure_is_agreed_to_with_what_is_shared_with_it(house: Asking) -> None:
    offer = house.offer("/Logement", house.ccas)
    assert (offer.to, offer.to_name) == ("structure:ccas", "Structure ccas")
    assert house.state() == []
    house.accept(offer)
    assert len(house.state()) == 1
    assert house.karim.get("/Name of amina/Logement/bail.txt") == b"lease"
    ((by_operator, _),) = house.told(What.AFFILIATION_CONFIRM)
    assert not by_operator


def test_a_start_that_is_past_by_then_is_now(house: Asking) -> None:
    early, late = house.now + DAY, house.now + 10 * DAY
    house.offer(starts=early)
    house.world.clock.passes(minutes=1)
    later = house.offer(to=house.drives["zoe"], starts=late)
    house.world.clock.passes(days=2)
    first, _ = house.waiting()
    assert first.starts is None
    assert house.accept(first).starts == house.now
    assert house.accept(later).starts == late


def test_a_renewal_waits_and_moves_the_end_then(house: Asking) -> None:
    grant = house.give(until=house.now + 10 * DAY)
    offer = house.renew(grant, None)
    assert isinstance(offer, OfferView)
    assert (offer.renews, offer.runs_until, offer.until) == (grant.id, grant.until, None)
    assert (offer.path, offer.to_name) == (BAIL, "Name of karim")
    assert house.world.row(t.grant)["row_version"] == 1
    with pytest.raises(AlreadyThere):
        house.renew(grant, house.now + 20 * DAY)
    # Another end of what is renewed is something else than what was shown.
    house.world.sharing.renew(house.who("amina"), grant.id, house.now + 5 * DAY, house.now)
    with pytest.raises(ConditionFailed):
        house.accept(offer)
    (now_shown,) = house.waiting()
    renewed = house.accept(now_shown)
    assert (renewed.id, renewed.until) == (grant.id, None)
    assert house.told(What.RENEW_GRANT)[-1][1]["offer"] == offer.id.hex()
    assert house.world.troubles() == []


def test_a_grant_that_ended_is_not_renewed(house: Asking) -> None:
    grant = house.give(until=house.now + 10 * DAY)
    offer = house.renew(grant, house.now + 20 * DAY)
    house.world.sharing.end(house.who("amina"), grant.id, house.now)
    (shown,) = house.waiting()
    assert not shown.can_be_accepted
    for one in (offer, shown):
        with pytest.raises((ConditionFailed, BadInput)):
            house.accept(one)
    assert house.world.row(t.grant)["ended_at"] is not None
    assert house.end(shown).state is OfferState.REFUSED


def test_after_a_switch_to_direct_what_waits_still_waits(house: Asking) -> None:
    offer = house.offer()
    direct = house.direct()
    who = house.world.for_(house.amina)
    made = direct.share(who, house.wish("/Logement"), house.now)
    assert isinstance(made, GrantView)
    assert direct.waiting(house.who("amina"), house.now) == [offer]
    direct.accept(house.who("amina"), offer.id, offer.shown, house.now)
    assert [one.state for one in house.listed()] == [OfferState.ACCEPTED]


def both(*works: Callable[[], Any]) -> list[Any]:
    """What came of them at the same time: an answer, or the kind of error."""

    def tried(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except AbriError as error:
            return type(error)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(tried, works))


def test_accepted_by_two_browsers_at_once_it_is_one_grant(house: Asking) -> None:
    offer = house.offer()
    house.who("amina")
    came = both(*[lambda: house.accept(offer)] * 4)
    assert sorted(str(isinstance(one, GrantView)) for one in came) == ["False"] * 3 + ["True"]
    assert [one for one in came if not isinstance(one, GrantView)] == [NotFound] * 3
    assert len(house.world.rows(t.grant)) == 1
    assert house.world.troubles() == []


def test_a_yes_and_a_withdrawal_at_once_are_one_of_them(house: Asking) -> None:
    house.who("amina")
    for number in range(4):
        house.amina.mkcol(f"/Logement/{number}")
        offer = house.offer(f"/Logement/{number}")
        yes, no = both(
            lambda one=offer: house.accept(one),
            lambda one=offer: house.end(one, house.world.operator),
        )
        given = isinstance(yes, GrantView)
        assert given is (no is NotFound)
        assert given is not (yes is NotFound)
        assert sum(row["ended_at"] is None for row in house.world.rows(t.grant)) == int(given)
        if given:
            house.world.sharing.end(house.who("amina"), yes.id, house.now)
    assert house.world.troubles() == []
