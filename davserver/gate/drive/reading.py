"""Reading a drive: what is there, what is in it, and the bytes of a file."""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime

from davserver.domain.actions import Action
from davserver.domain.conditions import NONE, Conditions
from davserver.domain.decisions import Permit
from davserver.domain.drive import EVERY_DETAIL, Details, Download, Entry, Piece
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.acting import look, state_of
from davserver.gate.conditions import require_for_reading, require_if
from davserver.gate.drive.noting import note_reading
from davserver.gate.drive.scratch import Scratch
from davserver.gate.entries.below import Below
from davserver.gate.entries.entries import Entries, of_file
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.gate.watch import EpochWatch
from davserver.vault.contents import OpenContent, open_permitted
from davserver.vault.nodes.walk import Stored


class Reading:
    def __init__(self, tools: Tools, scratch: Scratch, watch: EpochWatch) -> None:
        self._tools = tools
        self._scratch = scratch
        self._watch = watch

    def look(
        self, who: Principal, path: DrivePath, now: datetime, details: Details = EVERY_DETAIL
    ) -> Entry:
        """The entry at `path`. Raises NotFound, Refused."""
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.look(who, path, now)
        return look(
            self._tools,
            who,
            now,
            lambda s: Entries(s, details).one(_existing(s, path)),
            expects_query=False,
        )

    def list(
        self, who: Principal, path: DrivePath, now: datetime, details: Details = EVERY_DETAIL
    ) -> tuple[Entry, Below]:
        """The entry at `path` and, of a folder, all visible children. Raises NotFound, Refused.

        The number of SQL statements does not depend on how many children there are.
        """
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.look(who, path, now), Below.of(())
        return look(
            self._tools,
            who,
            now,
            lambda sight: self._listing(sight, path, details),
            expects_query=False,
        )

    def documents_beyond(
        self, who: Principal, known: Container[bytes], now: datetime
    ) -> Sequence[Entry]:
        """The documents on a drive whose `id` is not in `known`: all of them as they lie at one
        moment, so that none is missed because it was moved meanwhile. Raises NotFound, Refused.
        """
        return look(self._tools, who, now, lambda sight: _beyond(sight, known))

    def open(
        self,
        who: Principal,
        path: DrivePath,
        conditions: Conditions,
        now: datetime,
        *,
        part: bool = False,
    ) -> Download:
        """A file, opened. The reading is recorded before this returns (DESIGN §2.7). `part`: one
        part of it is wanted, of a large one as a rule, and after others.

        Raises NotFound, Refused, NotChanged, ConditionFailed, Damaged; BadInput for a folder.
        """
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.open(who, path, conditions, now)
        opened: _Opened = []
        try:
            place, permit = look(
                self._tools,
                who,
                now,
                lambda sight: self._opened(sight, path, conditions, opened),
                expects_query=not part,
            )
            note_reading(self._tools, place, permit, now)
        except BaseException:
            for download in opened:
                download.close()
            raise
        return opened[0]

    # ── in one snapshot ─────────────────────────────────────────────────────────────────────────

    def _listing(self, sight: Sight, path: DrivePath, details: Details) -> tuple[Entry, Below]:
        place, entries = _existing(sight, path), Entries(sight, details)
        if not place.is_folder:
            return entries.one(place), Below.of(())
        entry, below = entries.with_children(place)
        return entry, below.with_beside(self._scratch.beside(sight, entry))

    def _opened(
        self, sight: Sight, path: DrivePath, conditions: Conditions, opened: "_Opened"
    ) -> tuple[Place, Permit]:
        while opened:  # in a look that is done again
            opened.pop().close()
        stored: Stored = {}
        # Whoever names a state may have that one.
        place = _existing(sight, path, Action.GET, stored if conditions is NONE else None)
        if place.is_folder:
            raise BadInput("a folder has no content of its own")
        permit = sight.require(Action.GET, place)
        entry = of_file(place)
        require_if(conditions, path, lambda other: state_of(sight, other))
        require_for_reading(conditions, entry)
        content = open_permitted(sight.tx, self._tools.blobs, permit, stored)
        opened.append(FileDownload(entry, content, permit, self._watch))
        return place, permit

    def decide_again(self, permit: Permit) -> Permit:
        """The same reading, decided anew on present facts: for transfers that are running.

        Raises NotSignedIn, NotFound, Refused.
        """
        return look(
            self._tools, permit.who, self._tools.clock(), lambda s: _decided_again(s, permit)
        )


class FileDownload:
    """A file version on its way out. Between pieces it is asked whether the right still holds."""

    def __init__(
        self, entry: Entry, content: OpenContent, permit: Permit, watch: EpochWatch
    ) -> None:
        self.entry = entry
        self._content = content
        self._permit = permit
        self._watch = watch

    def read(self, offset: int, length: int) -> Iterator[Piece]:
        pieces = self._content.read(offset, length)
        return self._checked(pieces)

    def _checked(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            self._permit = self._watch.require(self._permit)
            yield piece

    def close(self) -> None:
        self._content.close()


_Opened = list[FileDownload]


def _beyond(sight: Sight, known: Container[bytes]) -> Sequence[Entry]:
    found: list[Entry] = []
    folders = [DrivePath()]
    while folders:
        place = _existing(sight, folders.pop())
        _, below = Entries(sight, frozenset()).with_children(place)
        inside = place.path.parts
        folders += [DrivePath((*inside, name)) for name, is_folder in below.names() if is_folder]
        found += [one for one in below if not one.is_folder and one.id not in known]
    return found


def _existing(
    sight: Sight, path: DrivePath, asked: Action = Action.LIST, stored: Stored | None = None
) -> Place:
    place = sight.place(path, stored=stored)
    if not place.exists:
        raise NotFound("nothing is there")
    if place.kind is PlaceKind.NODE:
        sight.require(Action.LIST, place, in_passing=asked is not Action.LIST)
    return place


def _decided_again(sight: Sight, permit: Permit) -> Permit:
    tools, target = sight.tools, permit.target
    fresh = Sight(
        tools, sight.tx, tools.login.refreshed(sight.tx, permit.who, sight.now), sight.now
    )
    if target.vault is None or target.node is None:
        raise NotFound("nothing is there")
    place = fresh.place_of(target.vault, target.node.id)
    if place is None:
        raise NotFound("nothing is there")
    return fresh.require(permit.action, place)
