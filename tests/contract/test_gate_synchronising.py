"""Looking at all of a directory: who comes, changes and leaves, and what changes nothing at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from authn.arrivals import Heard
from authn.ldap.opening import open_directory
from authn.ldap.port import Present
from davserver.db import tables as t
from davserver.domain.errors import NotFound
from davserver.domain.people import AccountState
from davserver.gate.staff.roster import Roster
from davserver.gate.staff.sync_guard import Held
from davserver.gate.staff.synchronising import Outcome, Run, Synchronising
from policies.in_force import InForce
from tests.support.authority import Authority
from tests.support.lying_ldap import SEARCH, Request, entry, lying_ldap, message, search_done
from tests.support.staff import Staff
from tests.support.synchronised import LYON, Town, done, town

pytestmark = pytest.mark.slow

PEOPLE = ("anna", "ben", "clara", "dora", "emil")


@pytest.fixture
def lyon(database_url: str, tmp_path: Path, staff: Staff) -> Iterator[Town]:
    """Five people in `team`, the last one through `nights`, which is in it."""
    staff.add(*PEOPLE)
    staff.add_group("nights", staff.person("emil"))
    staff.add_group("team", staff.group("nights"), *(staff.person(one) for one in PEOPLE[:4]))
    with town(database_url, tmp_path, staff) as made:
        made.map(("team", "ccas"), ("nights", "other"))
        yield made


def rows(lyon: Town, *tables: Table) -> list[object]:
    with lyon.world.db.read() as tx:
        return [tuple(one) for table in tables for one in tx.execute(select(table))]


ALL = (t.person, t.membership, t.credential, t.directory_account, t.trail)


def test_people_are_there_before_their_first_sign_in(lyon: Town) -> None:
    run = lyon.run()
    assert (run.outcome, run.people, run.problems) == (Outcome.DONE, 5, ())
    joined = {("joined", one, "professional") for one in PEOPLE}
    member = {("member", one, "ccas") for one in PEOPLE}
    assert done(run) == joined | member | {("member", "emil", "other")}
    assert lyon.works_in("emil") == {"ccas", "other"}
    amina = lyon.world.beneficiary("amina", "fr")
    amina.put("/Travail/cv.txt", b"work")
    lyon.world.share(amina, lyon.drive("anna"), "/Travail")
    assert lyon.drive("anna").get("/Name of amina/Travail/cv.txt") == b"work"
    assert lyon.state().synced == run.at
    assert lyon.world.troubles() == []


def test_who_leaves_loses_exactly_what_they_get_back(lyon: Town) -> None:
    lyon.run()
    world, staff, amina = lyon.world, lyon.staff, lyon.world.beneficiary("amina", "fr")
    world.share(amina, lyon.ccas, "/Travail")
    world.share(amina, lyon.drive("anna"), "/Logement")
    before = lyon.drive("anna").names("/Name of amina")
    assert before == ["Logement", "Travail"]
    staff.take_out("team", staff.person("anna"))
    left = lyon.run()
    assert done(left) == {("blocked", "anna", "no-group"), ("member-no-more", "anna", "ccas")}
    assert lyon.drive("anna").person.state is AccountState.DIRECTORY_BLOCKED
    assert lyon.works_in("anna") == set()
    staff.put_in("team", staff.person("anna"))
    back = lyon.run()
    assert done(back) == {("back", "anna", "active"), ("member", "anna", "ccas")}
    assert lyon.drive("anna").names("/Name of amina") == before
    assert world.troubles() == []


def test_each_way_to_leave_is_told_apart(lyon: Town) -> None:
    lyon.run()
    lyon.staff.remove("anna")
    lyon.staff.disable("ben")
    assert {one for one in done(lyon.run()) if one[0] == "blocked"} == {
        ("blocked", "anna", "absent"),
        ("blocked", "ben", "disabled"),
    }
    lyon.staff.take_out("nights", lyon.staff.person("emil"))
    lyon.staff.put_in("team", lyon.staff.person("emil"))
    assert done(lyon.run()) == {("member-no-more", "emil", "other")}


def test_whoever_is_renamed_stays_who_they_are(lyon: Town) -> None:
    lyon.run()
    person = lyon.drive("clara").person.id
    lyon.staff.rename("clara", "clara.roux")
    assert done(lyon.run()) == {("login", "clara", "clara.roux@ccas.example")}
    assert lyon.drive("clara.roux").person.id == person


def test_a_run_in_which_nothing_is_new_writes_its_own_row_and_no_other(lyon: Town) -> None:
    lyon.run()
    before = rows(lyon, *ALL)
    run = lyon.run()
    assert (run.outcome, run.done) == (Outcome.DONE, ())
    assert rows(lyon, *ALL) == before
    assert lyon.state().synced == run.at


# ── what is not known changes nothing ───────────────────────────────────────────────────────────


def stays_as_it_was(lyon: Town, before: list[object], run: Run) -> None:
    assert run.outcome is Outcome.UNKNOWN
    assert run.why
    assert run.done == ()
    assert rows(lyon, *ALL) == before
    state = lyon.state()
    assert state.turn is None
    assert state.synced is not None
    assert state.synced < run.at


@pytest.mark.parametrize("harm", ["down", "silent", "no group", "other password"])
def test_a_directory_that_does_not_say_changes_nothing_for_anybody(lyon: Town, harm: str) -> None:
    lyon.run()
    lyon.staff.remove("anna")
    before = rows(lyon, *ALL)
    match harm:
        case "down":
            lyon.staff.server.kill()
        case "silent":
            lyon.staff.server.pause()
        case "no group":
            lyon.staff.remove_group("nights")
        case _:
            lyon.staff.password_file("wrong")
            lyon.directory.close()
    stays_as_it_was(lyon, before, lyon.run())


def test_a_directory_without_a_group_that_counts_must_be_there_too(lyon: Town) -> None:
    lyon.map()
    assert (lyon.run().outcome, lyon.run().people) == (Outcome.DONE, None)
    lyon.staff.server.kill()
    assert lyon.run().outcome is Outcome.UNKNOWN


def test_without_a_policy_nobody_has_left(lyon: Town) -> None:
    """A process that starts, and cannot read the rules in force, serves owners only."""
    lyon.run()
    lyon.staff.remove("anna")
    world = lyon.world
    world.tamper(t.policy_generation, t.policy_generation.c.number > 0, row_mac=bytes(32))
    before = rows(lyon, *ALL)
    tools = replace(world.tools, policy=InForce(world.keys))
    roster = Roster(tools, {LYON: lyon.settings})
    world.clock.passes(minutes=4)
    mine = {LYON: lyon.settings}
    run = Synchronising(tools, roster, {LYON: lyon.directory}, mine).run(LYON)
    stays_as_it_was(lyon, before, run)


BREAKS_OFF = "breaks off", Outcome.UNKNOWN
LEAVES_OUT = "leaves most of them out", Outcome.HELD


@pytest.mark.parametrize(("how", "outcome"), [BREAKS_OFF, LEAVES_OUT])
def test_half_a_listing_takes_nobodys_place(
    lyon: Town, authority: Authority, how: str, outcome: Outcome
) -> None:
    """One that breaks off is none; one that passes for whole would end too much at once."""
    lyon.map(("team", "ccas"))
    lyon.run()
    before, anna = rows(lyon, *ALL), lyon.staff.id("anna")
    cookie = b"" if how == LEAVES_OUT[0] else b"more"

    def lie(request: Request) -> object:
        if request.op != SEARCH:
            return None
        if request.number in {0, 2}:  # the group, and whether it is still the same
            whose = lyon.staff.person("anna")
            group = entry(lyon.staff.group("team"), cn="team", entryUUID=anna, member=whose)
            return message(request.id, group) + search_done(request)
        if request.number == 1:
            one = entry(lyon.staff.person("anna"), uid="anna", cn="Anna", entryUUID=anna)
            return message(request.id, one) + search_done(request, cookie=cookie)
        return ()

    with lying_ldap(authority.server("lies"), lie) as server:  # type: ignore[arg-type]
        settings = replace(lyon.settings, servers=(server.url,))
        directory = open_directory(LYON, settings, lyon.world.clock)
        lyon.world.clock.passes(minutes=4)
        run = lyon.with_directory(directory).run(LYON)
        directory.close()
    assert run.outcome is outcome
    assert run.held is None or run.held.by_structure == {lyon.ccas.id: 4}
    assert rows(lyon, *ALL) == before
    state = lyon.state()
    assert state.synced is not None
    assert state.synced < run.at


# ── too much at once ────────────────────────────────────────────────────────────────────────────


def test_too_many_endings_wait_and_the_others_happen(lyon: Town) -> None:
    lyon.run()
    staff, before = lyon.staff, lyon.state().synced
    for one in PEOPLE[:3]:
        staff.take_out("team", staff.person(one))
    staff.add("frida")
    staff.put_in("team", staff.person("frida"))
    staff.rename("dora", "dora.b")
    held = lyon.run()
    assert held.outcome is Outcome.HELD
    assert done(held) == {
        ("joined", "frida", "professional"),
        ("member", "frida", "ccas"),
        ("login", "dora", "dora.b@ccas.example"),
    }
    assert lyon.works_in("anna") == {"ccas"}
    state = lyon.state()
    assert state.synced == before
    assert state.held is not None
    waiting = Held.decode(state.held)
    assert (waiting.people, waiting.by_structure) == ({lyon.ccas.id: 5}, {lyon.ccas.id: 3})
    assert b"anna" not in state.held

    again = lyon.run()
    assert (again.outcome, again.done) == (Outcome.HELD, ())
    later = lyon.state()
    assert (later.held_at, later.synced) == (state.held_at, before)
    assert later.held is not None
    assert Held.decode(later.held).digest == waiting.digest


def test_a_yes_is_to_that_plan_and_to_no_other(lyon: Town) -> None:
    lyon.run()
    staff = lyon.staff
    for one in PEOPLE[:3]:
        staff.take_out("team", staff.person(one))
    held = lyon.run().held
    assert held is not None
    staff.take_out("team", staff.person("dora"))
    assert lyon.world.db.write(lambda tx: lyon.turns.confirm(tx, held.digest))
    more = lyon.run()
    assert more.outcome is Outcome.HELD
    assert more.held is not None
    assert more.held.digest != held.digest
    assert lyon.works_in("anna") == {"ccas"}
    confirmed = more.held.digest
    assert lyon.world.db.write(lambda tx: lyon.turns.confirm(tx, confirmed))
    assert {one[1] for one in done(lyon.run()) if one[0] == "blocked"} == set(PEOPLE[:4])
    state = lyon.state()
    assert (state.held, state.confirmed) == (None, None)
    assert state.synced == lyon.world.clock()


def test_what_was_held_and_is_right_again_is_forgotten(lyon: Town) -> None:
    lyon.run()
    for one in PEOPLE[:3]:
        lyon.staff.take_out("team", lyon.staff.person(one))
    lyon.run()
    for one in PEOPLE[:3]:
        lyon.staff.put_in("team", lyon.staff.person(one))
    assert lyon.run().outcome is Outcome.DONE
    assert lyon.state().held is None


def test_a_line_that_vanished_from_the_mapping_waits_too(lyon: Town) -> None:
    lyon.run()
    lyon.map(("nights", "other"))
    held = lyon.run()
    assert held.held is not None
    assert held.held.by_structure == {lyon.ccas.id: 5}


# ── one at a time ───────────────────────────────────────────────────────────────────────────────


def test_one_process_looks_at_a_time_and_one_that_was_killed_is_not_waited_for_long(
    lyon: Town,
) -> None:
    world, now = lyon.world, lyon.world.clock()
    until = now + timedelta(minutes=2)
    assert world.db.write(lambda tx: lyon.turns.take(tx, now, until))
    assert lyon.sync.run(LYON).outcome is Outcome.BUSY
    world.clock.passes(minutes=2)
    assert lyon.sync.run(LYON).outcome is Outcome.DONE


def test_one_that_stood_still_for_too_long_leaves_it_to_who_came_after(lyon: Town) -> None:
    """What it did until then was true when it was said; it says nothing of everybody."""
    world, other = lyon.world, lyon.another_process()

    def stands_still(_done: int, _all: int) -> None:
        world.clock.passes(minutes=10)
        assert other.run(LYON).outcome is Outcome.DONE

    run = lyon.sync.run(LYON, stands_still)
    assert (run.outcome, run.done) == (Outcome.BUSY, ())
    state = lyon.state()
    assert (state.synced, state.turn) == (world.clock(), None)
    assert lyon.works_in("anna") == {"ccas"}


def test_somebody_looks_when_it_is_due_whoever_did_it_last(lyon: Town) -> None:
    clock, other = lyon.world.clock, lyon.another_process()
    first = lyon.sync.keep_up(LYON, clock())
    assert first is not None
    assert other.keep_up(LYON, clock()) is None
    clock.now += lyon.sync.every(LYON) - timedelta(seconds=1)
    assert other.keep_up(LYON, clock()) is None
    clock.passes(seconds=1)
    assert other.keep_up(LYON, clock()) is not None
    assert lyon.sync.keep_up(LYON, clock()) is None
    lyon.staff.server.kill()
    clock.now += lyon.sync.every(LYON)
    away = lyon.sync.keep_up(LYON, clock())
    assert away is not None
    assert away.outcome is Outcome.UNKNOWN
    assert lyon.sync.keep_up(LYON, clock()) is None
    clock.now += lyon.sync.every(LYON) / 2
    assert lyon.sync.keep_up(LYON, clock()) is not None


def test_what_a_sign_in_heard_later_counts(lyon: Town) -> None:
    lyon.run()
    world, staff = lyon.world, lyon.staff
    whose = staff.id("anna")
    said = lyon.directory.fetch(whose, lyon.roster.groups(LYON))
    assert isinstance(said, Present)
    staff.take_out("team", staff.person("anna"))
    later = world.clock() + timedelta(minutes=10)
    lyon.roster.heard(Heard(LYON, whose, said, later))
    assert lyon.run().done == ()
    assert lyon.works_in("anna") == {"ccas"}


def test_a_dry_run_says_the_same_and_changes_nothing(lyon: Town) -> None:
    foreseen = lyon.sync.foresee(LYON)
    assert rows(lyon, t.person, t.directory_sync) == rows(lyon, t.person)
    assert done(foreseen) == done(lyon.run())
    staff = lyon.staff
    staff.take_out("team", staff.person("anna"))
    staff.remove("ben")
    before = rows(lyon, *ALL, t.directory_sync)
    foreseen = lyon.sync.foresee(LYON)
    assert rows(lyon, *ALL, t.directory_sync) == before
    assert done(foreseen) == done(lyon.run())


def test_whoever_cannot_be_added_keeps_nobody_else_waiting(lyon: Town) -> None:
    lyon.staff.add("x y")
    lyon.staff.put_in("team", lyon.staff.person("x y"))
    run = lyon.run()
    assert run.outcome is Outcome.DONE
    assert len([one for one in run.done if one.became.value == "joined"]) == 5
    (problem,) = run.problems
    assert lyon.staff.id("x y") in problem


def test_a_name_that_is_not_in_the_settings_is_not_found(lyon: Town) -> None:
    with pytest.raises(NotFound):
        lyon.sync.run("rhone")
