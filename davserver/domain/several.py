"""Several entries of one folder, a column at a time: a listing writes ten thousand, and shows of
each only what differs from the one before.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Protocol

from davserver.domain.drive import Entry


class Several(Protocol):
    """Lists of one length, in the order in which they are shown."""

    @property
    def folder(self) -> tuple[str, ...]:
        """The names down to where all of them lie."""

    def entry(self, at: int) -> Entry:
        """One of them, with everything that it has."""

    def alike(self) -> Sequence[Hashable]:
        """Equal for two of these that differ in nothing but the columns below."""

    def names(self) -> list[str]: ...

    def are_folders(self) -> list[bool]: ...

    def ids(self) -> list[bytes]: ...

    def etags(self) -> list[str]: ...

    def sizes(self) -> list[int | None]: ...

    def digests(self) -> list[bytes | None]: ...

    def created(self) -> list[datetime]: ...

    def modified(self) -> list[datetime]: ...


class OfEntries:
    """Entries that are there, at least one; the root of a drive has no name, and no folder."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    @property
    def folder(self) -> tuple[str, ...]:
        return self._entries[0].path.parts[:-1]

    def entry(self, at: int) -> Entry:
        return self._entries[at]

    def alike(self) -> Sequence[Hashable]:
        return range(len(self._entries))

    def names(self) -> list[str]:
        return [one.path.name for one in self._entries]

    def are_folders(self) -> list[bool]:
        return [one.is_folder for one in self._entries]

    def ids(self) -> list[bytes]:
        return [one.id for one in self._entries]

    def etags(self) -> list[str]:
        return [one.etag for one in self._entries]

    def sizes(self) -> list[int | None]:
        return [one.size for one in self._entries]

    def digests(self) -> list[bytes | None]:
        return [one.sha256 for one in self._entries]

    def created(self) -> list[datetime]:
        return [one.created for one in self._entries]

    def modified(self) -> list[datetime]:
        return [one.modified for one in self._entries]
