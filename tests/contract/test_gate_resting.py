"""Movers: what beneficiaries of the structure that they left had shared with them by name rests,
and gives exactly what it gave once they are back.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from davserver.db import tables as t
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, NotFound
from davserver.domain.grants import ToPerson
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState
from davserver.gate.sharing.insight import Can, Ground
from davserver.gate.sharing.seeing import Seeing
from davserver.gate.sharing.seeing_texts import sentence
from davserver.vault.grants import living
from tests.support.rules import SHARE_ON, put_in_force
from tests.support.staffing import (
    ALL,
    KARIM,
    OTHERS,
    STAFF,
    Office,
    office_on,
    reached,
    share_with_karim,
    told,
    words,
)

pytestmark = pytest.mark.slow

LEFT = {"/Name of bilal": ["Logement"]}


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_on(database_url, tmp_path) as made:
        yield share_with_karim(made)


def moves(office: Office, *groups: str) -> list[str]:
    office.world.clock.passes(minutes=1)
    return words(office.says("karim", *groups))


def listed(office: Office, owner: str = "amina") -> dict[str, GrantView]:
    """What they shared, by path: to karim where several have it."""
    world = office.world
    found = world.sharing.list(office.drive(owner).who, world.clock())
    return {one.path: one for one in sorted(found, key=lambda one: one.to == KARIM)}


def test_a_mover_keeps_what_was_given_elsewhere_and_the_rest_rests(office: Office) -> None:
    world, amina, bilal = office.world, office.drive("amina"), office.drive("bilal")
    office.drive(KARIM).lock("/Name of amina/Logement")
    settled = moves(office, OTHERS)
    resting = listed(office)["/Logement"]
    assert settled == [
        "member-no-more ccas", "member other", f"grant-rests {resting.id.hex()} ccas",
    ]  # fmt: skip
    assert reached(office) == LEFT
    assert world.rows(t.lock) == []
    assert (resting.state, resting.left, resting.left_at) == ("resting", "ccas", world.clock())
    assert listed(office)["/Travail"].state == "live"
    assert told(world, amina)[-1] == "grant-rest"
    assert "grant-rest" not in told(world, bilal)
    (notice,) = world.notices(amina)
    assert notice.kind.value == "grants-rest"
    assert notice.says == {
        "who": office.drive(KARIM).person.id.hex(), "structure": "ccas", "grants": "1",
    }  # fmt: skip
    assert world.troubles() == []
    assert moves(office, STAFF)[2:] == [f"grant-resumes {resting.id.hex()} ccas"]
    assert reached(office) == ALL
    assert listed(office)["/Logement"].state == "live"
    assert world.rows(t.grant_suspension) == []
    assert told(world, amina)[-1] == "grant-resume"
    assert [one.kind.value for one in world.notices(amina)] == ["grants-rest", "grants-resume"]
    assert world.troubles() == []


def test_whoever_works_in_both_or_comes_back_elsewhere(office: Office) -> None:
    moves(office, STAFF, OTHERS)
    assert reached(office) == ALL
    office.world.clock.passes(minutes=1)
    office.misses("karim")
    moves(office, OTHERS)
    assert reached(office) == LEFT
    moves(office, STAFF, OTHERS)
    assert reached(office) == ALL
    moves(office, OTHERS)
    assert reached(office) == LEFT
    assert office.world.troubles() == []


def test_a_place_given_by_hand_counts_as_being_there(office: Office) -> None:
    world = office.world
    world.people.add_membership(world.operator, KARIM, "other", world.clock())
    moves(office, OTHERS)
    assert reached(office) == LEFT
    world.clock.passes(minutes=1)
    world.people.add_membership(world.operator, KARIM, "ccas", world.clock())
    assert reached(office) == ALL
    # Nor does it rest while they work there by hand.
    moves(office, STAFF)
    moves(office, OTHERS)
    assert reached(office) == ALL
    assert world.troubles() == []


def test_who_is_no_beneficiary_of_the_structure_any_more_is_not_concerned(office: Office) -> None:
    world = office.world
    who = world.for_(office.drive("amina"))
    world.affiliations.leave(who, "ccas", world.clock())
    moves(office, OTHERS)
    assert reached(office) == {"/Name of amina": ["Logement"], **LEFT}


def test_etags_are_those_of_before_once_they_are_back(office: Office) -> None:
    def etags() -> list[str]:
        karim = office.drive(KARIM)
        return [karim.look(one).etag for one in ("/", "/Name of amina", "/Name of amina/Logement")]

    before, root = etags(), office.drive(KARIM).look("/").etag
    moves(office, OTHERS)
    assert office.drive(KARIM).look("/").etag != root
    moves(office, STAFF)
    assert etags() == before


def test_a_grant_that_rests_is_in_no_answer_about_living_ones(office: Office) -> None:
    world = office.world
    resting, person = listed(office)["/Logement"], office.drive(KARIM).person.id
    vault = world.vault_of(office.drive("amina"))
    book, now = world.tools.grants, world.clock()

    def answers() -> list[bool]:
        with world.db.read() as tx:
            pages = [page.get(vault, []) for page in living.by_vault(tx, book, {person}, now)]
            return [
                any(one.id == resting.id for one in book.live_for(tx, vault, {person}, now)),
                any(one.vault == vault for one in book.folders_for(tx, {person}, now)),
                bool(book.live_under_name(tx, {person}, "Name of amina", now)),
                bool(book.live_among(tx, [resting.id], now)),
                bool(book.on_nodes(tx, vault, [_node(office, resting.id)], now)),
                any(share.kind.to == person for page in pages for share in page),
            ]

    assert answers() == [True] * 6
    moves(office, OTHERS)
    assert answers() == [False] * 6


def _node(office: Office, grant: GrantId) -> bytes:
    with office.world.db.read() as tx:
        return office.world.tools.grants.one(tx, grant).grant.node


def test_what_was_shared_on_from_it_rests_with_it(office: Office) -> None:
    world = office.world
    files = {**_files(office)}
    files["rules.csv"] += f"\n{SHARE_ON}\n".encode()
    put_in_force(world.tools, files)
    paul = world.professional("paul", office.structure("other"))
    world.sharing.add(
        office.drive(KARIM).who, to=ToPerson(paul.person.id),
        path=DrivePath.parse("/Name of amina/Logement"), right=Right.WRITE, until=None,
        now=world.clock(),
    )  # fmt: skip
    paul.lock("/Name of amina/Logement")
    moves(office, OTHERS)
    with pytest.raises(NotFound):
        paul.look("/Name of amina/Logement")
    assert world.rows(t.lock) == []
    moves(office, STAFF)
    assert paul.names("/Name of amina") == ["Logement"]
    assert world.troubles() == []


def _files(office: Office) -> dict[str, bytes]:
    with office.world.db.read() as tx:
        return dict(office.world.tools.policy.current(tx).snapshot.files)


def test_one_to_come_rests_too(office: Office) -> None:
    world = office.world
    world.sharing.add(
        office.drive("amina").who, to=ToPerson(office.drive(KARIM).person.id),
        path=DrivePath.parse("/Famille"), right=Right.READ, until=None, now=world.clock(),
        starts=world.clock() + timedelta(days=1),
    )  # fmt: skip
    moves(office, OTHERS)
    world.clock.passes(days=2)
    assert reached(office) == LEFT
    moves(office, STAFF)
    assert "Famille" in reached(office)["/Name of amina"]


def test_a_transfer_that_runs_through_it_is_broken_off(office: Office) -> None:
    world, amina = office.world, office.drive("amina")
    amina.put("/Logement/large.bin", b"x" * 2_000_000)
    world.watch.start(world.reading.decide_again)
    path = DrivePath.parse("/Name of amina/Logement/large.bin")
    running = world.reading.open(office.drive(KARIM).who, path, NONE, world.clock())
    pieces = running.read(0, 2_000_000)
    assert next(pieces)
    moves(office, OTHERS)
    # As the watcher of this process does twice a second.
    world.watch.look()
    with pytest.raises(NotFound):
        next(pieces)
    running.close()


def test_why_they_do_not_see_it_is_said_in_words(office: Office) -> None:
    world, amina = office.world, office.drive("amina")
    moves(office, OTHERS)
    seeing, path = Seeing(world.tools), DrivePath.parse("/Logement")
    found = seeing.why(amina.who, path, KARIM, world.clock())
    assert (found.can, found.ground) == (Can.NOTHING, Ground.RESTING)
    assert found.left == office.structure("ccas")
    assert sentence(found, "en") == (
        "Name of karim (Structure other) cannot see “Logement”, because Name of amina shared it "
        "with them on 2 March 2026, but that share rests since 2 March 2026 at 13:02: Name of "
        "karim has left Structure ccas."
    )
    assert sentence(found, "fr") == (
        "Name of karim (Structure other) ne peut pas voir « Logement », parce que Name of amina le "
        "lui a partagé le 2 mars 2026, mais ce partage est suspendu depuis le 2 mars 2026 à 13:02 "
        ": Name of karim a quitté Structure ccas."
    )
    assert KARIM not in {
        one.subject.login for one in seeing.everybody(amina.who, path, world.clock())
    }


def test_its_owner_may_end_it_or_give_it_another_end_meanwhile(office: Office) -> None:
    world, amina = office.world, office.drive("amina")
    moves(office, OTHERS)
    with pytest.raises(AlreadyThere, match="rests since they left"):
        world.share(amina, office.drive(KARIM), "/Logement")
    resting = listed(office)["/Logement"]
    until = world.clock() + timedelta(days=9)
    renewed = world.sharing.renew(amina.who, resting.id, until, world.clock())
    assert (renewed.state, renewed.until) == ("resting", until)
    world.sharing.end(amina.who, resting.id, world.clock())
    world.share(amina, office.drive(KARIM), "/Logement")
    assert reached(office)["/Name of amina"] == ["Logement"]
    # What is over does not begin again.
    before = told(world, amina)
    assert "grant-resumes" not in " ".join(moves(office, STAFF))
    assert told(world, amina) == before
    assert listed(office)["/Logement"].state == "live"
    assert world.troubles() == []


@pytest.mark.parametrize("how", ["forged", "behind"])
def test_a_vault_whose_trail_was_tampered_with_keeps_nobody_in(office: Office, how: str) -> None:
    """`behind`: the head of an earlier moment was put back, so that no entry can follow it."""
    world, head = office.world, t.trail_head
    vault = world.vault_of(office.drive("amina"))
    if how == "forged":
        world.tamper(head, head.c.vault_id == vault, mac=bytes(32))
    else:
        old = world.row(head, head.c.vault_id == vault)
        world.share(office.drive("amina"), office.drive(KARIM), "/Famille")
        world.tamper(head, head.c.vault_id == vault, **old)
    moves(office, OTHERS)
    assert office.state(KARIM) is AccountState.ACTIVE
    assert reached(office) == LEFT
    office.world.clock.passes(minutes=1)
    office.misses("karim")
    assert office.state(KARIM) is AccountState.DIRECTORY_BLOCKED


@pytest.mark.parametrize("column", ["row_mac", "person_id", "structure_id", "since"])
def test_no_column_that_is_written_over_lets_them_see_again(office: Office, column: str) -> None:
    world = office.world
    moves(office, OTHERS)
    row = world.row(t.grant_suspension)
    other = {"since": row["since"] + 1, "person_id": office.drive("bilal").person.id}
    other["structure_id"] = office.structure("other").id
    table = t.grant_suspension
    world.tamper(table, table.c.id == row["id"], **{column: other.get(column, bytes(32))})
    assert reached(office) == LEFT
    assert "forged" in world.codes(deep=False)
