"""Sharing one thing with one side, seeing it listed, and taking it back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from davserver.db import tables
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, NotSignedIn, Reason, Refused
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import GrantId, PersonId, StructureId
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Person, Principal, Role, Structure
from davserver.gate.shares import GrantState
from davserver.gate.sharing.sharing import MOST_PURPOSE_CHARACTERS, Sharing
from davserver.trail import INSTANCE
from davserver.vault.nodes.rows import OpenVault
from tests.support.accounts import NOON
from tests.support.sharing import Shelter

ALLOWANCE = 123_456
DAY = timedelta(days=1)


@pytest.fixture
def sharing(house: Shelter) -> Sharing:
    return Sharing(house.tools, ALLOWANCE)


@pytest.fixture
def amina(house: Shelter) -> OpenVault:
    return house.beneficiary("amina")


@pytest.fixture
def ccas(house: Shelter) -> Structure:
    return house.accounts.add_structure("ccas")


@pytest.fixture
def karim(house: Shelter, ccas: Structure) -> Person:
    return house.professional("karim", ccas)


@pytest.fixture
def give(
    house: Shelter, sharing: Sharing, amina: OpenVault, karim: Person
) -> Callable[..., GrantView]:
    """Amina shares a folder with karim, unless something else is said."""

    def work(path: str = "/Santé", **changes: Any) -> GrantView:
        wish = {"to": ToPerson(karim.id), "right": Right.READ, "until": None} | changes
        who = wish.pop("who", None) or house.signed_in("amina")
        return sharing.add(who, path=DrivePath.parse(path), now=house.now, **wish)

    return work


def rows(house: Shelter) -> int:
    with house.db.read() as tx:
        return tx.execute(select(func.count()).select_from(tables.grant)).scalar_one()


# ── giving ──────────────────────────────────────────────────────────────────────────────────────


def test_a_beneficiary_shares_a_folder_with_a_professional(
    house: Shelter, amina: OpenVault, karim: Person, give: Callable[..., GrantView]
) -> None:
    until = NOON + DAY
    view = give(right=Right.WRITE, until=until, purpose="  mon dossier ")
    assert view == GrantView(
        id=view.id,
        vault=amina.id,
        giver="amina",
        to="karim",
        path="/Santé",
        right=Right.WRITE,
        starts=NOON,
        until=until,
        ended=None,
        state="live",
        seen_at="/Name of amina/Santé",
        purpose="mon dossier",
        parent=None,
        to_name="Name of karim",
    )
    with house.db.read() as tx:
        (grant,) = house.book.live_for(tx, amina.id, {karim.id}, NOON)
        row = house.book.one(tx, grant.id)
    assert (grant.id, grant.allowance, row.purpose) == (view.id, ALLOWANCE, "mon dossier")


def test_what_is_shared_is_in_the_trail_with_its_row_and_without_names(
    house: Shelter, amina: OpenVault, karim: Person, give: Callable[..., GrantView]
) -> None:
    view = give(until=NOON + DAY, purpose="logement")
    (entry,) = house.told(amina)
    assert (entry.what, entry.who_login, entry.path) == ("grant", "amina", "/Santé")
    assert entry.details == {
        "to-person": "karim",
        "right": "read",
        "until": (NOON + DAY).isoformat(),
        "purpose": "logement",
        "strength": "password",
    }
    with house.db.read() as tx:
        stamps = house.trail.last_stamps(tx, amina.id)
        assert stamps["grant", view.id].hash == house.grant_columns(view.id)["row_mac"]
        unnamed = house.trail.entries(tx, amina.id, limit=9, names=lambda _: {})
    assert karim.login not in str(unnamed)


def test_a_structure_gets_ordinary_things_and_no_sensitive_ones(
    house: Shelter, amina: OpenVault, ccas: Structure, give: Callable[..., GrantView]
) -> None:
    to = ToStructure(ccas.id)
    assert give("/Logement", to=to).to == "structure:ccas"
    for sensitive in ("/Santé", "/Justice", "/Famille"):
        with pytest.raises(Refused) as refused:
            give(sensitive, to=to)
        assert refused.value.reason is Reason.CATEGORY
    assert rows(house) == 1
    assert [(one.what, one.path) for one in house.told(amina)] == [
        ("affiliation-confirm", ""),
        ("grant", "/Logement"),
        ("refused", "/Santé"),
        ("refused", "/Justice"),
        ("refused", "/Famille"),
    ]


def test_the_whole_drive_cannot_be_shared(give: Callable[..., GrantView]) -> None:
    with pytest.raises(Refused) as refused:
        give("/")
    assert refused.value.reason is Reason.DRIVE_ROOT


def test_nothing_can_be_shared_that_is_not_there(give: Callable[..., GrantView]) -> None:
    with pytest.raises(NotFound):
        give("/Nowhere")


def test_nobody_gets_the_same_thing_twice_at_a_time(
    house: Shelter, ccas: Structure, give: Callable[..., GrantView]
) -> None:
    give("/Logement", until=NOON + DAY)
    with pytest.raises(AlreadyThere):
        give("/Logement", right=Right.WRITE)
    give("/Logement", to=ToStructure(ccas.id))
    house.now += DAY
    give("/Logement", right=Right.WRITE)


@pytest.mark.parametrize(
    "changes",
    [{"until": NOON}, {"until": NOON - DAY}, {"purpose": "x" * (MOST_PURPOSE_CHARACTERS + 1)}],
)
def test_what_makes_no_sense_is_refused_with_a_message(
    house: Shelter, give: Callable[..., GrantView], changes: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=r"until|purpose"):
        give(**changes)
    assert rows(house) == 0


def test_only_professionals_and_known_structures_can_be_given_anything(
    house: Shelter, give: Callable[..., GrantView]
) -> None:
    manager = house.accounts.add("mireille", Role.MANAGER)
    other = house.accounts.add("idris", Role.BENEFICIARY)
    for nobody in (
        ToPerson(manager.id),
        ToPerson(other.id),
        ToPerson(PersonId(bytes(16))),
        ToStructure(StructureId(bytes(16))),
    ):
        with pytest.raises(NotFound):
            give(to=nobody)
    assert rows(house) == 0


def test_grantees_are_found_by_login_or_slug_and_all_others_are_alike(
    house: Shelter, sharing: Sharing, karim: Person, ccas: Structure
) -> None:
    house.accounts.add("mireille", Role.MANAGER)
    assert sharing.grantee("Karim") == ToPerson(karim.id)
    assert sharing.grantee("structure:ccas") == ToStructure(ccas.id)
    messages = []
    for unknown in ("mireille", "nobody"):
        with pytest.raises(NotFound) as found:
            sharing.grantee(unknown)
        messages.append(str(found.value).replace(unknown, "…"))
    assert messages[0] == messages[1]
    with pytest.raises(NotFound, match="structure"):
        sharing.grantee("structure:nowhere")


def test_by_the_shipped_rules_a_professional_gives_nothing_on(
    house: Shelter, amina: OpenVault, give: Callable[..., GrantView]
) -> None:
    zoe = house.professional("zoe")
    seen_at = give(right=Right.WRITE).seen_at
    with pytest.raises(Refused) as refused:
        give(seen_at, who=house.signed_in("karim"), to=ToPerson(zoe.id))
    assert refused.value.reason is Reason.POLICY
    with pytest.raises(NotFound):
        give("/Name of amina/Justice", who=house.signed_in("karim"), to=ToPerson(zoe.id))
    assert rows(house) == 1
    assert [one.what for one in house.told(amina)] == ["grant", "refused"]


def test_sharing_asks_for_the_password_and_not_an_app_password(
    house: Shelter, give: Callable[..., GrantView]
) -> None:
    with house.db.read() as tx:
        person = house.accounts.registered.find_person(tx, "amina")
    device = house.accounts.add_app_password(person)
    who = house.accounts.login.sign_in(device, None, NOON)
    with pytest.raises(Refused) as refused:
        give(who=who)
    assert refused.value.reason is Reason.AUTH_TOO_WEAK
    assert rows(house) == 0


def test_somebody_who_was_blocked_meanwhile_shares_nothing(
    house: Shelter, give: Callable[..., GrantView]
) -> None:
    who = house.signed_in("amina")
    house.db.write(
        lambda tx: house.accounts.register.set_state(
            tx, who.id, AccountState.ADMINISTRATOR_BLOCKED, NOON
        )
    )
    with pytest.raises(NotSignedIn):
        give(who=who)


def test_an_operators_grant_is_recorded_as_such(
    house: Shelter, amina: OpenVault, give: Callable[..., GrantView]
) -> None:
    assert give(who=house.operator("amina")).giver == "amina"
    (entry,) = house.told(amina)
    assert (entry.who_login, entry.details["operator"]) == ("amina", "root")


# ── listing ─────────────────────────────────────────────────────────────────────────────────────


def test_every_state_is_listed_by_its_word(
    house: Shelter,
    sharing: Sharing,
    amina: OpenVault,
    karim: Person,
    give: Callable[..., GrantView],
) -> None:
    ended = give("/Justice")
    sharing.end(house.signed_in("amina"), ended.id, NOON)
    give("/Santé", until=NOON + DAY)
    give("/Famille")
    house.share(amina, "Travail", ToPerson(karim.id), starts=NOON + 2 * DAY)
    house.share(amina, "Logement", ToPerson(karim.id), parent=ended.id)
    house.now += DAY
    listed = sharing.list(house.signed_in("amina"), house.now)
    assert {one.path: one.state for one in listed} == {
        "/Justice": "ended",
        "/Santé": "expired",
        "/Famille": "live",
        "/Travail": "upcoming",
        "/Logement": "suspended",
    }
    assert {one.state for one in listed} == set(GrantState) - {GrantState.RESTING}


def test_owners_list_their_own_operators_all_and_professionals_nothing(
    house: Shelter, sharing: Sharing, give: Callable[..., GrantView], karim: Person
) -> None:
    give()
    other = house.beneficiary("idris")
    house.share(other, "Santé", ToPerson(karim.id), owner_name="Idris")

    def listed(who: Principal) -> list[str]:
        return [one.seen_at for one in sharing.list(who, house.now)]

    assert listed(house.signed_in("amina")) == ["/Name of amina/Santé"]
    assert listed(house.operator("idris")) == ["/Idris/Santé"]
    assert sorted(listed(house.operator())) == ["/Idris/Santé", "/Name of amina/Santé"]
    assert listed(house.signed_in("karim")) == []


# ── taking back ─────────────────────────────────────────────────────────────────────────────────


def test_an_owner_takes_back_what_was_shared(
    house: Shelter,
    sharing: Sharing,
    amina: OpenVault,
    karim: Person,
    give: Callable[..., GrantView],
) -> None:
    given = give()
    before = house.revocations()
    lock = {
        "id": bytes(16), "token": "t", "vault_id": amina.id, "node_id": house.node(amina, "Santé"),
        "person_id": karim.id, "grant_id": given.id, "exclusive": True, "deep": False,
        "owner_ct": b"", "created": 0, "timeout": 1, "expires_at": 2**60,
    }  # fmt: skip
    house.db.write(lambda tx: tx.execute(insert(tables.lock).values(lock)))
    house.now += DAY
    view = sharing.end(house.signed_in("amina"), given.id, house.now)
    assert (view.state, view.ended, view.path) == ("ended", house.now, "/Santé")
    assert house.revocations() == before + 1
    with house.db.read() as tx:
        assert house.book.live_for(tx, amina.id, {karim.id}, house.now) == []
        assert tx.execute(select(tables.lock)).all() == []
    entry = house.told(amina)[-1]
    assert (entry.what, entry.path, entry.details["to-person"]) == ("end-grant", "/Santé", "karim")


def test_ending_twice_is_recorded_once(
    house: Shelter, sharing: Sharing, amina: OpenVault, give: Callable[..., GrantView]
) -> None:
    given = give()
    first = sharing.end(house.signed_in("amina"), given.id, NOON)
    before = house.revocations()
    assert sharing.end(house.signed_in("amina"), given.id, NOON + DAY) == first
    assert house.revocations() == before
    assert [one.what for one in house.told(amina)] == ["grant", "end-grant"]


def test_an_app_password_is_enough_to_take_back(
    house: Shelter, sharing: Sharing, give: Callable[..., GrantView]
) -> None:
    given = give()
    with house.db.read() as tx:
        person = house.accounts.registered.find_person(tx, "amina")
    device = house.accounts.add_app_password(person, read_only=True)
    who = house.accounts.login.sign_in(device, None, NOON)
    assert sharing.end(who, given.id, NOON).state == "ended"


def test_nobody_else_can_end_it_or_learn_of_it(
    house: Shelter, sharing: Sharing, give: Callable[..., GrantView]
) -> None:
    given = give()
    house.beneficiary("idris")
    house.professional("zoe")
    for login in ("karim", "zoe", "idris"):
        for grant in (given.id, GrantId(bytes(16))):
            with pytest.raises(NotFound, match=r"^there is no such grant$"):
                sharing.end(house.signed_in(login), grant, NOON)
    with pytest.raises(NotFound):
        sharing.end(house.operator("idris"), given.id, NOON)


def test_somebody_at_the_machine_ends_it_on_the_owners_behalf(
    house: Shelter, sharing: Sharing, amina: OpenVault, give: Callable[..., GrantView]
) -> None:
    given = give()
    assert sharing.end(house.operator(), given.id, NOON).state == "ended"
    entry = house.told(amina)[-1]
    assert (entry.what, entry.who_login, entry.details["operator"]) == (
        "end-grant",
        "amina",
        "root",
    )


def test_all_that_was_done_leaves_whole_trails(
    house: Shelter, sharing: Sharing, give: Callable[..., GrantView]
) -> None:
    given = give()
    sharing.end(house.operator(), given.id, NOON)
    with house.db.read() as tx:
        assert house.trail.verify(tx) == []
        assert house.trail.verify(tx, INSTANCE) == []
