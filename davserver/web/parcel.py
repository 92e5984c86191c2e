"""Everything that is somebody's, as one ZIP that is written while it is sent: nothing of it is kept
on the server, and its size in memory is that of a few pieces.

Documents lie in their folders, unpacked as they are; `manifest.json` has the SHA-256 of each, for
whoever checks later; shares and trail are there for programs (JSON) and for people (a page).

It ends well only with everything in it: at the end it is asked, of one moment, whether a document
lies on the drive that was there at the beginning and is not in it, because it was moved. Whatever
else ends the right to read breaks it off. What was removed meanwhile, or is damaged, is told.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from davserver.domain.conditions import NONE
from davserver.domain.drive import Download, Entry, Piece, TrailEntry
from davserver.domain.errors import Damaged, NotFound, Unavailable
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.http.streams import gathered
from davserver.web.attended import Attended
from davserver.web.happened import happened
from davserver.web.packed import Packed
from davserver.web.unpacking import Unpacking
from davserver.web.visit import Visit
from davserver.web.zipping import Member, Zipping

DOCUMENTS = "documents"
_AT_ONCE = 200
_LOOKS = 5
_MOST_TEXT = (1 << 32) - (1 << 28)
_WELL = 6
"""How hard texts are deflated; documents are not."""


@dataclass(slots=True)
class _Sum:
    """What of a document is in the ZIP so far."""

    size: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)
    is_damaged: bool = False


@dataclass(slots=True)
class Parcel:
    """One for one download."""

    visit: Visit
    _attended: Attended = field(init=False)
    _zip: Zipping = field(init=False)
    _unpacking: Unpacking = field(default_factory=Unpacking)
    _manifest: Packed = field(default_factory=Packed)
    _done: set[bytes] = field(default_factory=set)
    _gone: dict[bytes, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._attended = Attended(self.visit)
        self._zip = Zipping(self.visit.texts.zone)

    def pieces(self) -> Iterator[Piece]:
        """The bytes of the ZIP. Breaks off where the right to read ends meanwhile."""
        return gathered(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        yield from self._folder(DrivePath(), DOCUMENTS)
        yield from self._late()
        for told in self._gone.values():
            self._tell(told | {"problem": "removed"})
        yield from self._text("manifest.json", _list_of(self._rows()))
        yield from self._text("shares.json", self._shares())
        yield from self._text("trail.json", self._trail())
        yield from self._text("index.html", self._page())
        yield from self._zip.end()
        self._attended.noted()

    # ── documents ───────────────────────────────────────────────────────────────────────────────

    def _folder(self, folder: DrivePath, way: str) -> Iterator[bytes]:
        """The documents in it, then what is in the folders in it."""
        services = self.visit.services
        try:
            here, below = services.reading.list(self._attended.who(), folder, services.clock())
        except NotFound:
            if folder.is_root:
                raise
            return  # moved or removed: what was moved comes at the end
        yield self._zip.folder(f"{way}/", here.modified)
        named = self._unpacking.ways(way, [one for one in below if _is_theirs(one)])
        folders = [(one.path, there) for one, there in named if one.is_folder]
        documents = [(one, there) for one, there in reversed(named) if not one.is_folder]
        del here, below, named  # a folder may be large, and the way down long
        while documents:
            entry, there = documents.pop()
            yield from self._document(entry, there)
        for path, there in folders:
            yield from self._folder(path, there)

    def _late(self) -> Iterator[bytes]:
        """Those that were moved out of the way. Raises Unavailable where that does not end."""
        services = self.visit.services
        for _ in range(_LOOKS):
            who = self._attended.who()
            found = services.reading.documents_beyond(who, self._done, services.clock())
            late = [one for one in found if _is_theirs(one) and one.created <= self.visit.now]
            if not late:
                return
            for one in late:
                yield from self._document(one, self._unpacking.way(DOCUMENTS, one.path))
        raise Unavailable("documents are moved all the time")

    def _document(self, entry: Entry, way: str) -> Iterator[bytes]:
        """Of a damaged one as much as is whole, and the manifest says so: the others are there."""
        told: dict[str, Any] = {
            "path": str(entry.path),
            "category": entry.category.value if entry.category else None,
            "modified": entry.modified.isoformat(),
        }
        services = self.visit.services
        if entry.id in self._done:
            return
        try:
            who = self._attended.who()
            opened = services.reading.open(who, entry.path, NONE, services.clock())
        except NotFound:
            self._gone[entry.id] = told
            return
        except Damaged:
            self._is_done(entry, told | {"problem": "damaged"})
            return
        try:
            if opened.entry.id != entry.id:  # another has come to lie in its place
                self._gone[entry.id] = told
            if opened.entry.id not in self._done:
                yield from self._content(opened, way, told)
        finally:
            opened.close()

    def _content(self, opened: Download, way: str, told: dict[str, Any]) -> Iterator[bytes]:
        entry, size = opened.entry, opened.entry.size or 0
        summed = _Sum()
        yield from self._zip.file(
            Member(way, entry.modified, size), self._summed(opened.read(0, size), summed)
        )
        told |= {"file": way, "modified": entry.modified.isoformat()}
        told |= {"bytes": summed.size, "sha256": summed.sha256.hexdigest()}
        self._is_done(entry, told | ({"problem": "damaged"} if summed.is_damaged else {}))

    def _summed(self, pieces: Iterator[Piece], summed: _Sum) -> Iterator[Piece]:
        try:
            for piece in self._attended.over(pieces):
                summed.sha256.update(piece)
                summed.size += len(piece)
                yield piece
        except Damaged:
            summed.is_damaged = True

    def _is_done(self, entry: Entry, told: dict[str, Any]) -> None:
        self._done.add(entry.id)
        self._gone.pop(entry.id, None)
        self._tell(told)

    def _tell(self, told: dict[str, Any]) -> None:
        self._manifest.add(json.dumps(told, ensure_ascii=False).encode() + b"\n")

    def _rows(self) -> Iterator[dict[str, Any]]:
        for block in self._manifest:
            yield from (json.loads(row) for row in block.splitlines())

    # ── what goes with them ─────────────────────────────────────────────────────────────────────

    def _text(self, name: str, pieces: Iterable[str]) -> Iterator[bytes]:
        member = Member(name, self.visit.now, _MOST_TEXT, _WELL)
        yield from self._zip.file(member, (piece.encode() for piece in pieces))

    def _shares(self) -> Iterator[str]:
        found = self.visit.services.sharing.list(self._attended.who(), self.visit.now)
        yield from _list_of(
            {
                "to": one.to_name,
                "path": one.path,
                "rights": one.right.value,
                "starts": one.starts.isoformat(),
                "until": one.until.isoformat() if one.until else None,
                "ended": one.ended.isoformat() if one.ended else None,
                "purpose": one.purpose,
            }
            for one in found
        )

    def _trail(self) -> Iterator[str]:
        yield from _list_of(
            {
                "number": one.seq,
                "at": one.at.isoformat(),
                "what": one.what,
                "who": one.who_login,
                "path": one.path,
                "times": one.count,
                "reason": one.reason,
                "details": one.details,
            }
            for one in self._entries()
        )

    def _entries(self) -> Iterator[TrailEntry]:
        """Latest first."""
        before: int | None = None
        while True:
            some = self.visit.services.history.show(
                self._attended.who(),
                self.visit.who.person.login,
                self.visit.now,
                limit=_AT_ONCE,
                before=before,
                by_name=True,
            )
            yield from reversed(some)
            numbers = [entry.seq for entry in some if entry.seq]
            if len(some) < _AT_ONCE or not numbers:
                return
            before = min(numbers)

    def _page(self) -> Iterator[str]:
        template = self.visit.templates.get_template("parcel.html")
        shares = self.visit.services.sharing.list(self._attended.who(), self.visit.now)
        yield from template.generate(
            visit=self.visit,
            documents=self._rows(),
            shares=shares,
            entries=self._entries(),
            happened=happened,
        )


def _is_theirs(entry: Entry) -> bool:
    """Not what programs leave beside documents."""
    return kind_of_name(entry.path.name) is not NameKind.SCRATCH


def _list_of(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One row a line, so that nobody needs all of it in memory."""
    before = "["
    for row in rows:
        yield f"{before}\n{json.dumps(row, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
