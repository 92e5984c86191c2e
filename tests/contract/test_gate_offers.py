"""Offers: what an operator gives waits until the owner says yes to exactly what they saw."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authn.credentials import from_login_and_secret
from davserver.db import tables as t
from davserver.domain.actions import Category, Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadInput,
    ConditionFailed,
    NotFound,
    Reason,
    Refused,
)
from davserver.domain.grants import ToPerson
from davserver.domain.ids import OfferId, PersonId
from davserver.domain.offers import UNANSWERED, OfferState
from davserver.domain.paths import DrivePath
from davserver.gate.classifying import Classifying
from davserver.gate.notices import NoticeKind
from davserver.gate.offer_views import OfferView
from davserver.trail import What
from tests.support.accounts import HOME, statements_of
from tests.support.affiliating import DAY
from tests.support.offering import BAIL, Asking, asking
from tests.support.rules import let_share_on, put_in_force, shipped_files

pytestmark = pytest.mark.slow

NOWHERE_NETWORK = b"203.0.113.66/32, blocked\n"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Asking]:
    with asking(database_url, tmp_path) as made:
        yield made


def reason_of(work: Callable[[], Any]) -> Reason:
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


# ── offered ─────────────────────────────────────────────────────────────────────────────────────


def test_what_an_operator_gives_waits_and_gives_nothing(house: Asking) -> None:
    world, until = house.world, house.now + 100 * DAY
    made = house.offer(right=Right.WRITE, until=until, purpose=" dossier logement ")
    assert (made.giver, made.to, made.to_name) == ("amina", "karim", "Name of karim")
    assert (made.path, made.is_folder, made.right) == (BAIL, False, Right.WRITE)
    assert (made.until, made.purpose, made.operator) == (until, "dossier logement", "tests")
    assert (made.state, made.expires) == (OfferState.WAITING, house.now + UNANSWERED)
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


# ── accepted ────────────────────────────────────────────────────────────────────────────────────


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


# ── judged again ────────────────────────────────────────────────────────────────────────────────


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


# ── altered rows ────────────────────────────────────────────────────────────────────────────────


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
