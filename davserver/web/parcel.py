"""Everything that is somebody's, as one ZIP that is written while it is sent: nothing of it is kept
on the server, and its size in memory is that of a few pieces.

Documents lie in their folders, unpacked as they are; `manifest.json` has the SHA-256 of each, for
whoever checks later; shares and trail are there for programs (JSON) and for people (a page).
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import RawIOBase
from typing import Any

from davserver.domain.conditions import NONE
from davserver.domain.drive import Entry, TrailEntry
from davserver.domain.errors import Damaged, NotFound
from davserver.domain.paths import DrivePath
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.web.happened import happened
from davserver.web.visit import Visit

DOCUMENTS = "documents"
_AT_ONCE = 200
_NOT_ON_WINDOWS = str.maketrans(dict.fromkeys('\\:*?"<>|', "_"))
_EARLIEST = 1980
"""Before this year a ZIP knows no dates."""


class _Sent(RawIOBase):
    """Takes what is written until somebody fetches it: a ZIP that cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def fetched(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


@dataclass(slots=True)
class Parcel:
    """One for one download."""

    visit: Visit
    _sent: _Sent = field(default_factory=_Sent)
    _manifest: list[dict[str, Any]] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the ZIP. Breaks off where the right to read ends meanwhile."""
        with zipfile.ZipFile(self._sent, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for entry in self._documents(DrivePath()):
                yield from self._document(archive, entry)
            yield from self._text(archive, "manifest.json", self._manifest_text())
            yield from self._text(archive, "shares.json", self._shares())
            yield from self._text(archive, "trail.json", self._trail())
            yield from self._text(archive, "index.html", self._page())
        yield self._sent.fetched()

    # ── documents ───────────────────────────────────────────────────────────────────────────────

    def _documents(self, folder: DrivePath) -> Iterator[Entry]:
        """Those in a folder, then those of the folders in it. One that vanishes is left out."""
        with suppress(NotFound):
            _, below = self.visit.services.reading.list(
                self.visit.who, folder, self.visit.services.clock()
            )
            ordinary = [one for one in below if kind_of_name(one.path.name) is NameKind.DOCUMENT]
            yield from (one for one in ordinary if not one.is_folder)
            for one in ordinary:
                if one.is_folder:
                    yield from self._documents(one.path)

    def _document(self, archive: zipfile.ZipFile, entry: Entry) -> Iterator[bytes]:
        """Of a damaged one as much as is whole, and the manifest says so: the others are there."""
        told: dict[str, Any] = {
            "path": str(entry.path),
            "file": _name(entry.path),
            "category": entry.category.value if entry.category else None,
            "modified": entry.modified.isoformat(),
        }
        digest, size = hashlib.sha256(), 0
        services = self.visit.services
        try:
            opened = services.reading.open(self.visit.who, entry.path, NONE, services.clock())
        except NotFound:
            return
        except Damaged:
            self._manifest.append(told | {"problem": "damaged"})
            return
        try:
            with archive.open(_info(entry), "w", force_zip64=True) as member:
                for piece in opened.read(0, opened.entry.size or 0):
                    digest.update(piece)
                    size += len(piece)
                    member.write(piece)
                    yield self._sent.fetched()
        except Damaged:
            told["problem"] = "damaged"
        finally:
            opened.close()
        self._manifest.append(told | {"bytes": size, "sha256": digest.hexdigest()})

    # ── what goes with them ─────────────────────────────────────────────────────────────────────

    def _text(self, archive: zipfile.ZipFile, name: str, pieces: Iterable[str]) -> Iterator[bytes]:
        info = zipfile.ZipInfo(name, _zip_time(self.visit.now.astimezone(self.visit.texts.zone)))
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece.encode())
                yield self._sent.fetched()

    def _manifest_text(self) -> Iterator[str]:
        yield from _json_list(self._manifest)

    def _shares(self) -> Iterator[str]:
        found = self.visit.services.sharing.list(self.visit.who, self.visit.now)
        yield from _json_list(
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
        yield from _json_list(
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
                self.visit.who,
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
        shares = self.visit.services.sharing.list(self.visit.who, self.visit.now)
        yield from template.generate(
            visit=self.visit,
            documents=self._manifest,
            shares=shares,
            entries=self._entries(),
            happened=happened,
        )


def _name(path: DrivePath) -> str:
    r"""Windows takes `\` and `:` for more than parts of a name: a document that somebody put in
    under such a name must not be unpacked elsewhere (CWE-22).
    """
    return "/".join((DOCUMENTS, *(part.translate(_NOT_ON_WINDOWS) for part in path.parts)))


def _info(entry: Entry) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(_name(entry.path), _zip_time(entry.modified))
    # As a telephone, Windows and macOS unpack it: a file that its owner may read and write.
    info.external_attr = 0o600 << 16
    return info


def _zip_time(moment: datetime) -> tuple[int, int, int, int, int, int]:
    if moment.year < _EARLIEST:
        return (_EARLIEST, 1, 1, 0, 0, 0)
    return moment.timetuple()[:6]


def _json_list(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One row a line, so that nobody needs all of it in memory."""
    before = "["
    for row in rows:
        yield f"{before}\n{json.dumps(row, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
