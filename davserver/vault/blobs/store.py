"""Where blobs lie: whole, immutable byte strings under random ids. A store knows no key, no row
and no person. Every store passes tests/contract/blob_store.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId

AnyBytes = bytes | bytearray | memoryview


class MissingBlob(Damaged):
    """The store has no blob of this id. Whoever asked had a row that names it, so that to a person
    it is damage, not absence; a check or a sweep may catch it by name.
    """


@dataclass(frozen=True, slots=True)
class StoredBlob:
    id: BlobId
    size: int


class BlobWriter(Protocol):
    """One new blob. Until `commit` returns it may vanish with the power; `abort` removes it."""

    def write(self, data: AnyBytes) -> None:
        """Takes all of `data`, and keeps no reference to it. Raises NoSpace, Unavailable."""

    def commit(self) -> None:
        """Returns when content and name survive a power cut. Raises NoSpace, Unavailable; after
        any error of this writer only `abort` is left.
        """

    def abort(self) -> None:
        """Removes what was written. Does nothing after `commit` or a second time; never raises."""


class BlobReader(Protocol):
    """One blob, open for reading until `close` even if it is deleted meanwhile."""

    @property
    def size(self) -> int:
        """Stored bytes."""

    def read_at(self, offset: int, length: int) -> AnyBytes:
        """Exactly `length` bytes. Raises Damaged where the blob is shorter, Unavailable."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class BlobStore(Protocol):
    """Shared between threads and processes. All of it may raise Unavailable."""

    def create(self, blob: BlobId) -> BlobWriter:
        """Raises AlreadyThere when there is a blob of this id: none is ever written twice."""

    def open(self, blob: BlobId) -> BlobReader:
        """Raises MissingBlob."""

    def stat(self, blob: BlobId) -> StoredBlob:
        """Raises MissingBlob."""

    def delete(self, blob: BlobId) -> None:
        """Gone for good when this returns. A blob that is not there is no error: a sweep that was
        cut short runs again.
        """

    def list(self) -> Iterator[StoredBlob]:
        """Every blob, committed or not, in no order. Blobs made or deleted meanwhile may be
        missing or listed.
        """
