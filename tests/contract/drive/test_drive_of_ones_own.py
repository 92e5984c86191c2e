"""The drive below its fronts: an owner's own, and that saving keeps identity."""

import pytest
from sqlalchemy import func, select

from davserver.db import tables
from davserver.domain.conditions import Conditions
from davserver.domain.errors import (
    AlreadyThere,
    ConditionFailed,
    NoParent,
    NoSpace,
    NotFound,
    Refused,
    Truncated,
)
from tests.support.drive import Body, Drive, World

LARGE = bytes(range(256)) * 1024  # 256 KiB: a blob of its own on the disk


@pytest.mark.parametrize("plain", [b"", b"bonjour", LARGE], ids=["empty", "inline", "blob"])
def test_what_was_put_comes_back(amina: Drive, plain: bytes) -> None:
    written = amina.put("/Logement/bail.pdf", plain)
    assert written.created
    assert amina.get("/Logement/bail.pdf") == plain
    assert amina.look("/Logement/bail.pdf").etag == written.entry.etag


def test_a_new_version_keeps_the_identity_and_changes_the_etag(amina: Drive) -> None:
    first = amina.put("/Travail/cv.odt", b"one").entry
    second = amina.put("/Travail/cv.odt", LARGE)
    assert not second.created
    assert second.entry.id == first.id
    assert second.entry.etag != first.etag
    assert amina.get("/Travail/cv.odt") == LARGE


def test_a_name_is_found_however_it_was_composed(amina: Drive) -> None:
    amina.put("/Santé/re\u0301sume\u0301.txt", b"x")
    assert amina.names("/Santé") == ["résumé.txt"]
    assert amina.get("/Sante\u0301/résumé.txt") == b"x"


def test_nothing_is_made_where_no_folder_is(amina: Drive) -> None:
    with pytest.raises(NoParent):
        amina.put("/nowhere/a.txt", b"x")
    with pytest.raises(NoParent):
        amina.mkcol("/nowhere/b")
    with pytest.raises(NoParent):
        amina.move("/Travail", "/nowhere/c")


def test_names_that_are_taken_are_not_made_again(amina: Drive) -> None:
    amina.put("/a.txt", b"x")
    with pytest.raises(AlreadyThere):
        amina.mkcol("/a.txt")
    with pytest.raises(AlreadyThere):
        amina.put("/Travail", b"x")


def test_a_cut_upload_changes_nothing(world: World, amina: Drive) -> None:
    amina.put("/a.bin", b"before")

    class Cut(Body):
        def read(self, size: int) -> bytes:
            piece = super().read(min(size, 100_000))
            if not piece:
                raise Truncated("cut")
            return piece

    for size in (10, 300_000, 3_000_000):
        cut = Cut(b"x" * size)
        cut.length = size + 1
        with pytest.raises(Truncated):
            world.writing.put(
                amina.who, amina.look("/a.bin").path, cut, Conditions(), world.clock()
            )
    assert amina.get("/a.bin") == b"before"
    assert list(world.blobs.list()) == []
    with world.db.read() as tx:
        staged = select(func.count()).select_from(tables.blob).where(tables.blob.c.state != "live")
        assert tx.execute(staged).scalar_one() == 0


def test_a_folder_that_moves_takes_all_below_it_along(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.mkcol("/a/b")
    amina.put("/a/b/c.txt", b"deep")
    before = amina.look("/a/b/c.txt")
    assert amina.move("/a", "/Travail/z")
    assert amina.get("/Travail/z/b/c.txt") == b"deep"
    after = amina.look("/Travail/z/b/c.txt")
    assert (after.id, after.etag) == (before.id, before.etag)
    with pytest.raises(NotFound):
        amina.look("/a")


def test_a_folder_is_copied_into_itself_without_its_members_only(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", b"x")
    for inside in ("/a/b", "/a/not there/b"):
        with pytest.raises(Refused) as refused:
            amina.copy("/a", inside)
        assert refused.value.reason == "same-place"
    assert amina.copy("/a", "/a/b", deep=False)
    assert amina.names("/a/b") == []


def test_a_folder_cannot_move_into_itself(amina: Drive) -> None:
    amina.mkcol("/a")
    for inside in ("/a/b", "/a/not there/b"):
        with pytest.raises(Refused) as refused:
            amina.move("/a", inside)
        assert refused.value.reason == "same-place"
    amina.put("/f.txt", b"a file")
    with pytest.raises(NoParent):
        amina.move("/f.txt", "/f.txt/g")


def test_a_copied_folder_is_independent(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", LARGE)
    assert amina.copy("/a", "/b")
    amina.delete("/a/x.txt")
    assert amina.get("/b/x.txt") == LARGE
    assert amina.look("/b").id != amina.look("/a").id


def test_a_shallow_copy_has_no_members(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", b"x")
    assert amina.copy("/a", "/b", deep=False)
    assert amina.names("/b") == []


def test_overwrite_forbidden_leaves_both_ends(amina: Drive) -> None:
    amina.put("/a.txt", b"a")
    amina.put("/b.txt", b"b")
    for act in (amina.move, amina.copy):
        with pytest.raises(ConditionFailed):
            act("/a.txt", "/b.txt", overwrite=False)
    assert (amina.get("/a.txt"), amina.get("/b.txt")) == (b"a", b"b")


def test_removed_things_are_gone_and_their_names_free(amina: Drive) -> None:
    amina.put("/Travail/a.txt", b"x")
    amina.delete("/Travail/a.txt")
    with pytest.raises(NotFound):
        amina.get("/Travail/a.txt")
    assert amina.put("/Travail/a.txt", b"y").created


def test_the_quota_holds_and_makes_room_from_old_versions(world: World) -> None:
    leo = world.beneficiary("leo", quota=1_000_000)
    for fill in range(12):
        leo.put("/a.bin", bytes([fill]) * 300_000)
    assert leo.get("/a.bin") == bytes([11]) * 300_000
    with pytest.raises(NoSpace):
        leo.put("/b.bin", bytes(1_000_000))
    root = leo.look("/")
    assert root.used is not None
    assert root.available is not None
    assert root.used <= 1_000_000
    assert root.used + root.available == 1_000_000


def test_a_temporary_file_moved_over_a_document_is_its_new_version(amina: Drive) -> None:
    before = amina.put("/Travail/cv.odt", b"one").entry
    amina.put("/Travail/.cv.odt.Xa3f", b"two")
    assert not amina.move("/Travail/.cv.odt.Xa3f", "/Travail/cv.odt")
    after = amina.look("/Travail/cv.odt")
    assert after.id == before.id
    assert amina.get("/Travail/cv.odt") == b"two"
    assert amina.names("/Travail") == ["cv.odt"]


def test_renaming_away_writing_anew_and_deleting_is_one_save(world: World, amina: Drive) -> None:
    before = amina.put("/Travail/cv.docx", b"one").entry
    amina.put("/Travail/~WRD0001.tmp", b"two")
    world.clock.passes(seconds=1)
    amina.move("/Travail/cv.docx", "/Travail/~WRL0002.tmp")
    amina.move("/Travail/~WRD0001.tmp", "/Travail/cv.docx")
    amina.delete("/Travail/~WRL0002.tmp")
    after = amina.look("/Travail/cv.docx")
    assert after.id == before.id
    assert amina.get("/Travail/cv.docx") == b"two"
    assert amina.names("/Travail") == ["cv.docx"]


def test_deleting_an_old_copy_much_later_is_only_a_removal(world: World, amina: Drive) -> None:
    amina.put("/Travail/cv.docx", b"one")
    amina.move("/Travail/cv.docx", "/Travail/old.docx")
    fresh = amina.put("/Travail/cv.docx", b"two").entry
    world.clock.passes(minutes=10)
    amina.delete("/Travail/old.docx")
    assert amina.look("/Travail/cv.docx").id == fresh.id
