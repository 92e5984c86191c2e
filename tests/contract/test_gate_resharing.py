"""Sharing on: only where the policy allows it, never more, never longer, and only once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from davserver.db import tables
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason, Refused
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Structure
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.rules import let_share_on, more_rules
from tests.support.safekeeping import Safekeeping, later, safekeeping

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
LEASE = "/Name of amina/Logement/bail.txt"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        let_share_on(made)
        yield made


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    drive = world.beneficiary("amina", "fr")
    drive.put("/Logement/bail.txt", b"lease")
    drive.put("/Logement/plan.txt", b"plan")
    return drive


@pytest.fixture
def lea(world: Safekeeping) -> Drive:
    return world.professional("lea")


def give(
    world: Safekeeping, owner: Drive, to: Drive | Structure, path: str, **wish: Any
) -> GrantView:
    grantee = ToStructure(to.id) if isinstance(to, Structure) else ToPerson(to.person.id)
    usual = {"right": Right.READ, "until": None}
    return world.sharing.add(
        owner.who, to=grantee, path=DrivePath.parse(path), now=world.clock(), **usual | wish
    )


def refusal(*call: Any, **wish: Any) -> Reason:
    with pytest.raises(Refused) as refused:
        give(*call, **wish)
    return refused.value.reason


def states(world: Safekeeping, owner: Drive) -> dict[bytes, str]:
    return {one.id: one.state for one in world.sharing.list(owner.who, world.clock())}


def told(world: Safekeeping, owner: Drive) -> list[Any]:
    with world.db.read() as tx:
        vault = world.vault_of(owner)
        return world.tools.trail.entries(tx, vault, limit=100, names=lambda _: {})


# ── giving on ───────────────────────────────────────────────────────────────────────────────────


def test_a_colleague_sees_the_document_alone_under_its_owners_name(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    parent = give(world, amina, karim, "/Logement", right=Right.WRITE, until=NOON + DAY)
    view = give(world, karim, lea, LEASE)
    assert (view.giver, view.to, view.parent) == ("karim", "lea", parent.id)
    assert (view.path, view.seen_at) == (LEASE, "/Name of amina/bail.txt")
    assert view.until == NOON + DAY, "no end means that of what it stands on"
    assert lea.names("/Name of amina") == ["bail.txt"]
    assert lea.get(view.seen_at) == b"lease"
    with pytest.raises(Refused):
        lea.put(view.seen_at, b"changed")


def test_the_owner_sees_who_shared_on_and_under_which_grant(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    parent = give(world, amina, karim, "/Logement")
    made = give(world, karim, lea, LEASE, purpose="relais")
    every = world.sharing.list(amina.who, world.clock())
    (listed,) = (one for one in every if one.giver != "amina")
    assert (listed.id, listed.giver, listed.parent) == (made.id, "karim", parent.id)
    assert (listed.path, listed.purpose) == ("/Logement/bail.txt", "relais")
    entry = told(world, amina)[-1]
    assert (entry.what, entry.who, entry.path) == ("grant", karim.person.id, "/Logement/bail.txt")
    assert entry.details["parent"] == parent.id.hex()
    assert world.troubles() == []


def test_by_the_shipped_rules_nobody_shares_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    more_rules(world)
    give(world, amina, karim, "/Logement")
    assert refusal(world, karim, lea, LEASE) is Reason.POLICY
    assert told(world, amina)[-1].what == "refused"
    assert lea.names("/") == []


def test_what_a_structure_holds_nobody_of_it_shares_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive, ccas: Structure
) -> None:
    give(world, amina, ccas, "/Logement")
    assert refusal(world, karim, lea, LEASE) is Reason.OWNER_ONLY


def test_never_more_rights_than_the_grant_that_it_stands_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement", right=Right.READ)
    for right in (Right.WRITE, Right.DEPOSIT):
        assert refusal(world, karim, lea, LEASE, right=right) is Reason.READ_ONLY
    give(world, amina, karim, "/Logement/bail.txt", right=Right.WRITE)
    view = give(world, karim, lea, "/Name of amina/bail.txt", right=Right.WRITE)
    lea.put(view.seen_at, b"changed")
    assert amina.get("/Logement/bail.txt") == b"changed"


def test_never_a_later_end_than_the_grant_that_it_stands_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement", until=NOON + 2 * DAY)
    with pytest.raises(BadInput, match="what it stands on ends at"):
        give(world, karim, lea, LEASE, until=NOON + 3 * DAY)
    assert give(world, karim, lea, LEASE, until=NOON + DAY).until == NOON + DAY
    later(world, DAY)
    assert lea.names("/") == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"until": NOON}, "is over"),
        ({"starts": NOON + 2 * DAY, "until": NOON + DAY}, "after the start"),
        ({"right": Right.DEPOSIT}, "is a file"),
    ],
)
def test_what_no_owner_could_wish_for_nobody_shares_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive, wish: dict[str, Any], why: str
) -> None:
    give(world, amina, karim, "/Logement", right=Right.WRITE)
    with pytest.raises(BadInput, match=why):
        give(world, karim, lea, LEASE, **wish)


def test_it_stands_on_the_grant_that_lasts_longest(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement", until=NOON + DAY)
    longest = give(world, amina, karim, "/Logement/bail.txt")
    assert give(world, karim, lea, "/Name of amina/bail.txt").parent == longest.id


def test_what_was_shared_on_is_not_shared_on_again(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    zoe = world.professional("zoe")
    give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE)
    assert refusal(world, lea, zoe, view.seen_at) is Reason.OWNER_ONLY
    give(world, amina, lea, "/Logement")
    give(world, lea, zoe, view.seen_at)


def test_a_structure_gets_nothing_from_anybody_but_the_owner(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    other = world.structure("other")
    give(world, amina, karim, "/Logement")
    assert refusal(world, karim, other, LEASE) is Reason.OWNER_ONLY
    assert world.rows(tables.affiliation) == []


def test_what_is_not_on_their_drive_is_not_there_to_share(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive, ccas: Structure
) -> None:
    amina.mkcol("/Logement/Santé")
    give(world, amina, karim, "/Logement")
    for path in ("/Name of amina/Travail", "/Name of amina/Logement/x", "/Nobody/x"):
        with pytest.raises(NotFound):
            give(world, karim, lea, path)
    assert refusal(world, karim, lea, "/Name of amina") is Reason.DRIVE_ROOT


def test_nobody_shares_the_same_on_twice_nor_with_themselves_and_learns_of_no_others(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    give(world, amina, lea, "/Logement/bail.txt")
    give(world, karim, lea, LEASE)
    for to in (lea, karim):
        with pytest.raises(AlreadyThere):
            give(world, karim, to, LEASE)


def test_the_owner_gives_the_same_beside_it(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    parent = give(world, amina, karim, "/Logement")
    shared = give(world, karim, lea, LEASE)
    own = give(world, amina, lea, "/Logement/bail.txt", right=Right.WRITE)
    assert own.seen_at == shared.seen_at
    world.sharing.end(amina.who, parent.id, world.clock())
    assert lea.get(own.seen_at) == b"lease"


def test_only_professionals_get_it(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    bilal = world.beneficiary("bilal")
    give(world, amina, karim, "/Logement")
    with pytest.raises(NotFound):
        give(world, karim, bilal, LEASE)


# ── it ends with what it stands on ──────────────────────────────────────────────────────────────


def test_ending_the_first_ends_the_second_and_its_locks(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    parent = give(world, amina, karim, "/Logement", right=Right.WRITE)
    view = give(world, karim, lea, LEASE, right=Right.WRITE)
    lea.lock(view.seen_at)
    world.sharing.end(amina.who, parent.id, world.clock())
    assert states(world, amina) == {parent.id: "ended", view.id: "ended"}
    assert [one.what for one in told(world, amina)[-2:]] == ["end-grant", "end-grant"]
    assert lea.names("/") == karim.names("/") == []
    with world.db.read() as tx:
        assert tx.execute(select(tables.lock)).all() == []
    amina.put("/Logement/bail.txt", b"free")


def test_ending_it_alone_leaves_the_first(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE)
    assert world.sharing.end(amina.who, view.id, world.clock()).state == "ended"
    assert karim.names("/Name of amina") == ["Logement"]
    assert lea.names("/") == []


def test_all_that_somebody_has_ends_with_what_others_shared_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    give(world, karim, lea, LEASE)
    give(world, amina, lea, "/Travail")
    ended = world.sharing.end_all(amina.who, world.clock(), to=ToPerson(lea.person.id))
    assert len(ended) == 2
    assert lea.names("/") == []
    assert karim.names("/Name of amina") == ["Logement"]


def test_it_goes_when_the_first_expires_without_anybody_writing(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement", until=NOON + DAY)
    give(world, karim, lea, LEASE)
    etag = lea.look("/").etag
    later(world, DAY)
    assert lea.names("/") == []
    assert lea.look("/").etag != etag
    assert set(states(world, amina).values()) == {"expired"}


def test_it_stands_as_long_as_whoever_shared_it_on_has_it(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE)

    def block(state: AccountState) -> None:
        register = world.accounts.register
        world.db.write(lambda tx: register.set_state(tx, karim.person.id, state, NOON))

    block(AccountState.ADMINISTRATOR_BLOCKED)
    assert lea.names("/") == []
    assert states(world, amina)[view.id] == "suspended"
    with pytest.raises(BadInput, match="suspended"):
        world.sharing.renew(amina.who, view.id, NOON + DAY, world.clock())
    block(AccountState.ACTIVE)
    assert lea.names("/Name of amina") == ["bail.txt"]


def test_one_that_stands_on_a_structures_goes_with_the_place_there(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive, ccas: Structure
) -> None:
    """No rule lets anybody make one; a row that says so is still judged by the facts."""
    team = give(world, amina, ccas, "/Logement")
    named = give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE)
    grants = world.tools.grants

    def stand_on_the_team(tx: Any) -> None:
        made = grants.one(tx, GrantId(view.id))
        other = replace(made.grant, id=GrantId(b"t" * 16), parent=GrantId(team.id), folder="Other")
        grants.insert(tx, other, by=karim.person.id, purpose="")

    world.db.write(stand_on_the_team)
    world.sharing.end(amina.who, named.id, world.clock())
    assert lea.names("/Other") == ["bail.txt"]
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    assert lea.names("/") == []


def test_what_is_moved_out_of_the_first_is_seen_no_more(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    give(world, karim, lea, LEASE)
    amina.move("/Logement/bail.txt", "/Travail/bail.txt")
    assert lea.names("/") == []


# ── renewing ────────────────────────────────────────────────────────────────────────────────────


def test_it_is_renewed_up_to_the_end_of_the_first(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement", until=NOON + 3 * DAY)
    view = give(world, karim, lea, LEASE, until=NOON + DAY)
    for who in (karim.who, amina.who, world.operator):
        with pytest.raises(BadInput, match="what it stands on ends at"):
            world.sharing.renew(who, view.id, NOON + 4 * DAY, world.clock())
        assert (
            world.sharing.renew(who, view.id, NOON + 2 * DAY, world.clock()).until == NOON + 2 * DAY
        )
        assert world.sharing.renew(who, view.id, None, world.clock()).until == NOON + 3 * DAY
    assert told(world, amina)[-1].who == karim.person.id


def test_a_rule_that_is_gone_lets_nobody_renew_what_they_shared_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE, until=NOON + DAY)
    more_rules(world)
    with pytest.raises(Refused):
        world.sharing.renew(karim.who, view.id, None, world.clock())
    assert world.sharing.renew(amina.who, view.id, None, world.clock()).until is None


def test_an_earlier_end_of_the_first_is_an_earlier_end_of_the_second(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    parent = give(world, amina, karim, "/Logement")
    view = give(world, karim, lea, LEASE)
    world.sharing.renew(amina.who, parent.id, NOON + DAY, world.clock())
    listed = {one.id: one.until for one in world.sharing.list(amina.who, world.clock())}
    assert listed == {parent.id: NOON + DAY, view.id: NOON + DAY}
    assert [one.what for one in told(world, amina)[-2:]] == ["renew-grant", "renew-grant"]
    world.sharing.renew(amina.who, parent.id, None, world.clock())
    listed = {one.id: one.until for one in world.sharing.list(amina.who, world.clock())}
    assert listed == {parent.id: None, view.id: NOON + DAY}


# ── moving and copying into a wider place ───────────────────────────────────────────────────────


def test_a_document_goes_before_more_people_only_where_it_may_be_shared_on(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    for folder in ("/Logement/A", "/Logement/B"):
        amina.mkcol(folder)
        amina.put(f"{folder}/{folder[-1]}.txt", b"x")
    give(world, amina, karim, "/Logement", right=Right.WRITE)
    give(world, amina, lea, "/Logement/B")
    inside = "/Name of amina/Logement"
    more_rules(world)
    for act in (karim.move, karim.copy):
        with pytest.raises(Refused) as refused:
            act(f"{inside}/A/A.txt", f"{inside}/B/new.txt")
        assert refused.value.reason is Reason.WIDER_AUDIENCE
    let_share_on(world)
    karim.copy(f"{inside}/A/A.txt", f"{inside}/B/copied.txt")
    karim.move(f"{inside}/A/A.txt", f"{inside}/B/moved.txt")
    assert lea.names("/Name of amina/B") == ["B.txt", "copied.txt", "moved.txt"]


def test_what_was_shared_on_is_not_put_before_more_people(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    zoe = world.professional("zoe")
    for folder in ("/Logement/A", "/Logement/B"):
        amina.mkcol(folder)
    amina.put("/Logement/A/a.txt", b"x")
    give(world, amina, karim, "/Logement", right=Right.WRITE)
    give(world, amina, zoe, "/Logement/B")
    give(world, karim, lea, "/Name of amina/Logement", right=Right.WRITE)
    inside = "/Name of amina/Logement"
    with pytest.raises(Refused) as refused:
        lea.move(f"{inside}/A/a.txt", f"{inside}/B/a.txt")
    assert refused.value.reason is Reason.WIDER_AUDIENCE
