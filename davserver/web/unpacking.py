"""Under which names documents are unpacked: on a telephone, on Windows, on macOS.

A name of the drive may be anything without `/`. In a ZIP it must lead nowhere else (CWE-22),
mean no device of Windows, and be no other document's name where `A` and `a` are one.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from davserver.domain.drive import Entry
from davserver.domain.paths import MAX_SEGMENT_BYTES, DrivePath

_NOT_ON_WINDOWS = str.maketrans(dict.fromkeys('\\:*?"<>|', "_"))
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])(?=\s*(\.|$))", re.IGNORECASE
)
_HIDDEN = re.compile(r"[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that make a name look like another (`exe.jpg` for `gpj.exe`), or steer a terminal."""
_END = re.compile(r"[. ]+$")
"""Windows takes it away."""
_ROOM_FOR_NUMBER = 8


@dataclass(slots=True)
class Unpacking:
    """The ways in one archive. It remembers them all, by twelve bytes each."""

    _files: set[bytes] = field(default_factory=set)
    _folders: set[bytes] = field(default_factory=set)

    def ways(self, folder: str, below: Sequence[Entry]) -> list[tuple[Entry, str]]:
        """One for each thing of a folder, whose own is `folder`."""
        here = _Here(folder)
        ordered = sorted(below, key=_as_it_is_first)
        return [(one, self._free(here, one.path.name, is_folder=one.is_folder)) for one in ordered]

    def way(self, top: str, path: DrivePath) -> str:
        """For one document that comes after the others of its folder."""
        folder = top
        for part in path.parent.parts:
            folder = self._free(_Here(folder), part, is_folder=True)
        return self._free(_Here(folder), path.name, is_folder=False)

    def _free(self, here: "_Here", name: str, *, is_folder: bool) -> str:
        """A folder may be met again: that is the same one."""
        safe = _safe(name)
        stem, dot, ending = ("", "", "") if is_folder else safe.rpartition(".")
        stem, ending = (stem, dot + ending) if stem else (safe, "")
        first = _key(f"{here.folder}/{safe}")
        key, number = first, here.numbers.get(first, 1)
        while number > 1 or self._is_taken(here, key, is_folder=is_folder):
            number += 1
            safe = f"{_cut(stem, ending)} ({number}){ending}"
            key = _key(f"{here.folder}/{safe}")
            if not self._is_taken(here, key, is_folder=is_folder):
                break
        here.numbers[first] = number
        here.taken.add(key)
        (self._folders if is_folder else self._files).add(key)
        return f"{here.folder}/{safe}"

    def _is_taken(self, here: "_Here", key: bytes, *, is_folder: bool) -> bool:
        return key in here.taken or key in self._files or (key in self._folders and not is_folder)


@dataclass(slots=True)
class _Here:
    """One folder, while its things get their names. `numbers`: the last that was given to a name
    that several would have.
    """

    folder: str
    taken: set[bytes] = field(default_factory=set)
    numbers: dict[bytes, int] = field(default_factory=dict)


def _as_it_is_first(entry: Entry) -> tuple[bool, str]:
    """Whatever can keep its name keeps it."""
    name = entry.path.name
    return _safe(name) != name, name


def _safe(name: str) -> str:
    told = _HIDDEN.sub("_", name.translate(_NOT_ON_WINDOWS))
    told = _END.sub(lambda end: "_" * len(end[0]), told)
    if (device := _DEVICE.match(told)) is None:
        return told
    return f"{device[0]}_{told[device.end() :]}"


def _cut(stem: str, ending: str) -> str:
    """So that the name with its number is no longer than a name may be."""
    room = max(1, MAX_SEGMENT_BYTES - len(ending.encode()) - _ROOM_FOR_NUMBER)
    return stem.encode()[:room].decode(errors="ignore")


def _key(way: str) -> bytes:
    """Alike where the file systems of Windows and macOS take names for alike."""
    alike = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", way).casefold())
    return hashlib.blake2b(alike.encode(), digest_size=12).digest()
