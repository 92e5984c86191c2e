"""`vault undo`: what one person changed by the dozen is as it was before, and nothing is lost."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from davserver.db import tables as t
from davserver.db.database import Database, Work
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import BadInput, NotFound, Reason, Refused
from davserver.domain.paths import DrivePath
from davserver.gate.recovery.nets import SafetyNets
from davserver.gate.recovery.undone import Act, UndoReport, Why
from davserver.vault.nodes import index
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping

pytestmark = pytest.mark.slow

MOST = 50
HERE = "/Name of amina/Logement"
T = TypeVar("T")
View = dict[str, tuple[bytes, str, bytes | None]]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path, changes_per_minute=MOST) as made:
        yield made


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    amina = world.beneficiary("amina", "fr")
    amina.mkcol("/Logement/sub")
    for name in ("a.txt", "b.txt", "sub/c.txt", "sub/d.txt"):
        amina.put(f"/Logement/{name}", f"amina's {name}".encode())
    return amina


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim", world.structure("ccas"))
    world.share(amina, karim, "/Logement")
    karim.put(f"{HERE}/karim.txt", b"karim's of yesterday")
    world.clock.passes(hours=1)
    return karim


def view(drive: Drive, path: str = "/Logement") -> View:
    """By path: id, ETag where it is a file, content."""
    found: View = {}
    for entry in drive.list(path)[1]:
        here = str(entry.path)
        if entry.is_folder:
            found[here] = (entry.id, "", None)
            found |= view(drive, here)
        else:
            found[here] = (entry.id, entry.etag, drive.get(here))
    return found


def undo(world: Safekeeping, amina: Drive, **how: Any) -> UndoReport:
    return world.nets.undo(world.for_(amina), "karim", **how)


def since_now(world: Safekeeping) -> dict[str, Any]:
    return {"since": world.clock()}


def last(world: Safekeeping, amina: Drive) -> TrailEntry:
    with world.db.read() as tx:
        told = world.tools.trail.entries(
            tx, world.vault_of(amina), limit=500, names=lambda ids: world.registered.logins(tx, ids)
        )
    return [one for one in told if one.what != "read"][-1]


def paths(world: Safekeeping, amina: Drive) -> set[str]:
    return {str(one.path) for one in world.keeping.trash(world.for_(amina))}


def everything_back(world: Safekeeping, amina: Drive, before: View) -> None:
    assert view(amina) == before
    assert world.troubles() == []


def test_overwritten_documents_have_their_bytes_etags_and_properties_again(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.set_property("/Logement/a.txt", "<y xmlns='x:'>red</y>")
    before, modified = view(amina), amina.look("/Logement/a.txt").modified
    used = world.row(t.vault)["used"], world.row(t.grant)["used"]
    start = since_now(world)
    for content in (b"\x00garbage", b"\x01garbage"):
        karim.put(f"{HERE}/a.txt", content)
        karim.put(f"{HERE}/karim.txt", content)
    karim.put(f"{HERE}/.tmp", bytes(100_000))
    karim.move(f"{HERE}/.tmp", f"{HERE}/b.txt")
    karim.put(f"{HERE}/garbage", b"\x02garbage")
    karim.copy(f"{HERE}/garbage", f"{HERE}/sub/c.txt")
    booked = world.row(t.vault)["used"], world.row(t.grant)["used"]
    assert booked[0] == used[0]
    assert booked[1] > used[1]
    done = undo(world, amina, **start)
    assert (done.count(Act.CONTENT), done.count(Act.TRASHED), done.left) == (4, 1, ())
    everything_back(world, amina, before)
    entry = amina.look("/Logement/a.txt")
    assert (entry.modified, set(entry.properties)) == (modified, {"{x:}y"})
    versions = world.keeping.versions(world.for_(amina), DrivePath.parse("/Logement/a.txt"))
    assert [one.author for one in versions] == ["karim", "karim"]
    assert (world.row(t.vault)["used"], world.row(t.grant)["used"]) == booked


def test_what_was_renamed_and_moved_is_where_it_was(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    before, start = view(amina), since_now(world)
    karim.move(f"{HERE}/a.txt", f"{HERE}/swap")
    karim.move(f"{HERE}/b.txt", f"{HERE}/a.txt")
    karim.move(f"{HERE}/swap", f"{HERE}/b.txt")
    karim.move(f"{HERE}/sub", f"{HERE}/SUB.enc")
    karim.move(f"{HERE}/SUB.enc/c.txt", f"{HERE}/c.enc")
    karim.mkcol(f"{HERE}/new")
    karim.move(f"{HERE}/SUB.enc/d.txt", f"{HERE}/new/d.enc")
    karim.move(f"{HERE}/SUB.enc", f"{HERE}/new/inside")
    done = undo(world, amina, **start)
    assert (done.count(Act.PLACE), done.count(Act.TRASHED), done.left) == (5, 1, ())
    everything_back(world, amina, before)
    with world.db.read() as tx:
        vault = world.vaults.open(tx, world.vault_of(amina), 0, world.clock())
        inside = index.subtree(tx, vault, amina.look("/Logement").id)
    assert {one.twin for one in inside} == {0}
    assert {one.category for one in inside[1:]} == {None}
    assert undo(world, amina, **start).done == ()


def test_folders_that_were_put_into_each_other_come_apart(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.mkcol("/Logement/sub/deep")
    before, start = view(amina), since_now(world)
    karim.move(f"{HERE}/sub/deep", f"{HERE}/deep")
    karim.move(f"{HERE}/sub", f"{HERE}/deep/sub")
    karim.move(f"{HERE}/deep", f"{HERE}/renamed")
    undo(world, amina, **start)
    everything_back(world, amina, before)


def test_what_they_took_back_returns_and_what_they_made_goes(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    before, start = view(amina), since_now(world)
    karim.delete(f"{HERE}/karim.txt")
    karim.put(f"{HERE}/karim.txt", b"ransom")
    karim.put(f"{HERE}/temporary", b"x")
    karim.delete(f"{HERE}/temporary")
    karim.mkcol(f"{HERE}/made")
    karim.put(f"{HERE}/made/one.txt", b"1")
    karim.mkcol(f"{HERE}/made/deeper")
    done = undo(world, amina, **start)
    assert (done.count(Act.BROUGHT_BACK), done.count(Act.TRASHED)) == (1, 2)
    everything_back(world, amina, before)
    assert {"/Logement/made", "/Logement/karim.txt"} <= paths(world, amina)


def test_saves_in_three_steps_are_taken_back_too(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    before, start = view(amina), since_now(world)
    karim.move(f"{HERE}/a.txt", f"{HERE}/a.bak")
    karim.put(f"{HERE}/a.txt", b"saved")
    karim.delete(f"{HERE}/a.bak")
    karim.move(f"{HERE}/b.txt", f"{HERE}/b.bak")
    karim.put(f"{HERE}/b.txt", b"saved, and the old one kept")
    undo(world, amina, **start)
    everything_back(world, amina, before)


def test_what_others_did_since_stands(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    start = since_now(world)
    karim.put(f"{HERE}/a.txt", b"garbage")
    amina.put("/Logement/a.txt", b"amina's answer")
    karim.put(f"{HERE}/b.txt", b"garbage")
    amina.put("/Logement/b.txt", b"amina's second")
    karim.put(f"{HERE}/b.txt", b"garbage again")
    karim.move(f"{HERE}/sub/c.txt", f"{HERE}/c.enc")
    amina.move("/Logement/c.enc", "/Travail/c.txt")
    karim.put(f"{HERE}/new.txt", b"new")
    amina.put("/Logement/new.txt", b"amina's version of it")
    karim.mkcol(f"{HERE}/folder")
    karim.put(f"{HERE}/folder/karim's", b"k")
    amina.put("/Logement/folder/amina's", b"a")
    done = undo(world, amina, **start)
    assert amina.get("/Logement/a.txt") == b"amina's answer"
    assert amina.get("/Logement/b.txt") == b"amina's second"
    assert amina.names("/Travail") == ["c.txt"]
    assert amina.get("/Logement/new.txt") == b"amina's version of it"
    assert amina.names("/Logement/folder") == ["amina's"]
    assert {(one.path, one.why) for one in done.left} == {
        ("/Logement/new.txt", Why.WRITTEN_SINCE),
        ("/Logement/folder", Why.HOLDS_OTHERS),
    }
    assert world.troubles() == []


def test_a_name_that_is_taken_meanwhile_gets_the_usual_suffix(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    start = since_now(world)
    karim.move(f"{HERE}/a.txt", f"{HERE}/a.enc")
    amina.put("/Logement/a.txt", b"amina wrote it anew")
    undo(world, amina, **start)
    assert amina.get("/Logement/a.txt") == b"amina wrote it anew"
    assert amina.get("/Logement/a (2).txt") == b"amina's a.txt"
    assert world.troubles() == []


def test_what_the_owner_removed_meanwhile_stays_in_the_trash_and_is_told(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    before, start = view(amina), since_now(world)
    karim.put(f"{HERE}/a.txt", b"garbage")
    karim.move(f"{HERE}/sub/c.txt", f"{HERE}/c.enc")
    amina.delete("/Logement/a.txt")
    amina.delete("/Logement/sub")
    done = undo(world, amina, **start)
    assert {one.why for one in done.left} == {Why.IN_TRASH, Why.NO_FOLDER}
    for one in world.keeping.trash(world.for_(amina)):
        world.keeping.restore_trash(world.for_(amina), one.id, None)
    assert undo(world, amina, **start).left == ()
    everything_back(world, amina, before)


def test_a_version_that_is_no_more_is_told(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    start = since_now(world)
    karim.put(f"{HERE}/a.txt", b"garbage")
    node = amina.look("/Logement/a.txt").id
    world.db.write(
        lambda tx: tx.execute(t.node_version.delete().where(t.node_version.c.node_id == node))
    )
    done = undo(world, amina, **start)
    assert [(one.path, one.why) for one in done.left] == [("/Logement/a.txt", Why.NO_VERSION)]
    assert amina.get("/Logement/a.txt") == b"garbage"


def test_locks_on_what_is_taken_back_end(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    before, start = view(amina), since_now(world)
    karim.put(f"{HERE}/a.txt", b"garbage")
    karim.move(f"{HERE}/b.txt", f"{HERE}/b.enc")
    karim.lock(f"{HERE}/a.txt")
    karim.lock(f"{HERE}/b.enc")
    undo(world, amina, **start)
    assert world.rows(t.lock) == []
    everything_back(world, amina, before)


# ── with a pause ────────────────────────────────────────────────────────────────────────────────


def ransomware(karim: Drive, folder: str) -> int:
    """Overwrites and renames whatever it finds, until it is stopped. How many times it wrote."""
    wrote = 0
    try:
        for name in karim.names(folder):
            karim.put(f"{folder}/{name}", b"\x00" * 32)
            wrote += 1
            karim.move(f"{folder}/{name}", f"{folder}/{name}.locked")
            wrote += 1
    except Refused as no:
        if no.reason is not Reason.TOO_MANY_CHANGES:
            raise
    return wrote


@pytest.fixture
def attacked(world: Safekeeping, amina: Drive, karim: Drive) -> View:
    amina.mkcol("/Logement/papiers")
    for number in range(60):
        amina.put(f"/Logement/papiers/{number:02}.pdf", f"paper {number}".encode())
    before = view(amina)
    world.clock.passes(hours=1)
    assert ransomware(karim, f"{HERE}/papiers") == MOST + 1
    return before


def test_the_batch_that_led_to_a_pause_is_taken_back_and_the_pause_ends(
    world: Safekeeping, amina: Drive, karim: Drive, attacked: View
) -> None:
    with pytest.raises(Refused):
        karim.put(f"{HERE}/x", b"x")
    assert [one.paused for one in world.keeping.vaults(world.operator, world.clock())] == [
        ("karim",)
    ]
    world.clock.passes(hours=5)
    done = undo(world, amina)
    assert (done.count(Act.CONTENT), done.count(Act.PLACE), done.paused) == (26, 25, False)
    everything_back(world, amina, attacked)
    entry = last(world, amina)
    assert (entry.what, entry.who_login) == ("undo", "amina")
    wanted = {"person": "karim", "operator": "tests", "content": "26", "place": "25"}
    assert wanted.items() <= entry.details.items()
    assert entry.details["pause"] == "lifted"
    karim.put(f"{HERE}/x", b"goes on")
    assert world.rows(t.pace) == []


def test_a_pause_can_be_kept_and_lifted_without_taking_anything_back(
    world: Safekeeping, amina: Drive, karim: Drive, attacked: View
) -> None:
    assert undo(world, amina, keep_paused=True).paused
    everything_back(world, amina, attacked)
    with pytest.raises(Refused):
        karim.put(f"{HERE}/x", b"x")
    world.nets.resume(world.for_(amina), "karim")
    entry = last(world, amina)
    assert (entry.what, entry.who_login, entry.details["person"]) == ("resume", "amina", "karim")
    karim.put(f"{HERE}/x", b"x")
    with pytest.raises(NotFound):
        world.nets.resume(world.for_(amina), "karim")


def test_a_preview_shows_all_and_changes_nothing(
    world: Safekeeping, amina: Drive, karim: Drive, attacked: View
) -> None:
    present = view(amina)
    shown = world.nets.preview(world.for_(amina), "karim")
    assert last(world, amina).details["command"] == "undo --dry-run"
    assert view(amina) == present
    assert karim.who.paused
    assert undo(world, amina).done == shown.done
    everything_back(world, amina, attacked)


class Dies(Database):
    """A process that is interrupted when it begins its second transaction."""

    begun = 0

    def write(self, work: Work[T]) -> T:
        self.begun += 1
        if self.begun > 1:
            raise KeyboardInterrupt
        return super().write(work)


class Again(Database):
    """Every transaction fails once at its very end and is run again, as `write` may do at any time
    after a serialisation failure.
    """

    class Failed(Exception):
        pass

    def write(self, work: Work[T]) -> T:
        def fails(tx: Connection) -> None:
            work(tx)
            raise self.Failed

        with pytest.raises(self.Failed):
            super().write(fails)
        return super().write(work)


@contextmanager
def nets_on(world: Safekeeping, kind: type[Database], at_once: int) -> Iterator[SafetyNets]:
    """The safety nets of another process, on the same data."""
    with closing(kind(world.url)) as db:
        yield SafetyNets(replace(world.tools, db=db), at_once)


def test_a_large_batch_is_taken_back_in_parts_that_are_whole(
    world: Safekeeping, amina: Drive, karim: Drive, attacked: View
) -> None:
    done = SafetyNets(world.tools, at_once=7).undo(world.for_(amina), "karim")
    assert len(done.done) == 51
    everything_back(world, amina, attacked)
    assert not karim.who.paused


def test_an_undo_that_was_cut_short_is_finished_by_the_next(
    world: Safekeeping, amina: Drive, karim: Drive, attacked: View
) -> None:
    with nets_on(world, Dies, at_once=20) as nets, pytest.raises(KeyboardInterrupt):
        nets.undo(world.for_(amina), "karim")
    assert view(amina) != attacked
    assert karim.who.paused
    assert world.troubles() == []
    assert len(undo(world, amina).done) == 31
    everything_back(world, amina, attacked)


def test_a_closure_that_runs_twice_undoes_once(
    world: Safekeeping, amina: Drive, attacked: View
) -> None:
    with nets_on(world, Again, at_once=200) as nets:
        nets.undo(world.for_(amina), "karim")
    everything_back(world, amina, attacked)


def test_versions_that_an_undo_needs_are_not_thinned_while_somebody_is_paused(
    world: Safekeeping, karim: Drive
) -> None:
    bilal = world.beneficiary("bilal", "fr", quota=45_000)
    for number in range(30):
        bilal.put(f"/Logement/{number:02}.pdf", bytes([number]) * 1000)
    world.share(bilal, karim, "/Logement")
    before = view(bilal)
    assert ransomware(karim, "/Name of bilal/Logement") == MOST + 1
    for number in range(10):
        bilal.put("/Travail/saved.bin", bytes(3000 + number))
    assert len(world.rows(t.node_version)) < 26 + 9
    world.nets.undo(world.for_(bilal), "karim")
    everything_back(world, bilal, before)


def test_it_must_be_said_from_when_on_and_by_whom(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    with pytest.raises(BadInput, match="--since"):
        undo(world, amina)
    with pytest.raises(NotFound):
        world.nets.undo(world.for_(amina), "nobody", since=world.clock())
    with pytest.raises(BadInput, match="one by one"):
        world.nets.undo(world.for_(amina), "amina", since=world.clock())
    with pytest.raises(BadInput, match="no vault"):
        world.nets.undo(world.for_(karim), "karim", since=world.clock())
