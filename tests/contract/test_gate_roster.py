"""Who comes, changes, leaves and comes back by what their directory says of them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authn.directory_accounts import Standing
from authn.ldap.port import Absent, Entry, EntryState, Present
from davserver.db import tables as t
from davserver.domain.errors import NotFound
from davserver.domain.people import AccountState, Role
from davserver.gate.roster import Settled
from davserver.trail.words import INSTANCE
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.staffing import LINES, OTHERS, STAFF, Office, map_groups

KARIM = "karim@lyon.example"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with safekeeping(database_url, tmp_path) as world:
        world.structure("ccas")
        world.structure("other")
        map_groups(world, *LINES)
        yield Office(world)


def words(settled: tuple[Settled, ...]) -> list[str]:
    return [" ".join(filter(None, (one.became, one.says, one.structure))) for one in settled]


def told(world: Safekeeping, owner: Drive | None = None) -> list[str]:
    """What stands in the vault's trail, or in the instance's."""
    vault = INSTANCE if owner is None else world.vault_of(owner)
    with world.db.read() as tx:
        entries = world.tools.trail.entries(tx, vault, limit=1000, names=lambda _: {})
    return [one.what for one in entries]


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
    """Karim works at ccas; amina, whom it accompanies, shared with him and with it; bilal, whom
    nobody accompanies, with him.
    """
    world = office.world
    amina, bilal = world.beneficiary("amina", "fr"), world.beneficiary("bilal", "fr")
    office.says("karim", STAFF)
    karim = office.drive(KARIM)
    with world.db.read() as tx:
        ccas = world.directory.find_structure(tx, "ccas")
    amina.put("/Travail/cv.txt", b"cv")
    world.share(amina, ccas, "/Travail")
    world.share(amina, karim, "/Logement")
    world.share(bilal, karim, "/Logement")
    world.clock.passes(minutes=1)
    return office


ALL = {"/Name of amina": ["Logement", "Travail"], "/Name of bilal": ["Logement"]}


def reached(office: Office, login: str = KARIM) -> dict[str, list[str]]:
    """Everything at the top of their drive; nothing for whoever is blocked."""
    drive = office.drive(login)
    if drive.person.state is not AccountState.ACTIVE:
        with pytest.raises(NotFound):
            drive.names("/Name of amina")
        return {}
    return {f"/{one}": drive.names(f"/{one}") for one in drive.names("/")}


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


def test_a_mover_keeps_what_was_given_elsewhere_and_the_rest_rests(shared: Office) -> None:
    world, amina, bilal = shared.world, shared.drive("amina"), shared.drive("bilal")
    shared.drive(KARIM).lock("/Name of amina/Logement")
    settled = words(shared.says("karim", OTHERS))
    assert settled[:2] == ["member-no-more ccas", "member other"]
    assert settled[2].startswith("grant-rests ")
    assert reached(shared) == {"/Name of bilal": ["Logement"]}
    assert world.rows(t.lock) == []
    assert told(world, amina)[-1] == "grant-rest"
    assert "grant-rest" not in told(world, bilal)
    (notice,) = world.notices(amina)
    assert (notice.kind.value, notice.says["structure"], notice.says["grants"]) == (
        "grants-rest", "ccas", "1",
    )  # fmt: skip
    assert world.troubles() == []
    world.clock.passes(days=1)
    settled = words(shared.says("karim", STAFF))
    assert settled[:2] == ["member-no-more other", "member ccas"]
    assert settled[2].startswith("grant-resumes ")
    assert reached(shared) == ALL
    assert world.rows(t.grant_suspension) == []
    assert told(world, amina)[-1] == "grant-resume"
    assert world.troubles() == []


def test_whoever_comes_back_elsewhere_has_moved(shared: Office) -> None:
    shared.misses("karim")
    shared.world.clock.passes(days=1)
    shared.says("karim", OTHERS)
    assert reached(shared) == {"/Name of bilal": ["Logement"]}
    shared.says("karim", OTHERS, STAFF)
    assert reached(shared) == ALL
    assert shared.world.troubles() == []


def test_what_a_directory_said_earlier_changes_nothing(shared: Office) -> None:
    earlier = shared.heard("karim", Absent.ABSENT, shared.world.clock() - timedelta(seconds=1))
    shared.says("karim", OTHERS)
    shared.roster.heard(earlier)
    assert shared.drive(KARIM).person.state is AccountState.ACTIVE


def _present(entry: str) -> Present:
    there = Entry(f"id-{entry}", f"uid={entry}", entry, f"Name of {entry}", EntryState.ACTIVE)
    return Present(there, frozenset({STAFF}))


def test_a_confirmation_is_one_small_write_and_no_entry(office: Office) -> None:
    office.says("karim", STAFF)
    before, entries = office.account("karim"), len(told(office.world))
    assert before is not None
    for seconds in (5, 10):
        office.world.clock.passes(seconds=seconds)
        office.roster.heard(office.heard("karim", _present("karim")))
        now = office.account("karim")
        assert now is not None
        noted = seconds == 10
        assert now.confirmed == (office.world.clock() if noted else before.confirmed)
        assert (now.since, now.generation) == (before.since, before.generation)
    assert len(told(office.world)) == entries
    assert office.world.troubles() == []
