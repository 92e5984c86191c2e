"""Offers: the owner says yes to exactly what they saw, if it still may be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from authn.credentials import from_login_and_secret
from davserver.db import tables as t
from davserver.domain.actions import Category
from davserver.domain.errors import (
    AlreadyThere,
    ConditionFailed,
    NotFound,
    Reason,
)
from davserver.domain.ids import OfferId
from davserver.domain.offers import OfferState
from davserver.domain.paths import DrivePath
from davserver.gate.drive.classifying import Classifying
from davserver.trail import What
from tests.support.accounts import HOME
from tests.support.offering import BAIL, Asking
from tests.support.refusals import reason_of
from tests.support.rules import put_in_force, shipped_files

pytestmark = pytest.mark.slow

UNANSWERED = timedelta(days=30)

NOWHERE_NETWORK = b"203.0.113.66/32, blocked\n"


def test_only_the_owner_answers(house: Asking) -> None:
    world, offer = house.world, house.offer()
    for by in ("bilal", "karim", "mireille"):
        for answer in (house.accept, house.end):
            with pytest.raises(NotFound) as hidden:
                answer(offer, by)
            with pytest.raises(NotFound) as absent:
                answer(replace(offer, id=OfferId(bytes(16))), by)
            assert str(hidden.value) == str(absent.value)
        assert house.waiting(by) == []
        with pytest.raises(NotFound):
            world.offers.list(house.who(by), house.now)
    for operator in (world.operator, world.for_(house.amina)):
        assert reason_of(lambda who=operator: house.accept(offer, who)) is Reason.NEEDS_OWNER
    assert world.rows(t.grant) == []
    assert house.waiting() == [offer]


def test_a_device_does_not_accept_and_refuses(house: Asking) -> None:
    world, offer = house.world, house.offer()
    made = world.people.add_app_password(world.operator, "amina", "phone", house.now)
    device = world.accounts.login.sign_in(
        from_login_and_secret("amina", made.text), HOME, house.now
    )
    assert reason_of(lambda: house.accept(offer, device)) is Reason.AUTH_TOO_WEAK
    assert house.end(offer, device).state is OfferState.REFUSED


def test_a_no_is_possible_whatever_the_policy_says(house: Asking) -> None:
    offer, other = house.offer(), house.offer("/Logement")
    files = shipped_files()
    put_in_force(house.world.tools, files | {"networks.csv": NOWHERE_NETWORK})
    shut_out = replace(house.who("amina"), address="203.0.113.66")
    assert reason_of(lambda: house.accept(offer, shut_out)) is Reason.NETWORK
    assert house.end(offer, shut_out).state is OfferState.REFUSED
    ((by_operator, details),) = house.told(What.OFFER_REFUSE)
    assert (by_operator, details["offer"]) == (False, offer.id.hex())
    with pytest.raises(NotFound):
        house.accept(offer)
    taken_back = house.end(other, house.world.operator)
    assert taken_back.state is OfferState.WITHDRAWN
    assert [by_operator for by_operator, _ in house.told(What.OFFER_WITHDRAW)] == [True]
    for again in (house.accept, house.end):
        with pytest.raises(NotFound):
            again(other)
    assert house.world.troubles() == []


def test_what_changed_meanwhile_is_shown_before_it_is_accepted(house: Asking) -> None:
    offer = house.offer()
    house.amina.move(BAIL, "/Santé/secret.txt")
    with pytest.raises(ConditionFailed):
        house.accept(offer)
    (shown,) = house.waiting()
    assert shown.path == "/Santé/secret.txt"
    house.amina.delete("/Santé/secret.txt")
    (gone,) = house.waiting()
    assert (gone.path, gone.can_be_accepted) == ("", False)
    with pytest.raises(ConditionFailed):
        house.accept(shown)
    with pytest.raises(NotFound):
        house.accept(gone)
    house.world.clock.passes(days=29)
    assert house.waiting() == [gone]
    house.world.tamper(t.node, t.node.c.state == "trash", trashed_at=0)
    house.world.sweep()
    assert house.waiting() == [gone]
    with pytest.raises(NotFound):
        house.accept(gone)
    assert house.end(gone).state is OfferState.REFUSED
    assert house.world.rows(t.grant) == []


def test_a_category_that_no_team_sees_any_more_is_refused(house: Asking) -> None:
    offer = house.offer("/Logement", house.ccas)
    world = house.world
    logement = DrivePath.parse("/Logement")
    Classifying(world.tools).set(house.who("amina"), logement, Category.HEALTH, house.now)
    assert reason_of(lambda: house.accept(offer)) is Reason.CATEGORY
    assert house.waiting() == [offer]
    assert house.state() == []


def test_whom_it_was_for_has_to_be_there(house: Asking) -> None:
    offer = house.offer()
    key = t.person.c.id == house.karim.person.id
    house.world.tamper(t.person, key, login="x")
    (shown,) = house.waiting()
    assert (shown.to_name, shown.can_be_accepted) == ("", False)
    with pytest.raises(ConditionFailed):
        house.accept(offer)
    with pytest.raises(NotFound):
        house.accept(shown)


def test_what_the_owner_shared_meanwhile_is_not_shared_twice(house: Asking) -> None:
    offer = house.offer()
    house.give()
    with pytest.raises(AlreadyThere):
        house.accept(offer)
    assert house.waiting() == [offer]
    assert len(house.world.rows(t.grant)) == 1


@pytest.mark.parametrize("until", [None, timedelta(days=3)])
def test_an_offer_expires_and_is_forgotten(house: Asking, until: timedelta | None) -> None:
    world = house.world
    offer = house.offer(until=until and house.now + until)
    world.clock.now += until or UNANSWERED
    for answer in (house.accept, house.end):
        with pytest.raises(NotFound):
            answer(offer)
    assert house.waiting() == []
    assert [one.state for one in house.listed()] == [OfferState.EXPIRED]
    world.clock.now = offer.expires + timedelta(days=29, hours=23)
    world.sweep()
    assert len(house.listed()) == 1
    world.clock.passes(hours=1)
    world.sweep()
    assert house.listed() == []
    assert house.told(What.OFFER_FORGET) == [(False, {"by": "retention", "offers": "1"})]
    assert world.troubles() == []


def test_an_altered_offer_is_none(house: Asking) -> None:
    world, offer = house.world, house.offer()
    row = world.row(t.grant_offer)
    zoe = house.drives["zoe"].person.id
    for changed in ({"to_id": zoe}, {"right": "write"}, {"expires_at": row["expires_at"] + 1}):
        world.tamper(t.grant_offer, t.grant_offer.c.id == offer.id, **changed)
        assert house.waiting() == []
        for answer in (house.accept, house.end):
            with pytest.raises(NotFound):
                answer(offer)
        assert world.codes() == {"forged"}
        world.tamper(t.grant_offer, t.grant_offer.c.id == offer.id, **{k: row[k] for k in changed})
    house.end(offer)
    for gone in ({"answer": None}, {"answer": None, "answered_at": None}):
        world.tamper(t.grant_offer, t.grant_offer.c.id == offer.id, **gone)
        assert house.waiting() == []
        with pytest.raises(NotFound):
            house.accept(offer)
    assert world.rows(t.grant) == []


def test_an_offer_of_long_ago_that_is_put_back_is_only_asked_again(house: Asking) -> None:
    world, offer = house.world, house.offer()
    row = world.row(t.grant_offer)
    house.end(offer)
    world.tamper(t.grant_offer, t.grant_offer.c.id == offer.id, **row)
    assert world.rows(t.grant) == []
    assert world.codes() == {"old-row"}
    assert house.waiting() == [offer]
    house.end(offer)
    house.accept(house.offer())
    assert world.codes() == set()
