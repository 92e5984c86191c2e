"""When grants begin and end: upcoming ones, renewals, and many ended at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from davserver.db import tables
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.drive import GrantView, TrailEntry
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Reason, Refused
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from davserver.trail import INSTANCE
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, later

DAY = timedelta(days=1)


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    drive = world.beneficiary("amina", "fr")
    drive.put("/Logement/bail.txt", b"lease")
    drive.put("/Travail/cv.txt", b"cv")
    return drive


def give(
    world: Safekeeping, owner: Drive, to: Drive | Structure, path: str, **wish: Any
) -> GrantView:
    grantee = ToStructure(to.id) if isinstance(to, Structure) else ToPerson(to.person.id)
    usual = {"right": Right.READ, "until": None}
    return world.sharing.add(
        owner.who, to=grantee, path=DrivePath.parse(path), now=world.clock(), **usual | wish
    )


def told(world: Safekeeping, owner: Drive) -> list[TrailEntry]:
    with world.db.read() as tx:
        return world.tools.trail.entries(tx, world.vault_of(owner), limit=100, names=lambda _: {})


def written(world: Safekeeping) -> tuple[int, ...]:
    """How much there is in everything that sharing writes to."""
    with world.db.read() as tx:
        counted = (tables.trail, tables.grant, tables.folder_change, tables.notice)
        return tuple(tx.execute(select(func.count()).select_from(t)).scalar_one() for t in counted)


def revocations(world: Safekeeping) -> int:
    return world.row(tables.epoch)["revocation"]


# ── a start to come ─────────────────────────────────────────────────────────────────────────────


def test_what_begins_later_is_not_there_until_its_moment_and_then_without_anybody_writing(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    give(world, amina, karim, "/Travail")
    starts = NOON + DAY
    view = give(world, amina, karim, "/Logement", starts=starts, until=starts + DAY)
    assert (view.state, view.starts, view.until) == ("upcoming", starts, starts + DAY)
    before = (karim.look("/").etag, karim.look("/Name of amina").etag)
    count = written(world)
    world.clock.now = starts - timedelta(microseconds=1)
    assert karim.names("/Name of amina") == ["Travail"]
    assert (karim.look("/").etag, karim.look("/Name of amina").etag) == before
    world.clock.now = starts
    assert karim.names("/Name of amina") == ["Logement", "Travail"]
    assert karim.get("/Name of amina/Logement/bail.txt") == b"lease"
    during = (karim.look("/").etag, karim.look("/Name of amina").etag)
    assert all(one != other for one, other in zip(before, during, strict=True))
    world.clock.now = starts + DAY
    assert karim.names("/Name of amina") == ["Travail"]
    assert (karim.look("/").etag, karim.look("/Name of amina").etag) == before
    assert written(world) == count


def test_a_persons_folder_appears_when_the_first_grant_begins(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    give(world, amina, karim, "/Logement", starts=NOON + DAY)
    nothing = karim.look("/").etag
    assert karim.names("/") == []
    later(world, DAY)
    assert karim.names("/") == ["Name of amina"]
    assert karim.look("/").etag != nothing


def test_a_structures_grant_begins_later_too(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    assert give(world, amina, ccas, "/Logement", starts=NOON + DAY).state == "upcoming"
    assert karim.names("/") == []
    later(world, DAY)
    assert karim.names("/Name of amina") == ["Logement"]


@pytest.mark.parametrize(
    ("starts", "until", "says"),
    [
        (NOON, None, "starts .* over"),
        (NOON - DAY, None, "starts .* over"),
        (NOON + DAY, NOON + DAY, "after the start"),
        (NOON + 2 * DAY, NOON + DAY, "after the start"),
    ],
)
def test_a_start_lies_ahead_and_before_the_end(
    world: Safekeeping,
    amina: Drive,
    karim: Drive,
    starts: datetime,
    until: datetime | None,
    says: str,
) -> None:
    with pytest.raises(BadInput, match=says):
        give(world, amina, karim, "/Logement", starts=starts, until=until)
    assert world.rows(tables.grant) == []


def test_spans_that_do_not_meet_stand_side_by_side(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    give(world, amina, karim, "/Logement", starts=NOON + 2 * DAY, until=NOON + 3 * DAY)
    with pytest.raises(AlreadyThere):
        give(world, amina, karim, "/Logement")
    with pytest.raises(AlreadyThere):
        give(world, amina, karim, "/Logement", starts=NOON + DAY, until=NOON + 4 * DAY)
    give(world, amina, karim, "/Logement", until=NOON + 2 * DAY)
    give(world, amina, karim, "/Logement", starts=NOON + 3 * DAY)
    assert karim.names("/Name of amina") == ["Logement"]
    later(world, 10 * DAY)
    assert karim.names("/Name of amina") == ["Logement"]


def test_the_trail_says_when_it_begins(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    give(world, amina, karim, "/Logement", starts=NOON + DAY)
    give(world, amina, karim, "/Travail")
    first, second = (one for one in told(world, amina) if one.what == "grant")
    assert first.details["starts"] == (NOON + DAY).isoformat()
    assert "starts" not in second.details


# ── renewing ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("until", [NOON + 9 * DAY, NOON + timedelta(hours=1), None])
def test_an_end_is_moved_later_or_earlier_or_away_and_the_names_stay(
    world: Safekeeping, amina: Drive, karim: Drive, until: datetime | None
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    amina.move("/Logement", "/Toit")
    before = revocations(world)
    view = world.sharing.renew(amina.who, made.id, until, world.clock())
    assert (view.id, view.until, view.seen_at) == (made.id, until, made.seen_at)
    assert view.path == "/Toit"
    assert revocations(world) == before + 1
    row = world.row(tables.grant)
    assert row["row_version"] == 2
    entry = told(world, amina)[-1]
    assert (entry.what, entry.path) == ("renew-grant", "/Toit")
    assert entry.details.get("until") == (until.isoformat() if until else None)
    end = until or NOON + 1000 * DAY
    world.clock.now = end - timedelta(microseconds=1)
    assert karim.names(made.seen_at) == ["bail.txt"]
    world.clock.now = end
    assert ("Name of amina" in karim.names("/")) is (until is None)


def test_what_is_over_is_given_anew_not_renewed(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    expired = give(world, amina, karim, "/Logement", until=NOON + DAY)
    ended = give(world, amina, karim, "/Travail")
    world.sharing.end(amina.who, ended.id, world.clock())
    later(world, DAY)
    before = written(world)
    for grant, word in ((expired.id, "expired"), (ended.id, "ended")):
        with pytest.raises(BadInput, match=f"{word}: give it anew"):
            world.sharing.renew(amina.who, grant, None, world.clock())
    assert written(world) == before


@pytest.mark.parametrize("until", [NOON, NOON - DAY])
def test_a_new_end_lies_ahead(
    world: Safekeeping, amina: Drive, karim: Drive, until: datetime
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    with pytest.raises(BadInput, match="over"):
        world.sharing.renew(amina.who, made.id, until, world.clock())


def test_what_is_to_begin_is_renewed_to_an_end_after_its_start(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    made = give(world, amina, karim, "/Logement", starts=NOON + 2 * DAY)
    with pytest.raises(BadInput, match="after the start"):
        world.sharing.renew(amina.who, made.id, NOON + DAY, world.clock())
    view = world.sharing.renew(amina.who, made.id, NOON + 3 * DAY, world.clock())
    assert (view.state, view.until) == ("upcoming", NOON + 3 * DAY)


def test_nobody_else_renews_it_or_learns_of_it(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    bilal = world.beneficiary("bilal")
    for drive in (karim, bilal):
        device = world.accounts.add_app_password(drive.person)
        who = world.accounts.login.sign_in(device, None, NOON)
        for grant in (made.id, GrantId(bytes(16))):
            with pytest.raises(NotFound, match=r"^there is no such grant$"):
                world.sharing.renew(who, grant, None, world.clock())


def test_somebody_at_the_machine_renews_on_the_owners_behalf(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    world.sharing.renew(world.operator, made.id, None, world.clock())
    entry = told(world, amina)[-1]
    assert (entry.who, entry.details["operator"]) == (amina.person.id, "tests")


def test_a_structure_is_not_renewed_for_what_became_sensitive(
    world: Safekeeping, amina: Drive, ccas: Structure
) -> None:
    made = give(world, amina, ccas, "/Logement", until=NOON + DAY)
    amina.move("/Logement", "/Famille/Logement")
    world.sharing.renew(amina.who, made.id, NOON + 2 * DAY, world.clock())
    amina.delete("/Famille/Logement")
    with pytest.raises(NotFound, match="not there any more"):
        world.sharing.renew(amina.who, made.id, None, world.clock())


def test_a_running_reading_gets_the_new_end(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    path = DrivePath.parse(f"{made.seen_at}/bail.txt")
    with_end = world.reading.open(karim.who, path, NONE, world.clock())
    world.sharing.renew(amina.who, made.id, NOON + 2 * DAY, world.clock())
    again = world.reading.decide_again(with_end._permit)
    with_end.close()
    assert again.valid_until == NOON + 2 * DAY


# ── many at once ────────────────────────────────────────────────────────────────────────────────


def test_all_that_was_given_for_one_purpose_ends_at_once(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    zoe, bilal = world.professional("zoe"), world.beneficiary("bilal", "fr")
    given = [
        give(world, amina, karim, "/Logement", purpose="Dossier logement"),
        give(world, amina, ccas, "/Logement", purpose=" dossier  logement "),
        give(world, amina, zoe, "/Travail", purpose="DOSSIER LOGEMENT", starts=NOON + DAY),
    ]
    kept = [
        give(world, amina, zoe, "/Logement", purpose="autre"),
        give(world, amina, karim, "/Travail"),
        give(world, bilal, karim, "/Logement", purpose="dossier logement"),
    ]
    over = give(world, amina, zoe, "/Identité", purpose="dossier logement", until=NOON + DAY)
    later(world, DAY)
    before = revocations(world)
    views = world.sharing.end_all(amina.who, world.clock(), purpose="dossier logement")
    assert {one.id for one in views} == {one.id for one in given}
    assert {one.state for one in views} == {"ended"}
    assert revocations(world) == before + 1
    assert [one.what for one in told(world, amina)[-3:]] == ["end-grant"] * 3
    states = {one.id: one.state for one in world.sharing.list(world.operator, world.clock())}
    assert {states[one.id] for one in kept} == {"live"}
    assert states[over.id] == "expired"
    assert world.sharing.end_all(amina.who, world.clock(), purpose="dossier logement") == []
    assert revocations(world) == before + 1


def test_all_that_somebody_has_ends_at_once(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    first = give(world, amina, karim, "/Logement", purpose="a")
    second = give(world, amina, karim, "/Travail")
    team = give(world, amina, ccas, "/Identité")
    to = ToPerson(karim.person.id)
    (one,) = world.sharing.end_all(amina.who, world.clock(), purpose="A", to=to)
    assert one.id == first.id
    (two,) = world.sharing.end_all(amina.who, world.clock(), to=to)
    assert two.id == second.id
    assert karim.names("/Name of amina") == ["Identité"]
    (three,) = world.sharing.end_all(amina.who, world.clock(), to=ToStructure(ccas.id))
    assert three.id == team.id
    assert karim.names("/") == []


def test_whoever_owns_no_vault_ends_nothing(world: Safekeeping, karim: Drive) -> None:
    with pytest.raises(NotFound):
        world.sharing.end_all(karim.who, world.clock(), purpose="a")


def test_what_was_done_leaves_whole_trails_and_a_whole_vault(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY, purpose="p")
    world.sharing.renew(amina.who, made.id, None, world.clock())
    give(world, amina, karim, "/Travail", starts=NOON + DAY, purpose="p")
    world.sharing.end_all(amina.who, world.clock(), purpose="p")
    with world.db.read() as tx:
        assert world.tools.trail.verify(tx, INSTANCE) == []
    assert world.troubles() == []


def test_the_policy_is_asked_before_a_renewal(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    made = give(world, amina, karim, "/Logement", until=NOON + DAY)
    device = world.accounts.add_app_password(amina.person)
    who = world.accounts.login.sign_in(device, None, NOON)
    with pytest.raises(Refused) as refused:
        world.sharing.renew(who, made.id, None, world.clock())
    assert refused.value.reason is Reason.AUTH_TOO_WEAK
    assert told(world, amina)[-1].what == "refused"
