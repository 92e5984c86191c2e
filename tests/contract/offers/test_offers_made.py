"""Offers: what an operator gives waits, and gives nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from davserver.db import tables as t
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadInput,
    NotFound,
    Reason,
    Refused,
)
from davserver.domain.grants import ToPerson
from davserver.domain.ids import PersonId
from davserver.domain.offers import OfferState
from davserver.domain.paths import DrivePath
from davserver.gate.people.notices import NoticeKind
from davserver.trail import What
from tests.support.accounts import statements_of
from tests.support.affiliating import DAY
from tests.support.offering import BAIL, Asking
from tests.support.refusals import reason_of
from tests.support.rules import let_share_on

pytestmark = pytest.mark.slow


def test_what_an_operator_gives_waits_and_gives_nothing(house: Asking) -> None:
    world, until = house.world, house.now + 100 * DAY
    made = house.offer(right=Right.WRITE, until=until, purpose=" dossier logement ")
    assert (made.giver, made.to, made.to_name) == ("amina", "karim", "Name of karim")
    assert (made.path, made.is_folder, made.right) == (BAIL, False, Right.WRITE)
    assert (made.until, made.purpose, made.operator) == (until, "dossier logement", "tests")
    assert (made.state, made.expires) == (OfferState.WAITING, house.now + timedelta(days=30))
    assert house.waiting() == house.listed() == [made]
    assert world.rows(t.grant) == []
    assert house.karim.names() == []
    ((by_operator, details),) = house.told(What.GRANT_OFFER)
    assert by_operator
    assert details == {
        "offer": made.id.hex(), "to-person": "karim", "right": "write", "strength": "cert",
        "until": until.isoformat(), "purpose": "dossier logement",
    }  # fmt: skip
    (notice,) = world.notices(house.amina)
    assert notice.kind is NoticeKind.GRANT_OFFERED
    assert notice.says["offer"] == made.id.hex()
    assert world.notices(house.karim) == []
    assert world.troubles() == []
    with statements_of(world.db) as seen:
        assert world.offers.is_asked(house.who("amina"), house.now)
    assert len(seen) == 1
    assert not world.offers.is_asked(house.who("bilal"), house.now)
    assert not world.offers.is_asked(house.who("karim"), house.now)


def test_no_owner_has_more_than_a_hundred_offers_waiting(house: Asking) -> None:
    for day in range(1, 101):
        house.offer(starts=house.now + day * DAY, until=house.now + (day + 1) * DAY)
    with pytest.raises(BadInput, match="100 offers wait"):
        house.offer(until=house.now + DAY)
    house.end(house.waiting()[0])
    house.offer(until=house.now + DAY)


def test_all_that_giving_asks_for_is_asked_at_the_offer(house: Asking) -> None:
    amina, ccas, now = house.amina, house.ccas, house.now
    stranger = ToPerson(PersonId(bytes(16)))
    wrong: list[tuple[type[AbriError], dict[str, Any]]] = [
        (NotFound, {"path": "/None"}),
        (BadInput, {"right": Right.DEPOSIT}),
        (BadInput, {"until": now - DAY}),
        (BadInput, {"until": now + DAY, "starts": now + 2 * DAY}),
        (BadInput, {"starts": now - DAY}),
        (BadInput, {"purpose": "x" * 201}),
        (NotFound, {"to": amina}),
        (NotFound, {"to": house.drives["mireille"]}),
        (NotFound, {"grantee": stranger}),
        (Refused, {"path": "/"}),
        (Refused, {"path": "/Santé", "to": ccas}),
    ]
    for kind, given in wrong:
        grantee = given.pop("grantee", None)
        path = given.pop("path", BAIL)
        wish = house.wish(path, given.pop("to", None), **given)
        meant = wish if grantee is None else replace(wish, to=grantee)
        with pytest.raises(kind):
            house.world.offers.share(house.world.for_(amina), meant, now)
    assert house.listed() == []
    house.give()
    with pytest.raises(AlreadyThere):
        house.offer()
    assert house.world.rows(t.grant_offer) == []
    assert house.world.troubles() == []


def test_the_same_is_not_asked_twice_at_a_time(house: Asking) -> None:
    first = house.offer(until=house.now + 10 * DAY)
    with pytest.raises(AlreadyThere, match=first.id.hex()):
        house.offer(right=Right.WRITE, starts=house.now + 9 * DAY)
    house.offer(starts=house.now + 10 * DAY)
    house.offer(to=house.drives["zoe"])
    house.end(first)
    house.offer(until=house.now + 5 * DAY)
    assert [one.state for one in house.listed()].count(OfferState.WAITING) == 3


def test_no_other_way_leads_past_the_owner(house: Asking) -> None:
    world, now = house.world, house.now
    wish = house.wish(BAIL)
    for_amina = world.for_(house.amina)

    def add() -> GrantView:
        return world.sharing.add(
            for_amina, to=wish.to, path=wish.path, right=wish.right, until=None, now=now
        )

    assert reason_of(add) is Reason.NEEDS_OWNER
    grant = house.give(until=now + 10 * DAY)
    for until in (now + 11 * DAY, None):
        renew = lambda end=until: world.sharing.renew(world.operator, grant.id, end, now)  # noqa: E731
        assert reason_of(renew) is Reason.NEEDS_OWNER
    refused = house.told(What.REFUSED)
    assert [by_operator for by_operator, _ in refused] == [True] * 3
    # What narrows is done at once.
    assert world.sharing.renew(world.operator, grant.id, now + 9 * DAY, now).until == now + 9 * DAY
    assert isinstance(house.renew(grant, now + 8 * DAY), GrantView)
    assert world.sharing.end(world.operator, grant.id, now).ended == now
    assert house.listed() == []


def test_what_a_professional_would_share_on_is_the_owners_to_give(house: Asking) -> None:
    world, paul = house.world, house.drives["paul"]
    let_share_on(world)
    house.give("/Logement", right=Right.WRITE)
    path = "/Name of amina/Logement/bail.txt"
    for use in (world.offers.share, lambda who, wish, now: world.sharing.add(
        who, to=wish.to, path=wish.path, right=wish.right, until=None, now=now
    )):  # fmt: skip
        asked = lambda use=use: use(world.for_(house.karim), house.wish(path, paul), house.now)  # noqa: E731
        assert reason_of(asked) is Reason.NEEDS_OWNER
    shared_on = world.sharing.add(
        house.who("karim"), to=ToPerson(paul.person.id), path=DrivePath.parse(path),
        right=Right.READ, until=house.now + DAY, now=house.now,
    )  # fmt: skip
    assert reason_of(lambda: house.renew(shared_on, house.now + 2 * DAY)) is Reason.NEEDS_OWNER
    assert house.accept(house.offer(to=paul)).giver == "amina"


def test_an_operator_says_no_yes_to_a_structure(house: Asking) -> None:
    asked = house.ask()
    for_amina = house.world.for_(house.amina)
    use, now = house.world.affiliations, house.now
    assert reason_of(lambda: use.confirm(for_amina, asked.id, now)) is Reason.NEEDS_OWNER
    assert house.state() == []
    house.with_code(asked.id, house.code(asked))
    assert len(house.state()) == 1
    house.leave()
    use.refuse(for_amina, house.ask(by="paul").id, now)
    house.confirm(house.ask(by="zoe", slug="other"))
    assert house.world.troubles() == []
