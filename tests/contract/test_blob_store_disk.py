"""Blobs on a local disk: the promises of every store, then files, modes, syncs and full disks."""

import errno
import os
import resource
import shutil
import stat
import sys

import pytest

from davserver.domain.disks import DISK_ERRORS
from davserver.domain.errors import AbriError, NoSpace, Unavailable
from davserver.domain.ids import BlobId
from davserver.vault.blobs.disk import DiskBlobReader, DiskBlobStore, DiskBlobWriter
from davserver.vault.blobs.store import MissingBlob
from tests.contract.blob_store import BlobStoreContract, get, new_id, put

BLOB = BlobId(bytes.fromhex("0a1b2c3d4e5f60718293a4b5c6d7e8f9"))


@pytest.fixture
def store(tmp_path):
    return DiskBlobStore(tmp_path / "blobs")


class TestDiskBlobStore(BlobStoreContract):
    """The disk store keeps what every store promises."""


def system_calls(work):
    """The names of the calls into the operating system while `work` runs, in order."""
    names = []

    def note(_frame, event, called):
        if event == "c_call" and getattr(called, "__module__", None) == "posix":
            names.append(called.__name__)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    wanted = {"open", "mkdir", "write", "fdatasync", "fsync", "unlink", "rename", "replace"}
    return [name for name in names if name in wanted]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_blob_lies_at_its_final_place_readable_by_the_server_only(store, tmp_path):
    put(store, BLOB, b"text")
    file = tmp_path / "blobs" / "0a" / "1b" / BLOB.hex()
    assert file.read_bytes() == b"text"
    assert mode(file) == 0o600
    assert [mode(folder) for folder in (file.parent, file.parent.parent)] == [0o700, 0o700]
    assert mode(tmp_path / "blobs") == 0o700


def test_a_commit_syncs_the_file_and_every_new_folder_entry(store):
    calls = system_calls(lambda: put(store, BLOB, b"text"))
    made = ["mkdir", "open", "fsync"] * 2
    assert calls == [*made, "open", "write", "fdatasync", "open", "fsync"]
    assert store.syncs == 4


def test_a_second_blob_in_the_same_folder_syncs_itself_and_its_entry(store):
    put(store, BLOB, b"text")
    sibling = BlobId(BLOB[:2] + os.urandom(14))
    before = store.syncs
    assert system_calls(lambda: put(store, sibling, b"text")) == [
        "open", "write", "fdatasync", "open", "fsync",
    ]  # fmt: skip
    assert store.syncs == before + 2


def test_a_folder_that_another_process_made_is_synced_once_here_too(store, tmp_path):
    put(store, BLOB, b"text")
    other = DiskBlobStore(tmp_path / "blobs")
    put(other, BlobId(BLOB[:2] + os.urandom(14)), b"text")
    assert other.syncs == 4


def test_a_folder_that_somebody_took_away_is_made_again(store, tmp_path):
    """As by a backup that is put in place of the store while Abri runs."""
    put(store, BLOB, b"one")
    shutil.rmtree(tmp_path / "blobs" / "0a")
    before = store.syncs
    put(store, BLOB, b"another")
    assert get(store, BLOB) == b"another"
    assert store.syncs == before + 4, "two folders, the file, its entry"


def test_a_delete_is_synced_and_an_abort_is_not(store):
    put(store, BLOB, b"text")
    assert system_calls(lambda: store.delete(BLOB)) == ["unlink", "open", "fsync"]
    writer = store.create(BLOB)
    assert system_calls(writer.abort) == ["unlink"]


def test_nothing_else_in_the_folder_is_taken_for_a_blob(store, tmp_path):
    put(store, BLOB, b"text")
    folder = tmp_path / "blobs"
    home = folder / "0a" / "1b"
    (folder / "note.txt").write_bytes(b"x")
    (folder / "0a" / "note.txt").write_bytes(b"x")
    (home / "note.txt").write_bytes(b"x")
    (home / new_id().hex()).write_bytes(b"of another folder")
    (home / BLOB.hex().upper()).write_bytes(b"x")
    (home / BLOB.hex()[:30]).write_bytes(b"x")
    (folder / "0a" / "ff").symlink_to(home)
    assert [one.id for one in store.list()] == [BLOB]


def test_a_link_is_not_followed(store, tmp_path):
    put(store, BLOB, b"text")
    file = tmp_path / "blobs" / "0a" / "1b" / BLOB.hex()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        store.open(BLOB)


def test_a_full_disk_is_said_as_such_and_nothing_can_be_committed(store, tmp_path):
    full = DiskBlobWriter(store, tmp_path / "none", os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(NoSpace, match="No space left"):
        full.write(b"text")
    with pytest.raises(ValueError, match="failed"):
        full.commit()
    full.abort()


def test_a_file_over_the_limit_is_no_space_and_abort_removes_it(store):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = store.create(BLOB)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(NoSpace):
            writer.write(bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    writer.abort()
    assert list(store.list()) == []


def test_a_sync_that_failed_is_never_tried_again(store, tmp_path):
    # A pipe takes bytes but cannot be synced, as a failing disk does.
    reading, writing = os.pipe()
    writer = DiskBlobWriter(store, tmp_path / "none", writing)
    writer.write(b"text")
    for expected in (Unavailable, ValueError):
        with pytest.raises(expected):
            writer.commit()
    writer.abort()
    os.close(reading)


def test_a_store_without_its_folder_is_unavailable(store, tmp_path):
    (tmp_path / "blobs").rmdir()
    with pytest.raises(Unavailable):
        store.create(BLOB)
    with pytest.raises(Unavailable):
        list(store.list())
    with pytest.raises(MissingBlob):
        store.open(BLOB)


def test_a_store_where_a_file_is_in_the_way_is_unavailable(tmp_path):
    (tmp_path / "blobs").write_bytes(b"")
    with pytest.raises(Unavailable):
        DiskBlobStore(tmp_path / "blobs")


def test_a_broken_reader_is_unavailable(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    with DiskBlobReader(folder) as reader, pytest.raises(Unavailable):
        reader.read_at(0, 1)


def test_every_disk_error_has_its_meaning():
    no_space = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    assert {code for code, kind in DISK_ERRORS.items() if kind is NoSpace} == no_space
    assert set(DISK_ERRORS.values()) == {NoSpace, Unavailable}
    assert all(issubclass(kind, AbriError) for kind in DISK_ERRORS.values())


def test_blobs_survive_a_new_store_object(store, tmp_path):
    put(store, BLOB, b"text")
    assert get(DiskBlobStore(tmp_path / "blobs"), BLOB) == b"text"
