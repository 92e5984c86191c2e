"""Recall: what was misfiled is erased by whoever did it, while nobody else has opened it."""

import hashlib

import pytest

from davserver.db import tables as t
from davserver.domain.actions import Right
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import BadInput, Locked, NotFound, Reason
from davserver.domain.paths import DrivePath
from davserver.gate.people.notices import NoticeKind
from davserver.trail import INSTANCE
from tests.support.drive import Drive
from tests.support.refusals import reason_of
from tests.support.safekeeping import Safekeeping

pytestmark = pytest.mark.slow

HERE = "/Name of amina/Logement"
SCAN = f"{HERE}/scan.pdf"
OWNERS = "/Logement/scan.pdf"
LARGE = bytes(range(256)) * 1024


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    return world.beneficiary("amina", "fr")


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim", world.structure("ccas"))
    world.share(amina, karim, "/Logement")
    return karim


@pytest.fixture
def lea(world: Safekeeping, amina: Drive) -> Drive:
    lea = world.professional("lea")
    world.share(amina, lea, "/Logement")
    return lea


def recall(world: Safekeeping, by: Drive, path: str = SCAN) -> object:
    return world.nets.recall(world.for_(by), DrivePath.parse(path))


def entries(world: Safekeeping, vault: object) -> list[TrailEntry]:
    with world.db.read() as tx:
        return world.tools.trail.entries(
            tx, vault, limit=500, names=lambda ids: world.registered.logins(tx, ids)
        )


def nothing_is_left(world: Safekeeping, amina: Drive, used: int = 0) -> None:
    world.sweep_all()
    assert world.rows(t.node, t.node.c.kind == "file") == []
    assert world.rows(t.node_version) == []
    assert world.rows(t.blob) == []
    assert list(world.blobs.list()) == []
    assert {row["used"] for row in world.rows(t.grant)} == {used}
    assert world.row(t.vault)["used"] == 0
    assert world.troubles() == []


@pytest.mark.parametrize("removed_first", ["", "removed"])
@pytest.mark.parametrize("plain", [b"misfiled", LARGE], ids=["inline", "blob"])
def test_a_misfiled_document_is_erased_with_all_its_versions(
    world: Safekeeping, amina: Drive, karim: Drive, removed_first: str, plain: bytes
) -> None:
    karim.put(SCAN, b"first scan")
    world.clock.passes(hours=1)
    karim.put(SCAN, plain)
    karim.get(SCAN)
    if removed_first:
        karim.delete(SCAN)
        assert [str(one.path) for one in world.keeping.trash(world.for_(amina))] == [OWNERS]
    done = recall(world, karim)
    assert done.path == OWNERS
    assert done.sha256 == (hashlib.sha256(plain).digest(), hashlib.sha256(b"first scan").digest())
    assert amina.names("/Logement") == karim.names(HERE) == []
    assert world.keeping.trash(world.for_(amina)) == []
    nothing_is_left(world, amina)


def test_both_trails_keep_who_when_and_what(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    deposited = world.clock()
    karim.put(SCAN, b"misfiled")
    world.clock.passes(hours=2)
    recall(world, karim)
    there, here = entries(world, world.vault_of(amina))[-1], entries(world, INSTANCE)[-1]
    for entry in (there, here):
        assert (entry.what, entry.who_login, entry.at) == ("recall", "karim", world.clock())
        assert entry.details["operator"] == "tests"
        assert entry.details["person"] == "karim"
        assert entry.details["deposited"] == deposited.isoformat()
        assert entry.details["bytes"] == "8"
        assert entry.details["sha256"] == hashlib.sha256(b"misfiled").hexdigest()
        assert entry.node == there.node != ""
    assert (there.path, here.path) == (OWNERS, "")
    (notice,) = [n for n in world.notices(amina) if n.kind is NoticeKind.DOCUMENT_RECALLED]
    who = karim.person.id.hex()
    assert notice.says == {"who": who, "deposited": deposited.isoformat(), "bytes": "8"}
    assert here.details["vault"] == world.vault_of(amina).hex()
    assert world.troubles() == []


def test_it_is_too_late_after_the_window(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    karim.put(SCAN, b"x")
    world.clock.passes(hours=23)
    karim.put(SCAN, b"a version does not begin the window anew")
    world.clock.passes(hours=1)
    assert reason_of(lambda: recall(world, karim)) is Reason.TOO_LATE
    assert amina.get(OWNERS) == b"a version does not begin the window anew"


def test_what_somebody_else_opened_is_not_withdrawn(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    for closed in (False, True):
        for other, path in ((amina, OWNERS), (lea, SCAN)):
            karim.put(SCAN, b"a threat")
            other.get(path)
            if closed:
                world.clock.passes(minutes=11)
                world.sweep()
            assert reason_of(lambda: recall(world, karim)) is Reason.OPENED_BY_OTHERS
            karim.delete(SCAN)
            assert reason_of(lambda: recall(world, karim)) is Reason.OPENED_BY_OTHERS
    assert len(world.keeping.trash(world.for_(amina))) == 4
    assert world.troubles() == []


def test_what_was_opened_in_an_earlier_version_is_not_withdrawn(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    karim.put(SCAN, b"a threat")
    amina.get(OWNERS)
    karim.put(SCAN, b"harmless")
    assert reason_of(lambda: recall(world, karim)) is Reason.OPENED_BY_OTHERS


def test_what_somebody_copied_is_not_withdrawn(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    karim.mkcol(f"{HERE}/sub")
    karim.put(f"{HERE}/sub/scan.pdf", b"x")
    amina.copy("/Logement/sub", "/Travail/kept")
    assert (
        reason_of(lambda: recall(world, karim, f"{HERE}/sub/scan.pdf")) is Reason.OPENED_BY_OTHERS
    )
    karim.put(SCAN, b"x")
    lea.copy(SCAN, f"{HERE}/lea.pdf")
    assert reason_of(lambda: recall(world, karim)) is Reason.OPENED_BY_OTHERS
    karim.put(f"{HERE}/other.pdf", b"x")
    karim.copy(f"{HERE}/other.pdf", f"{HERE}/own copy.pdf")
    recall(world, karim, f"{HERE}/other.pdf")
    assert world.troubles() == []


def test_nobody_elses_document_or_version_is_erased(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    amina.put(OWNERS, b"amina's")
    assert reason_of(lambda: recall(world, karim)) is Reason.NOT_YOURS
    karim.put(SCAN, b"karim's version")
    assert reason_of(lambda: recall(world, karim)) is Reason.NOT_YOURS
    karim.put(f"{HERE}/note.txt", b"karim's")
    lea.put(f"{HERE}/note.txt", b"lea's version")
    karim.put(f"{HERE}/note.txt", b"karim's again")
    assert reason_of(lambda: recall(world, karim, f"{HERE}/note.txt")) is Reason.NOT_YOURS
    assert reason_of(lambda: recall(world, lea, f"{HERE}/note.txt")) is Reason.NOT_YOURS
    assert reason_of(lambda: recall(world, amina, OWNERS)) is Reason.NOT_YOURS
    assert amina.get("/Logement/note.txt") == b"karim's again"


def test_what_the_owner_removed_or_somebody_else_took_back_is_not_found(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    lea.put(f"{HERE}/lea.txt", b"lea's")
    lea.delete(f"{HERE}/lea.txt")
    with pytest.raises(NotFound):
        recall(world, karim, f"{HERE}/lea.txt")
    with pytest.raises(NotFound):
        recall(world, karim, f"{HERE}/nothing.txt")
    with pytest.raises(NotFound):
        recall(world, karim, "/Name of nobody/nothing.txt")
    karim.mkcol(f"{HERE}/mine")
    with pytest.raises(BadInput, match="folder"):
        recall(world, karim, f"{HERE}/mine")
    assert reason_of(lambda: recall(world, karim, HERE)) is Reason.GRANT_ROOT


def test_the_latest_of_one_name_is_meant(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    karim.put(SCAN, b"first")
    karim.delete(SCAN)
    world.clock.passes(minutes=1)
    karim.put(SCAN, b"second")
    karim.delete(SCAN)
    karim_second, karim_first = recall(world, karim), recall(world, karim)
    assert karim_second.sha256 == (hashlib.sha256(b"second").digest(),)
    assert karim_first.sha256 == (hashlib.sha256(b"first").digest(),)
    nothing_is_left(world, amina)


def test_somebody_elses_lock_stands_in_the_way_and_ones_own_does_not(
    world: Safekeeping, amina: Drive, karim: Drive, lea: Drive
) -> None:
    karim.put(SCAN, b"x")
    view, _ = lea.lock(SCAN)
    with pytest.raises(Locked):
        recall(world, karim)
    assert view.token is not None
    lea.unlock(SCAN, view.token)
    karim.lock(SCAN)
    recall(world, karim)
    nothing_is_left(world, amina)


def test_a_depositor_recalls_what_they_may_not_read(world: Safekeeping, amina: Drive) -> None:
    zoe = world.professional("zoe")
    world.share(amina, zoe, "/Logement", Right.DEPOSIT)
    zoe.put(SCAN, b"misfiled")
    recall(world, zoe)
    nothing_is_left(world, amina)


def test_a_reader_recalls_nothing(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    zoe = world.professional("zoe")
    world.share(amina, zoe, "/Logement", Right.READ)
    karim.put(SCAN, b"x")
    assert reason_of(lambda: recall(world, zoe)) is Reason.READ_ONLY
    karim.delete(SCAN)
    with pytest.raises(NotFound):
        recall(world, zoe)
