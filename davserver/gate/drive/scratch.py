"""Side files on the drive: accepted so that file managers work, seen by whoever wrote them only.

A side file lives beside documents and is reachable only while its folder is writable for that
person (DESIGN §4). It is filled by PUT and LOCK, and leaves as the content of a PUT.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from davserver.domain.actions import Action
from davserver.domain.conditions import Conditions
from davserver.domain.drive import (
    Entry,
    LockRequest,
    LockView,
    PropertyChange,
    Upload,
    Written,
)
from davserver.domain.errors import ConditionFailed, NoParent, NoSpace, NotFound, NotLocked
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import change, look
from davserver.gate.conditions import require_for_reading, require_for_writing
from davserver.gate.entries.entries import Entries
from davserver.gate.places import PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.vault.scratch import NewSideFile, ScratchArea, SideFile
from davserver.vault.staging import media_type_of

_MAY = frozenset({Action.LIST, Action.GET, Action.PUT, Action.LOCK, Action.DELETE, Action.MOVE})
_LOCK = "{urn:x-abri:scratch}lock"
_PIECE = 256 * 1024


class Scratch:
    def __init__(self, tools: Tools, area: ScratchArea) -> None:
        self._tools = tools
        self._area = area

    def look(self, who: Principal, path: DrivePath, now: datetime) -> Entry:
        return look(self._tools, who, now, lambda s: self._entry(path, self._found(s, path)))

    def beside(self, sight: Sight, folder: Entry) -> list[Entry]:
        """Entries of this person's side files in a folder that is being listed."""
        files = self._area.beside(sight.tx, sight.who.id, NodeId(folder.id), sight.now)
        if not files or not self._is_writable(sight, folder.path):
            return []
        parts = folder.path.parts
        return [self._entry(DrivePath((*parts, one.name)), one) for one in files]

    def open(
        self, who: Principal, path: DrivePath, conditions: Conditions, now: datetime
    ) -> "SideDownload":
        def work(sight: Sight) -> SideDownload:
            file = self._found(sight, path)
            entry = self._entry(path, file)
            require_for_reading(conditions, entry)
            return SideDownload(entry, self._area.content(sight.tx, who.id, file))

        return look(self._tools, who, now, work)

    def put(
        self, who: Principal, path: DrivePath, upload: Upload, conditions: Conditions
    ) -> Written:
        """Raises NoParent, NoSpace (a side file is at most `scratch_bytes` long), Truncated."""
        plain = self._taken(upload)

        def work(sight: Sight) -> Written:
            before = self._maybe(sight, path)
            require_for_writing(conditions, self._entry(path, before) if before else None)
            kept = dict(before.properties) if before else {}
            file = self._put(sight, path, plain, upload.media_type, kept)
            return Written(self._entry(path, file), created=before is None)

        return change(self._tools, who, work)

    def remove(self, who: Principal, path: DrivePath) -> None:
        def work(sight: Sight) -> None:
            file = self._found(sight, path)
            self._area.remove(sight.tx, who.id, file.folder, file.name)

        change(self._tools, who, work)

    def set_properties(
        self, who: Principal, path: DrivePath, changes: Sequence[PropertyChange]
    ) -> Entry:
        """Raises NotFound, and as `put` does."""

        def work(sight: Sight) -> Entry:
            file = self._found(sight, path)
            plain = self._area.content(sight.tx, who.id, file)
            properties = dict(file.properties)
            for one in changes:
                properties.pop(one.name, None)
                if one.xml is not None:
                    properties[one.name] = one.xml
            return self._entry(path, self._put(sight, path, plain, file.media_type, properties))

        return change(self._tools, who, work)

    def taken_out(self, sight: Sight, path: DrivePath) -> bytes:
        """The content of a side file that becomes a document; the side file goes."""
        file = self._found(sight, path)
        plain = self._area.content(sight.tx, sight.who.id, file)
        self._area.remove(sight.tx, sight.who.id, file.folder, file.name)
        return plain

    # ── locks of side files: nobody else can meet them, so that they only have to be remembered ──

    def lock(self, who: Principal, path: DrivePath, request: LockRequest) -> tuple[LockView, bool]:
        def work(sight: Sight) -> tuple[LockView, bool]:
            before = self._maybe(sight, path)
            plain = self._area.content(sight.tx, who.id, before) if before else b""
            token = f"urn:uuid:{UUID(bytes=self._tools.entropy(16), version=4)}"
            until = sight.now + timedelta(seconds=request.seconds)
            properties = {_LOCK: f"{token} {int(until.timestamp())}"}
            self._put(sight, path, plain, before.media_type if before else None, properties)
            view = LockView(path, token, True, request.deep, request.owner, request.seconds)
            return view, before is None

        return change(self._tools, who, work)

    def refresh(self, who: Principal, path: DrivePath, seconds: int) -> LockView:
        """Raises NotFound, ConditionFailed where it is not locked."""

        def work(sight: Sight) -> LockView:
            file = self._found(sight, path)
            token = file.properties.get(_LOCK, "").partition(" ")[0]
            if not token:
                raise ConditionFailed("it is not locked")
            return LockView(path, token, True, False, "", seconds)

        return change(self._tools, who, work)

    def unlock(self, who: Principal, path: DrivePath, token: str) -> None:
        """Raises NotFound, NotLocked for another token."""

        def work(sight: Sight) -> None:
            file = self._found(sight, path)
            if file.properties.get(_LOCK, "").partition(" ")[0] != token:
                raise NotLocked("no such lock here")
            plain = self._area.content(sight.tx, who.id, file)
            self._put(sight, path, plain, file.media_type, {})

        change(self._tools, who, work)

    # ── in one transaction ──────────────────────────────────────────────────────────────────────

    def _put(
        self,
        sight: Sight,
        path: DrivePath,
        plain: bytes,
        media_type: str | None,
        properties: dict[str, str],
    ) -> SideFile:
        new = NewSideFile(
            folder=self._folder(sight, path),
            name=path.name,
            plain=plain,
            media_type=media_type_of(path.name, media_type),
            properties=properties,
            expires=sight.now + self._tools.limits.scratch_kept,
        )
        return self._area.put(sight.tx, sight.who.id, new, sight.now)

    def _found(self, sight: Sight, path: DrivePath) -> SideFile:
        try:
            file = self._maybe(sight, path)
        except NoParent:
            file = None
        if file is None:
            raise NotFound("nothing is there")
        return file

    def _maybe(self, sight: Sight, path: DrivePath) -> SideFile | None:
        folder = self._folder(sight, path)
        return self._area.find(sight.tx, sight.who.id, folder, path.name, sight.now)

    def _folder(self, sight: Sight, path: DrivePath) -> NodeId:
        """Raises NoParent where this person may not write beside it, alike for absent folders."""
        place = sight.place(path.parent)
        if not place.exists or not place.is_folder or not self._is_writable(sight, path.parent):
            raise NoParent("the folder is not there")
        return NodeId(Entries(sight).one(place).id)

    def _is_writable(self, held: Sight, folder: DrivePath) -> bool:
        """Whether their changes are paused counts for documents alone: what they see, their side
        files among it, is to stay as it is (DESIGN §2.2).
        """
        who = replace(held.who, paused=frozenset())
        sight = held if who == held.who else Sight(held.tools, held.tx, who, held.now)
        place = sight.place(folder)
        if place.kind in {PlaceKind.DRIVE, PlaceKind.SHARED}:
            return True
        return place.kind is PlaceKind.NODE and Action.PUT in Entries(sight).may(place)

    def _taken(self, upload: Upload) -> bytes:
        most = self._tools.limits.scratch_bytes
        pieces: list[bytes] = []
        size = 0
        while piece := upload.read(_PIECE):
            size += len(piece)
            if size > most:
                raise NoSpace("a side file cannot be that long")
            pieces.append(piece)
        return b"".join(pieces)

    def _entry(self, path: DrivePath, file: SideFile) -> Entry:
        return Entry(
            path=path,
            id=file.id,
            kind=Kind.FILE,
            etag=file.etag.hex(),
            size=file.size,
            media_type=file.media_type,
            created=file.modified,
            modified=file.modified,
            may=_MAY,
            sha256=file.sha256,
            properties={name: xml for name, xml in file.properties.items() if name != _LOCK},
        )


class SideDownload:
    def __init__(self, entry: Entry, plain: bytes) -> None:
        self.entry = entry
        self._plain = plain

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        yield self._plain[offset : offset + length]

    def close(self) -> None:
        """Nothing is open."""
