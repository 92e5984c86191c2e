"""Blobs as files of one folder on a local disk: aa/bb/<32 hexadecimal digits>."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from davserver.domain.disks import of_disk
from davserver.domain.errors import AlreadyThere, Damaged
from davserver.domain.ids import ID_BYTES, BlobId, id_from_text
from davserver.vault.blobs.store import AnyBytes, MissingBlob, StoredBlob

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_BEGIN_WRITING = 8 * 1024 * 1024
"""Bytes after which the disk is asked to begin. Without it all of a large file waits for the sync
at its end: 0.15 s for 256 MiB, afterwards 0.004 s (docs/decisions: large files).
"""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class _DiskErrors:
    """Says them in our words. No generator: each range of a file passes here five times."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise of_disk(error, "contents") from error


_DISK_ERRORS = _DiskErrors()


class DiskBlobStore:
    """A BlobStore over one folder, which it makes (0700) when it is missing.

    A blob is written at its final place: nothing refers to it before it is committed, so there
    is nothing to rename. `syncs` counts the fsync and fdatasync calls of this object.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = str(folder)
        self._durable: set[Path] = set()
        self.syncs = 0
        with _DISK_ERRORS:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, blob: BlobId) -> "DiskBlobWriter":
        file = Path(self._place(blob))
        with _DISK_ERRORS:
            try:
                handle = self._made(file)
            except FileNotFoundError:
                # Somebody took folders away: a backup was put in the place of the store.
                self._durable.clear()
                handle = self._made(file)
            except FileExistsError:
                raise AlreadyThere("there is a blob of this id already") from None
        return DiskBlobWriter(self, file, handle)

    def _made(self, file: Path) -> int:
        self._make_folders(file.parent)
        return os.open(file, _NEW, 0o600)

    def open(self, blob: BlobId) -> "DiskBlobReader":
        with _DISK_ERRORS:
            try:
                return DiskBlobReader(os.open(self._place(blob), _READ))
            except FileNotFoundError:
                raise MissingBlob("a blob is not in the store") from None

    def stat(self, blob: BlobId) -> StoredBlob:
        with _DISK_ERRORS:
            try:
                return StoredBlob(blob, os.lstat(self._place(blob)).st_size)
            except FileNotFoundError:
                raise MissingBlob("a blob is not in the store") from None

    def delete(self, blob: BlobId) -> None:
        file = Path(self._place(blob))
        with _DISK_ERRORS, suppress(FileNotFoundError):
            file.unlink()
            self.sync_folder(file.parent)

    def list(self) -> Iterator[StoredBlob]:
        with _DISK_ERRORS:
            for file in _files(self._folder, depth=2):
                found = self._stored(file)
                if found:
                    yield found

    def sync_file(self, handle: int) -> None:
        os.fdatasync(handle)
        self.syncs += 1

    def sync_folder(self, folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self.syncs += 1

    def _place(self, blob: BlobId) -> str:
        if len(blob) != ID_BYTES:
            raise ValueError(f"a blob id has {ID_BYTES} bytes")
        name = blob.hex()
        return f"{self._root}/{name[:2]}/{name[2:4]}/{name}"

    def _make_folders(self, folder: Path) -> None:
        """Makes aa and aa/bb, and their entries durable.

        A folder that is there already may have been made by another process a moment ago, its
        entry not on the disk yet: each process syncs each entry once itself.
        """
        for made in (folder.parent, folder):
            if made not in self._durable:
                made.mkdir(mode=0o700, exist_ok=True)
                self.sync_folder(made.parent)
                self._durable.add(made)

    def _stored(self, file: Path) -> StoredBlob | None:
        """None for what is not ours, and for what was deleted since it was listed."""
        try:
            blob = BlobId(id_from_text(file.name))
            ours = str(file) == self._place(blob)
            return StoredBlob(blob, file.lstat().st_size) if ours else None
        except (ValueError, FileNotFoundError):
            return None


class DiskBlobWriter:
    """A BlobWriter. Not shared between threads."""

    def __init__(self, store: DiskBlobStore, file: Path, handle: int) -> None:
        self._store = store
        self._file = file
        self._handle: int | None = handle
        self._failed = False
        self._size = 0
        self._begun = 0

    def write(self, data: AnyBytes) -> None:
        handle = self._open_handle()
        with self._failing(), memoryview(data).cast("B") as left:
            written = 0
            while written < len(left):
                written += os.write(handle, left[written:])
        self._size += written
        if self._size - self._begun >= _BEGIN_WRITING:
            self._begin_writing(handle)

    def _begin_writing(self, handle: int) -> None:
        """Linux writes out what is named here, without waiting, before it would forget it; pages on
        their way to the disk are not forgotten. What fails shows at the sync.
        """
        length = self._size - self._begun
        with suppress(OSError):  # It is only advice.
            os.posix_fadvise(handle, self._begun, length, os.POSIX_FADV_DONTNEED)
        self._begun = self._size

    def commit(self) -> None:
        handle = self._open_handle()
        with self._failing():
            self._store.sync_file(handle)
            self._store.sync_folder(self._file.parent)
        self._handle = None
        with suppress(OSError):
            os.close(handle)

    def abort(self) -> None:
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        with suppress(OSError):
            os.close(handle)
        with suppress(OSError):
            self._file.unlink()

    def _open_handle(self) -> int:
        if self._handle is None or self._failed:
            raise ValueError("this blob is committed or has failed")
        return self._handle

    @contextmanager
    def _failing(self) -> Iterator[None]:
        # After a failed sync the kernel may call the lost pages clean: a second sync that
        # succeeds would prove nothing.
        try:
            with _DISK_ERRORS:
                yield
        except BaseException:
            self._failed = True
            raise


class DiskBlobReader:
    """A BlobReader; threads may share it, as pread keeps no position."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        with _DISK_ERRORS:
            self._size = os.fstat(handle).st_size

    @property
    def size(self) -> int:
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        with _DISK_ERRORS:
            data = os.pread(self._handle, length, offset)
            while 0 < len(data) < length:
                more = os.pread(self._handle, length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        if len(data) != length:
            raise Damaged("a stored blob is shorter than expected")
        return data

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """What lies exactly that many folders deep. Unlike `glob`, an error is one."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if depth == 0:
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), depth - 1)
