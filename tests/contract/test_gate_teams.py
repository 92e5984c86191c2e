"""A manager's team: who is in it, who may come and go by their hand, and what they learn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.domain.decisions import Denial
from davserver.domain.errors import AlreadyThere, BadInput, NotFound
from davserver.domain.people import Role
from davserver.gate.people.teams import Hindrance, Kept, Presence, Sums
from davserver.vault import affiliations
from tests.support.accounts import statements_of
from tests.support.affiliating import DAY
from tests.support.agency import Agency, agency_in
from tests.support.staffing import LYON, STAFF, Office, map_groups

pytestmark = pytest.mark.slow


@pytest.fixture
def agency(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency_in(database_url, tmp_path) as made:
        yield made


# ── who is in it ────────────────────────────────────────────────────────────────────────────────


def test_a_manager_sees_who_works_there_who_is_to_come_and_who_left_lately(agency: Agency) -> None:
    world = agency.world
    world.professional("gone", agency.ccas)
    world.clock.passes(hours=1)
    world.people.end_membership(world.operator, "gone", "ccas", agency.now)
    world.professional("called-off")
    coming = agency.now + 40 * DAY
    world.people.add_membership(world.operator, "called-off", "ccas", agency.now, starts=coming)
    world.people.end_membership(world.operator, "called-off", "ccas", agency.now)
    world.clock.passes(days=20)
    world.people.end_membership(world.operator, "paul", "ccas", agency.now)
    soon = agency.now + 20 * DAY
    world.people.add_membership(
        world.operator, "zoe", "ccas", agency.now, starts=soon, ends=soon + DAY
    )
    world.people.disable(world.operator, "karim", agency.now)
    found = agency.members()
    assert {login: (one.presence, one.role, one.signs_in) for login, one in found.items()} == {
        "karim": (Presence.HERE, Role.PROFESSIONAL, False),
        "mireille": (Presence.HERE, Role.MANAGER, True),
        "zoe": (Presence.TO_COME, Role.PROFESSIONAL, True),
        "paul": (Presence.LEFT, Role.PROFESSIONAL, True),
        "gone": (Presence.LEFT, Role.PROFESSIONAL, True),
    }
    assert (found["zoe"].since, found["zoe"].until) == (soon, soon + DAY)
    assert (found["karim"].name, found["karim"].until) == ("Name of karim", None)
    world.clock.passes(days=10, seconds=1)
    assert "gone" not in agency.members()
    assert "paul" in agency.members()


def test_what_becomes_of_somebodys_account_after_they_left_is_not_told(agency: Agency) -> None:
    agency.end("paul")
    agency.world.people.disable(agency.world.operator, "paul", agency.now)
    assert agency.members()["paul"].signs_in


def test_somebody_who_left_and_came_back_is_here_once(agency: Agency) -> None:
    agency.end("paul")
    agency.world.clock.passes(hours=1)
    agency.add("paul")
    assert agency.members()["paul"].presence is Presence.HERE


def test_managers_of_several_structures_see_each(agency: Agency) -> None:
    world = agency.world
    world.people.add_membership(world.operator, "mireille", "other", agency.now)
    assert [one.slug for one in agency.teams.mine(agency.boss, agency.now)] == ["ccas", "other"]
    assert set(agency.members(slug="other")) == {"zoe", "mireille"}
    world.people.end_membership(world.operator, "mireille", "ccas", agency.now)
    assert [one.slug for one in agency.teams.mine(agency.boss, agency.now)] == ["other"]
    with pytest.raises(NotFound):
        agency.members()


# ── who comes ───────────────────────────────────────────────────────────────────────────────────


def test_a_professional_is_added_by_their_login_from_and_until(agency: Agency) -> None:
    world, amina, zoe = agency.world, agency.drives["amina"], agency.drives["zoe"]
    world.share(amina, agency.ccas, "/Travail")
    found = agency.teams.find(agency.boss, "ccas", "ZOE", agency.now)
    assert (found.login, found.name) == ("zoe", "Name of zoe")
    tomorrow = agency.now + DAY
    agency.add("ZOE", starts=tomorrow, ends=tomorrow + DAY)
    assert zoe.names("/") == []
    assert agency.told()[-1][:2] == ("membership-add", "mireille")
    assert agency.told()[-1][2]["structure"] == "ccas"
    world.clock.now = tomorrow
    assert zoe.names("/Name of amina") == ["Travail"]
    world.clock.now = tomorrow + DAY
    assert zoe.names("/") == []
    agency.add("zoe")
    assert zoe.names("/Name of amina") == ["Travail"]
    with pytest.raises(AlreadyThere):
        agency.add("zoe")
    with pytest.raises(AlreadyThere):
        agency.teams.find(agency.boss, "ccas", "zoe", agency.now)
    assert world.troubles() == []


def test_a_time_that_is_over_is_refused(agency: Agency) -> None:
    past = agency.now - timedelta(seconds=1)
    with pytest.raises(BadInput):
        agency.add("zoe", starts=past)
    with pytest.raises(BadInput):
        agency.add("zoe", ends=past)
    with pytest.raises(BadInput):
        agency.add("zoe", starts=agency.now + 2 * DAY, ends=agency.now + DAY)
    assert "zoe" not in agency.members()


# ── who goes ────────────────────────────────────────────────────────────────────────────────────


def test_whoever_is_ended_loses_what_the_structure_was_given_and_keeps_what_was_given_by_name(
    agency: Agency,
) -> None:
    world, amina, karim = agency.world, agency.drives["amina"], agency.drives["karim"]
    world.share(amina, agency.ccas, "/Travail")
    world.share(amina, karim, "/Santé")
    assert karim.names("/Name of amina") == ["Santé", "Travail"]
    seen = agency.teams.leaving(agency.boss, "ccas", agency.id("karim"), agency.now)
    assert (seen.member.login, seen.member.kept, seen.personal) == ("karim", None, None)
    before = karim.who.epoch.revocation
    agency.end("karim")
    assert karim.names("/Name of amina") == ["Santé"]
    assert karim.who.epoch.revocation > before
    assert agency.told()[-1][:2] == ("membership-end", "mireille")
    assert agency.members()["karim"].presence is Presence.LEFT
    with pytest.raises(NotFound):
        agency.end("karim")
    assert world.troubles() == []


def test_five_things_given_by_name_and_more_are_counted(agency: Agency) -> None:
    amina, karim = agency.drives["amina"], agency.drives["karim"]
    agency.world.share(amina, agency.ccas, "/Logement")
    for name in ("Travail", "Santé", "Justice", "Famille", "Identité"):
        agency.world.share(amina, karim, f"/{name}")
    # What somebody gave who is not accompanied by this structure is no business of its manager.
    agency.world.share(agency.drives["bilal"], karim, "/Travail")
    seen = agency.teams.leaving(agency.boss, "ccas", agency.id("karim"), agency.now)
    assert seen.personal == 5


def test_an_end_on_a_day_comes_by_itself_and_can_be_brought_forward(agency: Agency) -> None:
    world, amina, karim = agency.world, agency.drives["amina"], agency.drives["karim"]
    world.share(amina, agency.ccas, "/Travail")
    on = agency.now + 2 * DAY
    agency.end("karim", on)
    assert agency.members()["karim"].until == on
    with pytest.raises(BadInput):
        agency.end("karim", on + DAY)
    with pytest.raises(BadInput):
        agency.end("karim", agency.now - DAY)
    agency.end("karim", on - DAY)
    world.clock.now = on - DAY - timedelta(microseconds=1)
    assert karim.names("/Name of amina") == ["Travail"]
    world.clock.now = on - DAY
    assert karim.names("/") == []


def test_managers_are_changed_by_the_people_who_run_the_service(agency: Agency) -> None:
    """So no manager shuts the structure out of its own pages, nor the others."""
    agency.drives["second"] = agency.world.manager("second", agency.ccas)
    for login in ("mireille", "second"):
        assert agency.members()[login].kept is Kept.MANAGER
        with pytest.raises(Hindrance) as refused:
            agency.end(login)
        assert refused.value.kept is Kept.MANAGER
    assert {"mireille", "second"} <= set(agency.members())


@pytest.mark.slow
def test_what_a_directory_gave_is_ended_there_and_what_was_added_here_stays_through_it(
    agency: Agency,
) -> None:
    world = agency.world
    map_groups(world, f"m, lyon, professional, other, {STAFF}")
    lyon = Office(world)
    lyon.says("nadia", STAFF)
    login = "nadia@lyon.example"
    agency.add(login)
    assert agency.members()[login].directory == ""
    assert lyon.says("nadia", STAFF) == ()
    map_groups(world, f"m, lyon, professional, ccas, {STAFF}")
    lyon.says("nadia", STAFF)
    # Both at once: what is ended here would stay by the directory.
    member = agency.members()[login]
    assert (member.directory, member.kept) == (LYON, Kept.DIRECTORY)
    with pytest.raises(Hindrance) as refused:
        agency.teams.end(agency.boss, "ccas", member.id, agency.now)
    assert refused.value.kept is Kept.DIRECTORY
    map_groups(world, f"m, lyon, professional, other, {STAFF}")
    lyon.says("nadia", STAFF)
    world.clock.passes(hours=1)
    agency.teams.end(agency.boss, "ccas", member.id, agency.now)
    assert agency.members()[login].presence is Presence.LEFT
    assert lyon.says("nadia", STAFF) == ()
    assert world.troubles() == []


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


def sums(agency: Agency) -> Sums | Denial:
    return agency.teams.show(agency.boss, "ccas", agency.now).sums


@pytest.mark.slow
def test_affiliations_are_counts_and_below_five_they_are_not_even_that(agency: Agency) -> None:
    world = agency.world
    assert sums(agency) == Sums(live=None, new=None)
    world.clock.now = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
    owners = [world.beneficiary(f"owner-{number}", "fr") for number in range(5)]
    for owner in owners[:4]:
        world.share(owner, agency.ccas, "/Travail")
    assert sums(agency) == Sums(live=None, new=None)
    world.share(owners[4], agency.ccas, "/Travail")
    assert sums(agency) == Sums(live=5, new=5)
    # Where the structure is, April has begun.
    world.clock.now = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert sums(agency) == Sums(live=5, new=None)
    world.affiliations.leave(world.for_(owners[0]), "ccas", agency.now)
    assert sums(agency) == Sums(live=None, new=None)
    agency.confirm(agency.ask("bilal", until=agency.now + DAY), by="bilal")
    with world.db.read() as tx:
        every = affiliations.of_structures(tx, world.keys, {agency.ccas.id})
        for days in (0, 1, 365, 729, 730, 731):
            then = agency.now + days * DAY
            for since in (agency.now, agency.now - 20 * DAY):
                live = [one for one in every if one.is_live(then)]
                new = [one for one in live if one.confirmed >= since]
                found = affiliations.counted(tx, agency.ccas.id, since, then)
                assert found == (len(live), len(new)), days


def test_looking_takes_as_many_statements_for_twenty_people_as_for_three(agency: Agency) -> None:
    def effort() -> int:
        with statements_of(agency.world.db) as sent:
            agency.members()
        return len(sent)

    agency.members()
    before = effort()
    for number in range(17):
        agency.world.professional(f"more-{number}", agency.ccas)
    assert effort() == before
