"""The mass-change guard: many changes of somebody else's things within a minute pause a person."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from davserver.db import tables as t
from davserver.domain.actions import Action, Right
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import Locked, Reason, Refused
from davserver.gate.people.notices import NoticeKind
from davserver.vault import pace
from tests.support.accounts import statements_of
from tests.support.drive import Drive
from tests.support.refusals import reason_of
from tests.support.safekeeping import Safekeeping, safekeeping

pytestmark = pytest.mark.slow

MOST = 5
HERE = "/Name of amina/Logement"
PAPERS = [f"papier-{number}.pdf" for number in range(MOST + 3)]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path, changes_per_minute=MOST) as made:
        yield made


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    amina = world.beneficiary("amina", "fr")
    for name in PAPERS:
        amina.put(f"/Logement/{name}", name.encode())
    return amina


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim", world.structure("ccas"))
    world.share(amina, karim, "/Logement")
    return karim


def told(world: Safekeeping, amina: Drive) -> list[TrailEntry]:
    with world.db.read() as tx:
        return world.tools.trail.entries(
            tx, world.vault_of(amina), limit=500, names=lambda ids: world.registered.logins(tx, ids)
        )


def overwrite(karim: Drive, count: int, start: int = 0) -> None:
    for name in PAPERS[start : start + count]:
        karim.put(f"{HERE}/{name}", b"\x00garbage")


def test_one_change_too_many_pauses_everything_that_writes_and_nothing_else(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{HERE}/mine.txt", b"mine")
    overwrite(karim, MOST)
    assert karim.who.paused == frozenset()
    before, listed = karim.list(HERE)
    karim.put(f"{HERE}/{PAPERS[MOST]}", b"one too many")
    assert amina.get(f"/Logement/{PAPERS[MOST]}") == b"one too many"
    assert karim.who.paused == {world.vault_of(amina)}
    present = f"{HERE}/{PAPERS[0]}"
    for act in (
        lambda: karim.put(f"{HERE}/{PAPERS[MOST + 1]}", b"x"),
        lambda: karim.put(f"{HERE}/new.txt", b"x"),
        lambda: karim.put(f"{HERE}/mine.txt", b"x"),
        lambda: karim.put(f"{HERE}/large.bin", bytes(200_000)),
        lambda: karim.mkcol(f"{HERE}/new"),
        lambda: karim.move(present, f"{HERE}/elsewhere.pdf"),
        lambda: karim.move(f"{HERE}/mine.txt", present),
        lambda: karim.copy(present, f"{HERE}/copy.pdf"),
        lambda: karim.copy(f"{HERE}/mine.txt", present),
        lambda: karim.set_property(f"{HERE}/{PAPERS[0]}"),
        lambda: karim.delete(f"{HERE}/mine.txt"),
        lambda: karim.lock(f"{HERE}/locked.txt"),
        lambda: karim.lock(present),
    ):
        assert reason_of(act) is Reason.TOO_MANY_CHANGES
    after, still = karim.list(HERE)
    assert [one.path for one in still] == [one.path for one in listed]
    assert after.may == {Action.LIST, Action.GET}
    assert {entry.may for entry in still} == {frozenset({Action.LIST, Action.GET})}
    assert before.may > after.may
    assert karim.get(f"{HERE}/mine.txt") == b"mine"
    assert amina.put(f"/Logement/{PAPERS[0]}", b"the owner goes on").entry.size
    assert world.troubles() == []


def test_a_pause_moves_no_etag_and_hides_no_side_file(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    overwrite(karim, MOST + 1)
    karim_sees = karim.list(HERE)
    world.db.write(lambda tx: pace.lift(tx, karim.person.id, world.vault_of(amina)))
    free = karim.list(HERE)
    for held, after in zip([karim_sees[0], *karim_sees[1]], [free[0], *free[1]], strict=True):
        assert (held.path, held.etag) == (after.path, after.etag)
    world.clock.passes(minutes=5)
    for name in PAPERS[: MOST + 1]:
        karim.move(f"{HERE}/{name}", f"{HERE}/x-{name}")
    assert karim.who.paused
    karim.put(f"{HERE}/~$letter.docx", b"side")
    assert "~$letter.docx" in karim.names(HERE)
    assert karim.get(f"{HERE}/~$letter.docx") == b"side"
    assert reason_of(lambda: karim.move(f"{HERE}/~$letter.docx", f"{HERE}/letter.docx")) is (
        Reason.TOO_MANY_CHANGES
    )


def test_a_pause_ends_the_locks_of_whoever_is_paused(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    last = PAPERS[MOST + 2]
    karim.lock(f"{HERE}/{last}")
    with pytest.raises(Locked):
        amina.put(f"/Logement/{last}", b"x")
    overwrite(karim, MOST + 1)
    amina.put(f"/Logement/{last}", b"the owner's")
    assert world.rows(t.lock) == []


def test_the_owner_is_told_who_was_paused_after_how_many_changes(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    overwrite(karim, MOST + 1)
    (entry,) = [one for one in told(world, amina) if one.what == "pause"]
    assert (entry.who_login, entry.path) == ("karim", "")
    assert entry.details["changes"] == str(MOST + 1)
    assert entry.details["from"] == world.clock().isoformat()
    (notice,) = [n for n in world.notices(amina) if n.kind is NoticeKind.CHANGES_PAUSED]
    says = {"who": karim.person.id.hex(), "changes": str(MOST + 1), "from": entry.details["from"]}
    assert notice.says == says
    world.nets.resume(world.for_(amina), "karim")
    overwrite(karim, MOST + 1)
    world.clock.passes(minutes=5)
    for number in range(MOST + 1):
        karim.move(f"{HERE}/{PAPERS[number]}", f"{HERE}/again {number}")
    world.nets.undo(world.for_(amina), "karim")
    for_her = [n.says for n in world.notices(amina) if n.kind is NoticeKind.CHANGES_FOR_YOU]
    who = karim.person.id.hex()
    assert for_her == [{"who": who, "what": "resume"}, {"who": who, "what": "undo"}]


def test_every_kind_of_change_of_others_things_counts_once(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{HERE}/mine.txt", b"mine")
    counted = []
    for act in (
        lambda: karim.put(f"{HERE}/{PAPERS[0]}", b"x"),
        lambda: karim.move(f"{HERE}/{PAPERS[1]}", f"{HERE}/renamed.pdf"),
        lambda: karim.copy(f"{HERE}/mine.txt", f"{HERE}/{PAPERS[2]}"),
        lambda: karim.move(f"{HERE}/mine.txt", f"{HERE}/{PAPERS[3]}"),
        lambda: karim.set_property(f"{HERE}/{PAPERS[4]}"),
    ):
        act()
        counted.append(world.row(t.pace)["count"])
    assert counted == [1, 2, 3, 4, 5]


def test_fresh_things_of_ones_own_never_count(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    overwrite(karim, 1)
    for number in range(3 * MOST):
        karim.put(f"{HERE}/{PAPERS[0]}", f"saved again {number}".encode())
        karim.put(f"{HERE}/own-{number}.txt", b"x")
        karim.put(f"{HERE}/own-{number}.txt", b"y")
        karim.move(f"{HERE}/own-{number}.txt", f"{HERE}/own-{number}.md")
        karim.copy(f"{HERE}/own-{number}.md", f"{HERE}/copy-{number}.md")
        karim.delete(f"{HERE}/copy-{number}.md")
    assert world.row(t.pace)["count"] == 1


def test_an_owner_is_never_counted(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    for name in PAPERS:
        karim.put(f"{HERE}/karim-{name}", b"k")
    for name in PAPERS:
        amina.put(f"/Logement/karim-{name}", b"the owner's")
        amina.move(f"/Logement/karim-{name}", f"/Travail/{name}")
    assert world.rows(t.pace) == []


def test_minutes_are_counted_apart_and_belong_to_one_batch_unless_one_was_quiet(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    first = world.clock()
    overwrite(karim, MOST - 2)
    world.clock.passes(seconds=61)
    overwrite(karim, 1, start=MOST)
    row = world.row(t.pace)
    assert (row["count"], row["batch_from"]) == (1, int(first.timestamp() * 1_000_000))
    world.clock.passes(seconds=121)
    overwrite(karim, 1, start=MOST + 1)
    row = world.row(t.pace)
    assert (row["count"], row["batch_from"]) == (1, row["opened_at"])


def test_people_and_vaults_are_counted_apart(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    bilal = world.beneficiary("bilal", "fr")
    lea = world.professional("lea")
    bilal.put("/Logement/bail.pdf", b"b")
    world.share(bilal, karim, "/Logement")
    world.share(amina, lea, "/Logement")
    overwrite(karim, MOST + 1)
    assert reason_of(lambda: karim.put(f"{HERE}/new", b"x")) is Reason.TOO_MANY_CHANGES
    karim.put("/Name of bilal/Logement/bail.pdf", b"goes on")
    overwrite(lea, 2, start=MOST)
    assert {row["count"] for row in world.rows(t.pace)} == {MOST + 1, 1, 2}


def test_a_pause_lasts_until_it_is_lifted_and_upkeep_forgets_the_rest(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.share(amina, lea, "/Logement")
    overwrite(lea, 1)
    overwrite(karim, MOST + 1, start=1)
    world.clock.passes(days=3)
    world.sweep()
    (row,) = world.rows(t.pace)
    assert row["person_id"] == karim.person.id
    assert reason_of(lambda: karim.put(f"{HERE}/new", b"x")) is Reason.TOO_MANY_CHANGES


def test_counting_costs_one_statement_and_only_where_it_counts(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{HERE}/a.txt", b"1")
    path = f"{HERE}/a.txt"

    def cost(drive: Drive, act: Callable[[], object]) -> int:
        with statements_of(world.db) as statements:
            act()
        return sum(one.startswith("INSERT INTO pace") for one in statements)

    assert cost(karim, lambda: karim.put(path, b"2")) == 0
    assert cost(karim, lambda: karim.put(f"{HERE}/{PAPERS[0]}", b"2")) == 1
    assert cost(amina, lambda: amina.put("/Logement/a.txt", b"3")) == 0


def test_two_workers_count_together(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    start = threading.Barrier(2)
    results: list[str] = []

    def worker(names: list[str]) -> None:
        start.wait()
        for name in names:
            try:
                karim.put(f"{HERE}/{name}", b"garbage")
            except Refused as no:
                results.append(no.reason.value)
            else:
                results.append("written")

    halves = [PAPERS[::2], PAPERS[1::2]]
    threads = [threading.Thread(target=partial(worker, half)) for half in halves]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    refusals = ["too-many-changes"] * (len(PAPERS) - MOST - 1)
    assert sorted(results) == [*refusals, *["written"] * (MOST + 1)]
    assert [one.what for one in told(world, amina)].count("pause") == 1
    assert world.troubles() == []


def test_depositors_and_readers_change_nothing_that_counts(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.share(amina, lea, "/Logement", Right.READ)
    for name in PAPERS:
        assert reason_of(lambda name=name: lea.put(f"{HERE}/{name}", b"x")) is Reason.READ_ONLY
    assert world.rows(t.pace) == []
