"""Who comes, changes, leaves and comes back by what their directory says of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from authn.credentials import Password, from_login_and_secret, password_bytes
from authn.directory_accounts import Standing
from authn.ldap.port import Absent, EntryState
from davserver.db import tables as t
from davserver.domain.errors import BadInput, NotFound, NotSignedIn, Unavailable
from davserver.domain.people import AccountState, Role
from tests.support.accounts import HOME, statements_of
from tests.support.postgres import PostgresServer
from tests.support.rules import put_in_force, shipped_files
from tests.support.staffing import (
    ALL,
    HEADS,
    KARIM,
    LINES,
    LYON,
    OTHERS,
    ROOTS,
    STAFF,
    Office,
    map_groups,
    office_on,
    present,
    reached,
    share_with_karim,
    told,
    words,
)
from tests.support.unwritable import unwritable

pytestmark = pytest.mark.slow


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_on(database_url, tmp_path) as made:
        yield made


def test_whoever_is_in_a_mapped_group_comes_with_their_place(office: Office) -> None:
    assert words(office.says("karim", STAFF)) == ["joined professional", "member ccas"]
    karim = office.drive(KARIM).person
    assert (karim.role, karim.state, karim.language) == (
        Role.PROFESSIONAL, AccountState.ACTIVE, "fr",
    )  # fmt: skip
    account = office.account("karim")
    assert account is not None
    assert account.standing is Standing.ACTIVE
    row = office.world.row(t.membership)
    assert (row["source"], row["ends"]) == ("directory:lyon", None)
    assert office.world.row(t.credential)["kind"] == "directory"
    assert office.says("karim", STAFF) == ()
    assert office.world.troubles() == []


@pytest.fixture
def shared(office: Office) -> Office:
    return share_with_karim(office)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("absent", "absent"),
        ("no group", "no-group"),
        ("disabled", "disabled"),
        ("expired", "expired"),
        ("locked", "locked"),
        ("must change", "must-change"),
    ],
)
def test_whoever_leaves_is_out_of_everything_and_comes_back_to_it(
    shared: Office, how: str, why: str
) -> None:
    world, amina = shared.world, shared.drive("amina")
    assert reached(shared) == ALL
    karim = shared.drive(KARIM)
    karim.lock("/Name of amina/Travail/cv.txt")
    before = karim.who.epoch.revocation
    if how == "absent":
        settled = shared.misses("karim")
    elif how == "no group":
        settled = shared.says("karim")
    else:
        settled = shared.says("karim", STAFF, state=EntryState(why))
    assert words(settled) == [f"blocked {why}", "member-no-more ccas"]
    assert karim.who.epoch.revocation > before
    assert shared.drive(KARIM).person.state is AccountState.DIRECTORY_BLOCKED
    assert reached(shared) == {}
    assert world.rows(t.lock) == []
    assert world.row(t.credential)["generation"] == 2
    assert told(world, amina)[-1] == "directory-block"
    assert told(world, shared.drive("bilal"))[-1] == "directory-block"
    assert told(world)[-2:] == ["directory-block", "membership-end"]
    world.clock.passes(days=30)
    assert words(shared.says("karim", STAFF)) == ["back active", "member ccas"]
    assert reached(shared) == ALL
    assert told(world, amina)[-1] == "directory-back"
    assert world.troubles() == []


def test_what_a_directory_said_earlier_changes_nothing(shared: Office) -> None:
    earlier = shared.heard("karim", Absent.ABSENT, shared.world.clock() - timedelta(seconds=1))
    shared.says("karim", OTHERS)
    shared.roster.heard(earlier)
    assert shared.drive(KARIM).person.state is AccountState.ACTIVE


def test_a_confirmation_is_one_small_write_and_no_entry(office: Office) -> None:
    office.says("karim", STAFF)
    before, entries = office.account("karim"), len(told(office.world))
    assert before is not None
    for seconds in (5, 10):
        office.world.clock.passes(seconds=seconds)
        office.roster.heard(office.heard("karim", present("karim", STAFF)))
        now = office.account("karim")
        assert now is not None
        noted = seconds == 10
        assert now.confirmed == (office.world.clock() if noted else before.confirmed)
        assert (now.since, now.generation) == (before.since, before.generation)
    assert len(told(office.world)) == entries
    assert office.world.troubles() == []


def test_a_confirmation_costs_the_same_few_statements_whoever_it_is(office: Office) -> None:
    world, sent = office.world, []
    for entry in ("karim", "zoe"):
        office.says(entry, STAFF)
        world.clock.passes(minutes=1)
        with statements_of(world.db) as seen:
            office.roster.heard(office.heard(entry, present(entry, STAFF)))
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 9


@pytest.mark.postgres
def test_where_nothing_can_be_written_nobody_is_kept_out_for_a_confirmation(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with postgres.fresh_database() as url, office_on(url, tmp_path) as office:
        office.says("karim", STAFF)
        before = office.account("karim")
        office.world.clock.passes(minutes=1)
        heard = office.heard("karim", present("karim", STAFF))
        with unwritable(office.world.db):
            office.roster.heard(heard)
        assert office.account("karim") == before
        office.roster.heard(heard)
        assert office.account("karim") != before


def test_somebody_who_comes_several_times_at_once_is_one_person(office: Office) -> None:
    heard = office.heard("karim", present("karim", STAFF, OTHERS))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(office.roster.heard, [heard] * 8))
    assert [one.login for one in office.everybody()] == [KARIM]
    assert len(office.memberships(KARIM)) == 2
    assert told(office.world).count("directory-join") == 1
    assert office.world.troubles() == []


def test_whoever_is_nobody_here_and_has_no_place_stays_nobody(office: Office) -> None:
    entries = told(office.world)
    assert office.misses("karim") == ()
    assert office.says("karim") == ()
    assert office.says("karim", STAFF, state=EntryState.DISABLED) == ()
    assert office.says("karim", "cn=elsewhere,dc=example") == ()
    assert office.world.rows(t.person) == []
    assert told(office.world) == entries


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ("karim roux", "cannot be part of it"),
        ("k" * 60, "use 2 to 64 characters"),
        ("karim:roux", "cannot be part of it"),
        ("k\u202ea", "cannot be part of it"),
        ("karim@other.example", "with an @ in it nobody can sign in"),
        ("-karim", "start it with a letter or a digit"),
    ],
)
def test_an_account_that_can_be_no_login_is_told_and_not_added(
    office: Office, account: str, why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        office.says("karim", STAFF, account=account)
    assert office.world.rows(t.person) == []


def test_a_login_that_is_somebody_elses_is_never_taken_over(office: Office) -> None:
    office.says("karim", STAFF)
    with pytest.raises(BadInput, match="is somebody else's"):
        office.says("another", STAFF, account="KARIM")
    assert [one.login for one in office.everybody()] == [KARIM]
    # Their name in the directory is free again once the first of them is called otherwise there.
    assert words(office.says("karim", STAFF, account="karim.roux")) == [
        "login karim.roux@lyon.example"
    ]
    office.says("another", STAFF, account="KARIM")
    assert [one.login for one in office.everybody()] == ["karim.roux@lyon.example", KARIM]
    assert office.world.troubles() == []


def test_a_structure_that_is_not_there_changes_nobodys_state(office: Office) -> None:
    map_groups(office.world, f"m, lyon, professional, typo, {STAFF}")
    with pytest.raises(BadInput, match="“typo”, and there is no such structure"):
        office.says("karim", STAFF)
    assert office.world.rows(t.person) == []
    map_groups(office.world, *LINES)
    office.says("karim", STAFF)
    map_groups(office.world, f"m, lyon, professional, typo, {STAFF}")
    with pytest.raises(BadInput):
        office.says("karim", STAFF)
    assert office.drive(KARIM).person.state is AccountState.ACTIVE
    # Where some are there, those count, and the others are told.
    both = (f"m, lyon, professional, typo, {STAFF}", f"m, lyon, professional, other, {STAFF}")
    map_groups(office.world, *both)
    assert words(office.says("karim", STAFF)) == [
        "member-no-more ccas", "member other", "no-such-structure typo",
    ]  # fmt: skip


def test_names_roles_and_logins_follow_the_directory(office: Office) -> None:
    office.says("karim", STAFF)
    before = office.drive(KARIM).person
    settled = office.says("karim", HEADS, account="k.roux", name="Karim Roux")
    assert words(settled) == ["login k.roux@lyon.example", "name", "role manager"]
    after = office.drive("k.roux@lyon.example").person
    assert (after.id, after.name, after.role) == (before.id, "Karim Roux", Role.MANAGER)
    assert told(office.world)[-1] == "directory-change"
    with pytest.raises(NotFound):
        office.drive(KARIM)
    assert office.world.troubles() == []


def test_a_name_that_cannot_be_shown_stays_as_it_was(office: Office) -> None:
    office.says("karim", STAFF, name="K" * 4000)
    assert office.drive(KARIM).person.name == "karim"
    office.says("karim", STAFF, name="Karim")
    assert office.says("karim", STAFF, name="\u202eKarim") == ()
    assert office.drive(KARIM).person.name == "Karim"


def test_a_login_that_is_not_free_is_kept_and_told(office: Office) -> None:
    office.says("karim", STAFF)
    office.says("zoe", STAFF)
    for account in ("zoe", "no login"):
        assert office.says("karim", STAFF, account=account) == ()
        heard = office.heard("karim", office.there("karim", STAFF, account=account))
        with office.world.db.read() as tx:
            (told_,) = words(office.roster.foreseen(tx, heard))
        assert told_.startswith("login-kept")
    assert office.drive(KARIM).person.login == KARIM


def test_the_first_line_that_fits_says_the_role_and_others_are_told(office: Office) -> None:
    assert words(office.says("mireille", HEADS, STAFF, OTHERS)) == [
        "joined professional", "member ccas", "member other", f"other-role {HEADS} ccas",
    ]  # fmt: skip


def test_a_directory_makes_administrators_only_where_the_settings_say_so(office: Office) -> None:
    map_groups(office.world, *LINES, f"m, lyon, administrator, none, {ROOTS}")
    assert office.says("root", ROOTS) == ()
    assert office.says("karim", ROOTS, STAFF)[0].says == "professional"
    assert ROOTS not in office.roster.groups(LYON)
    office.with_settings(roles=("professional", "administrator"))
    assert words(office.says("root", ROOTS)) == ["joined administrator"]
    assert office.drive("root@lyon.example").person.role is Role.ADMINISTRATOR
    # A manager's line does not count there.
    assert words(office.says("mireille", HEADS)) == []
    assert office.world.troubles() == []


def test_no_policy_and_no_file_say_nothing_about_anybody(office: Office) -> None:
    office.says("karim", STAFF)
    assert office.roster.groups(LYON) == {STAFF, OTHERS, HEADS}
    files = shipped_files()
    del files["directory-groups.csv"]
    put_in_force(office.world.tools, files)
    with pytest.raises(Unavailable):
        office.roster.groups(LYON)
    with pytest.raises(Unavailable):
        office.says("karim")
    assert office.drive(KARIM).person.state is AccountState.ACTIVE
    # A file without a line is one that says: nobody.
    map_groups(office.world)
    assert words(office.says("karim", STAFF)) == ["blocked no-group", "member-no-more ccas"]


# ── blocked here, blocked there ─────────────────────────────────────────────────────────────────


def test_an_administrators_block_and_the_directorys_are_apart(office: Office) -> None:
    world = office.world
    office.says("karim", STAFF)
    world.people.disable(world.operator, KARIM, world.clock())
    world.clock.passes(minutes=1)
    assert words(office.misses("karim")) == ["blocked absent", "member-no-more ccas"]
    assert office.state(KARIM) is AccountState.ADMINISTRATOR_BLOCKED
    assert world.people.enable(world.operator, KARIM, world.clock()).state is (
        AccountState.DIRECTORY_BLOCKED
    )
    world.people.disable(world.operator, KARIM, world.clock())
    world.clock.passes(minutes=1)
    assert words(office.says("karim", STAFF)) == ["back active", "member ccas"]
    assert office.state(KARIM) is AccountState.ADMINISTRATOR_BLOCKED
    assert world.people.enable(world.operator, KARIM, world.clock()).state is AccountState.ACTIVE
    assert world.troubles() == []


def test_app_passwords_of_whoever_is_blocked_are_not_revoked(office: Office) -> None:
    """Whether they open anything is asked of the person in every sign-in."""
    world = office.world
    office.says("karim", STAFF)
    world.people.add_app_password(world.operator, KARIM, "phone", world.clock())
    (before,) = world.rows(t.credential, t.credential.c.kind == "app-password")
    world.clock.passes(minutes=1)
    office.misses("karim")
    office.says("karim", STAFF)
    assert world.rows(t.credential, t.credential.c.kind == "app-password") == [before]


def test_whoevers_account_row_was_altered_is_out(office: Office) -> None:
    """Nobody would notice that they left: the synchronisation leaves that row out."""
    world = office.world
    office.says("karim", STAFF)
    made = world.people.add_app_password(world.operator, KARIM, "phone", world.clock())
    credential = from_login_and_secret(KARIM, made.text)
    with pytest.raises(Unavailable):  # this world asks no directory
        world.tools.login.sign_in(credential, HOME, world.clock())
    world.tamper(t.directory_account, t.directory_account.c.directory == LYON, since=1)
    with pytest.raises(NotSignedIn):
        world.tools.login.sign_in(credential, HOME, world.clock())
    with pytest.raises(BadInput, match="was altered"):
        office.says("karim", STAFF)


def test_no_password_is_set_for_whoever_has_theirs_in_the_directory(office: Office) -> None:
    world = office.world
    office.says("karim", STAFF)
    with pytest.raises(BadInput, match="password in the directory lyon"):
        world.people.set_password(
            world.operator, KARIM, "cinq chevaux sous la pluie", world.clock()
        )
    with pytest.raises(NotSignedIn):
        world.tools.login.sign_in(Password(KARIM, password_bytes("")), HOME, world.clock())


def test_memberships_made_by_hand_stay_and_those_of_a_group_are_not_ended_by_hand(
    office: Office,
) -> None:
    world, people = office.world, office.world.people
    office.says("karim", STAFF)
    people.add_membership(world.operator, KARIM, "other", world.clock())
    with pytest.raises(BadInput, match="take them out of the group there"):
        people.end_membership(world.operator, KARIM, "ccas", world.clock())
    world.clock.passes(minutes=1)
    office.misses("karim")
    assert {one.structure.slug: one.ends is None for one in office.memberships(KARIM)} == {
        "ccas": False, "other": True,
    }  # fmt: skip
    # A group may give the place that somebody was given by hand: either holds it.
    world.clock.passes(minutes=1)
    assert words(office.says("karim", STAFF, OTHERS)) == [
        "back active", "member ccas", "member other",
    ]  # fmt: skip
    assert world.troubles() == []


def test_a_view_of_the_account_tells_what_the_directory_said_and_when(office: Office) -> None:
    world = office.world
    office.says("karim", STAFF)
    world.beneficiary("amina")
    view = world.people.show(world.operator, KARIM, world.clock())
    assert view.account is not None
    assert (view.account.directory, view.account.standing) == (LYON, Standing.ACTIVE)
    assert [one.source for one in view.memberships] == ["directory:lyon"]
    assert world.people.show(world.operator, "amina", world.clock()).account is None
    accounts = world.people.accounts(world.operator, world.clock())
    assert list(accounts) == [view.person.id]
