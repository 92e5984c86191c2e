"""Affiliations that are left, released or over: what goes with them, and who is told."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from davserver.db import tables as t
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import NotFound
from davserver.gate.affiliations.views import AffiliationViewState
from davserver.gate.people.notices import NoticeKind
from davserver.trail import INSTANCE
from tests.support.accounts import statements_of
from tests.support.affiliating import DAY, House
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow

IDLE = timedelta(days=730)
"""What docs/sharing.md says, and not what the code does: a limit that grows is seen here."""


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with safekeeping(database_url, tmp_path) as world:
        yield House(world)


# ── ending ──────────────────────────────────────────────────────────────────────────────────────


def shared(house: House) -> None:
    """Confirmed; two folders for the structure, one for karim by name, one for zoe."""
    house.confirm(house.ask())
    amina, world = house.drives["amina"], house.world
    world.share(amina, house.ccas, "/Travail")
    world.share(amina, house.ccas, "/Logement")
    world.share(amina, house.drives["karim"], "/Santé")
    world.share(amina, house.drives["zoe"], "/Travail")
    world.share(house.drives["bilal"], house.ccas, "/Travail")
    house.drives["paul"].lock("/Name of amina/Travail", deep=True)


ENDS: dict[str, Callable[[House], Any]] = {
    "left": lambda house: house.leave(),
    "released": lambda house: house.release(),
    "released-by-professional": lambda house: house.release("paul"),
}


@pytest.mark.parametrize("how", ENDS)
def test_an_end_takes_along_what_the_structure_was_granted(house: House, how: str) -> None:
    shared(house)
    before = house.world.people.operator("x", house.world.clock()).epoch.revocation
    done = ENDS[how](house)
    assert (done.grants, done.personal) == (2, 1)
    assert house.world.people.operator("x", house.world.clock()).epoch.revocation > before
    assert house.drives["paul"].names("/") == ["Name of bilal"]
    assert house.drives["karim"].names("/Name of amina") == ["Santé"]
    assert house.drives["zoe"].names("/Name of amina") == ["Travail"]
    vault = house.world.vault_of(house.drives["amina"])
    assert house.world.rows(t.lock, t.lock.c.vault_id == vault) == []
    assert house.trail().count("end-grant") == 2
    assert house.trail()[-3:] == ["affiliation-end", "end-grant", "end-grant"]
    assert house.state() == [AffiliationViewState.ENDED]
    assert house.state("karim") == [AffiliationViewState.LIVE]  # bilal's
    assert house.world.troubles() == []


def test_a_new_yes_brings_nothing_back(house: House) -> None:
    shared(house)
    house.leave()
    house.world.clock.passes(seconds=1)
    house.confirm(house.ask())
    assert house.drives["paul"].names("/") == ["Name of bilal"]


def test_who_is_told_of_an_end(house: House) -> None:
    shared(house)
    house.leave()
    assert NoticeKind.AFFILIATION_LEFT in house.kinds("mireille")
    assert NoticeKind.AFFILIATION_LEFT in house.kinds("karim")
    assert NoticeKind.AFFILIATION_LEFT not in house.kinds("paul") + house.kinds("zoe")
    house.confirm(house.ask())
    house.release()
    assert NoticeKind.AFFILIATION_RELEASED in house.kinds("amina")


def test_only_the_two_sides_end_it(house: House) -> None:
    shared(house)
    for by in ("bilal", "karim", "mireille", "zoe"):
        if by != "bilal":
            with pytest.raises(NotFound):
                house.leave(by)
    for by in ("amina", "bilal", "zoe"):
        with pytest.raises(NotFound):
            house.release(by)
    house.leave("bilal")
    assert house.state() == [AffiliationViewState.LIVE]
    answers = set()
    for login in ("bilal", "nobody", "zoe"):
        with statements_of(house.world.db) as seen, pytest.raises(NotFound) as refused:
            house.release("karim", login)
        answers.add((str(refused.value).replace(login, "X"), len(seen)))
    assert len(answers) == 1
    with pytest.raises(NotFound):
        house.leave("bilal")


def test_somebody_at_the_machine_releases_for_a_structure(house: House) -> None:
    shared(house)
    world = house.world
    assert world.affiliations.release(world.operator, "ccas", "amina", world.clock()).grants == 2
    every, asked = world.affiliations.list(world.operator, world.clock())
    assert {(one.login, one.state.value) for one in every} == {
        ("amina", "ended"),
        ("bilal", "live"),
    }
    assert [one.login for one in asked] == ["amina"]


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def test_a_date_ends_it_at_once_and_the_housekeeping_writes_it_down(house: House) -> None:
    until = house.world.clock() + DAY
    house.confirm(house.ask(until=until))
    house.world.share(house.drives["amina"], house.ccas, "/Travail")
    house.world.clock.now = until - timedelta(seconds=1)
    house.world.sweep()
    assert house.drives["paul"].names("/Name of amina") == ["Travail"]
    house.world.clock.now = until
    assert house.drives["paul"].names("/") == []
    assert house.state() == [AffiliationViewState.OVER]
    house.world.sweep()
    assert house.state() == [AffiliationViewState.ENDED]
    over = NoticeKind.AFFILIATION_OVER
    for login in ("amina", "karim", "mireille"):
        assert house.kinds(login)[-1] is over
    assert house.trail()[-2:] == ["affiliation-end", "end-grant"]
    assert house.world.troubles() == []
    house.world.sweep()
    assert house.kinds("amina").count(over) == 1


def test_two_idle_years_end_it_and_use_puts_that_off(house: House) -> None:
    world, amina, paul = house.world, house.drives["amina"], house.drives["paul"]
    house.confirm(house.ask())
    world.share(amina, house.ccas, "/Travail")
    begun = world.clock()
    amina.put("/Travail/cv.txt", b"cv")
    world.clock.now = begun + IDLE - DAY
    amina.get("/Travail/cv.txt")
    paul.get("/Name of amina/Travail/cv.txt")
    world.clock.passes(minutes=11)
    world.sweep()
    read = world.clock.now
    world.clock.now = read + IDLE - DAY
    world.sweep()
    paul.put("/Name of amina/Travail/note.txt", b"note")
    written = world.clock.now
    world.clock.now = written + IDLE - timedelta(microseconds=1)
    assert paul.names("/Name of amina") == ["Travail"]
    world.clock.now = written + IDLE
    assert paul.names("/") == []
    world.sweep()
    (last,) = [n for n in world.notices(amina) if n.kind is NoticeKind.AFFILIATION_OVER]
    assert last.says["why"] == "idle"
    assert world.troubles() == []


def test_activity_is_noted_once_a_day_and_only_the_structures_own(house: House) -> None:
    world, amina = house.world, house.drives["amina"]
    house.confirm(house.ask())
    world.share(amina, house.ccas, "/Travail")
    world.share(amina, house.drives["zoe"], "/Travail")
    first = world.row(t.affiliation)["last_activity"]
    world.clock.passes(days=2)
    house.drives["zoe"].put("/Name of amina/Travail/a.txt", b"a")
    amina.put("/Travail/b.txt", b"b")
    assert world.row(t.affiliation)["last_activity"] == first
    house.drives["paul"].put("/Name of amina/Travail/c.txt", b"c")
    second = world.row(t.affiliation)["last_activity"]
    assert second > first
    world.clock.passes(hours=23)
    house.drives["paul"].put("/Name of amina/Travail/c.txt", b"d")
    assert world.row(t.affiliation)["last_activity"] == second


def test_what_is_over_does_not_wake_up_by_a_late_note(house: House) -> None:
    world, amina = house.world, house.drives["amina"]
    house.confirm(house.ask())
    world.share(amina, house.ccas, "/Travail")
    amina.put("/Travail/cv.txt", b"cv")
    begun = world.clock()
    world.clock.now = begun + IDLE - timedelta(minutes=1)
    house.drives["paul"].get("/Name of amina/Travail/cv.txt")
    world.clock.now = begun + IDLE + timedelta(hours=1)
    world.sweep()
    assert house.state() == [AffiliationViewState.ENDED]


# ── requests that nobody can answer any more ────────────────────────────────────────────────────


def test_requests_are_forgotten_a_month_after_they_expired(house: House) -> None:
    """Those for people who do not exist, too; the trail says how many went, and of which rows."""
    house.confirm(house.ask())
    house.ask(login="nobody-of-that-name")
    house.world.clock.passes(days=1)
    late = house.ask(login="bilal")
    house.world.clock.passes(days=59)
    house.world.sweep()
    assert [row["id"] for row in house.world.rows(t.affiliation_request)] == [late.id]
    assert house.world.troubles() == []
    (entry,) = [one for one in instance_entries(house) if one.what == "erase"]
    assert entry.details == {"by": "retention", "requests": "2"}
    house.world.clock.passes(days=1)
    house.world.sweep()
    assert house.world.rows(t.affiliation_request) == []
    assert house.world.troubles() == []
    assert house.state() == [AffiliationViewState.LIVE]


def instance_entries(house: House) -> list[TrailEntry]:
    with house.world.db.read() as tx:
        return house.world.tools.trail.entries(tx, INSTANCE, limit=200, names=lambda _: {})
