"""Children of a folder as a front shows them by the thousand: columns straight from their nodes,
and an entry only where a child is unlike its neighbours.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any

from davserver.domain.drive import Entry
from davserver.gate.entries.below import Below
from davserver.gate.entries.members import Member

Some = Sequence[Member[Any]]
EntriesOf = Callable[[Some], list[Entry]]


def below_of(
    folder: tuple[str, ...],
    members: Some,
    entries_of: EntriesOf,
    *,
    whole: bool,
) -> Below:
    return Below(
        members,
        entries_of,
        columns_of=lambda some: Inside(folder, some, entries_of, whole=whole),
    )


class Inside:
    """Some children in turn (`Several`). An entry is made of each that has more than its node says:
    of folders, or of all where something is locked (`whole`).
    """

    def __init__(
        self,
        folder: tuple[str, ...],
        members: Some,
        entries_of: EntriesOf,
        *,
        whole: bool,
    ) -> None:
        self._members = members
        self._entries_of = entries_of
        self._nodes = [member[2] for member in members]
        self.folder = folder
        made = [at for at, member in enumerate(members) if whole or member[1]]
        self._made = dict(zip(made, entries_of([members[at] for at in made]), strict=True))

    def entry(self, at: int) -> Entry:
        made = self._made.get(at)
        return made or self._entries_of(self._members[at : at + 1])[0]

    def alike(self) -> list[Hashable]:
        """Entries of the same kind look alike but for their type and their own properties."""
        keys: list[Hashable] = [
            (id(kind), node.content and node.content.media_type) if not node.properties else at
            for at, (_, _, node, kind) in enumerate(self._members)
        ]
        for at in self._made:
            keys[at] = at
        return keys

    def names(self) -> list[str]:
        return [member[0] for member in self._members]

    def are_folders(self) -> list[bool]:
        return [member[1] for member in self._members]

    def ids(self) -> list[bytes]:
        return [node.id for node in self._nodes]

    def etags(self) -> list[str]:
        return self._or_made([node.etag.hex() for node in self._nodes], lambda one: one.etag)

    def sizes(self) -> list[int | None]:
        return [node.content.size if node.content else None for node in self._nodes]

    def digests(self) -> list[bytes | None]:
        return [node.content.sha256 if node.content else None for node in self._nodes]

    def created(self) -> list[datetime]:
        return [node.created for node in self._nodes]

    def modified(self) -> list[datetime]:
        return self._or_made([node.modified for node in self._nodes], lambda one: one.modified)

    def _or_made(self, column: list[Any], of: Callable[[Entry], Any]) -> list[Any]:
        for at, entry in self._made.items():
            column[at] = of(entry)
        return column
