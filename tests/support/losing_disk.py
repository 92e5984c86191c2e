"""A disk that loses what nobody has waited for when the power goes: SQLite's own calls to write
and to wait go through it, and those of `db/log.py`.

SQLite asks the system for everything through a table of functions, its VFS (sqlite.org/vfs.html).
Here that table is the usual one, but for three functions that also note what they were told.
"""

import ctypes
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

_DATABASE, _LOG = 0x100, 0x80000
"""SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL."""
_FSYNC_FAILED = 10 | 4 << 8
"""SQLITE_IOERR_FSYNC."""
_POINTERS = 19
"""In its table of functions for one file (`sqlite3_io_methods`), the version among them."""
_WRITE, _TRUNCATE, _SYNC = 3, 4, 5

_Write = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_int),
)
"""The path's address and not its letters: SQLite keeps more behind them, and the file keeps it."""
_Methods = ctypes.c_void_p * _POINTERS


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`; what comes after its first functions is only copied."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 16),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """`content` at `start`; None: cut there."""

    start: int
    content: bytes | None

    def on(self, file: bytearray) -> None:
        if self.content is None:
            del file[self.start :]
            return
        file.extend(bytes(max(0, self.start + len(self.content) - len(file))))
        file[self.start : self.start + len(self.content)] = self.content


@dataclass
class _File:
    on_disk: bytearray
    waiting: list[_Written] = field(default_factory=list)
    arrived: int = 0
    """Of all that was written before `waiting`."""

    @property
    def written(self) -> int:
        return self.arrived + len(self.waiting)

    def reaches_disk(self, written: int) -> None:
        """Several may wait at once."""
        number = max(0, written - self.arrived)
        for one in self.waiting[:number]:
            one.on(self.on_disk)
        del self.waiting[:number]
        self.arrived += number

    def is_forgotten(self, written: int) -> None:
        """The system says once that it could not write, and does not try again."""
        number = max(0, written - self.arrived)
        del self.waiting[:number]
        self.arrived += number

    def after_a_power_cut(self, chance: Random | None) -> bytes:
        """Of what nobody has waited for nothing, or any part, is there."""
        found = bytearray(self.on_disk)
        for one in self.waiting:
            if chance is not None and chance.random() < 0.5:
                one.on(found)
        return bytes(found)


class LosingDisk:
    """Of one database, while `watched` lasts."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.log = database.with_name(database.name + "-wal")
        self.syncs: dict[Path, int] = {database: 0, self.log: 0}
        self.before_sync: Callable[[Path], None] = lambda _: None
        """In the thread that waits, with the file. An OSError is what the disk says then, and what
        waited is forgotten.
        """
        self._files: dict[Path, _File] = {}
        self._busy = threading.RLock()
        self._kept: list[object] = []

    def sync(self, descriptor: int) -> None:
        """As `Database` is told to wait for its log."""
        assert os.fstat(descriptor).st_ino == self.log.stat().st_ino
        self._sync(self.log, lambda: os.fdatasync(descriptor))

    def leaves(self, folder: Path, chance: Random | None = None) -> Path:
        """The database as somebody finds it who starts the machine again, in that new folder."""
        with self._busy:
            left = {path: file.after_a_power_cut(chance) for path, file in self._files.items()}
        folder.mkdir(parents=True)
        found = folder / self.database.name
        for path, content in left.items():
            (folder / path.name).write_bytes(content)
        return found

    # ── what SQLite does ────────────────────────────────────────────────────────────────────────

    def opened(self, path: Path, file: int) -> None:
        with self._busy:
            if path not in self._files:
                self._files[path] = _File(bytearray(path.read_bytes()))
        at = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        usual = _Methods.from_address(at[0] or 0)
        ours = _Methods(*usual)
        functions = (
            (_WRITE, self._writes(path, _Write(usual[_WRITE]))),
            (_TRUNCATE, self._truncates(path, _Truncate(usual[_TRUNCATE]))),
            (_SYNC, self._syncs(path, _Sync(usual[_SYNC]))),
        )
        for number, function in functions:
            ours[number] = ctypes.cast(function, ctypes.c_void_p)
        self._kept += (ours, functions)
        at[0] = ctypes.addressof(ours)

    def _writes(self, path: Path, usual: Callable[..., int]) -> object:
        def write(file: int, content: int, number: int, start: int) -> int:
            result = usual(file, content, number, start)
            self._note(path, _Written(start, ctypes.string_at(content, number)))
            return result

        return _Write(write)

    def _truncates(self, path: Path, usual: Callable[..., int]) -> object:
        def truncate(file: int, length: int) -> int:
            result = usual(file, length)
            self._note(path, _Written(length, None))
            return result

        return _Truncate(truncate)

    def _syncs(self, path: Path, usual: Callable[..., int]) -> object:
        def sync(file: int, flags: int) -> int:
            try:
                self._sync(path, lambda: usual(file, flags))
            except OSError:
                return _FSYNC_FAILED
            return 0

        return _Sync(sync)

    def _note(self, path: Path, written: _Written) -> None:
        with self._busy:
            self._files[path].waiting.append(written)

    def _sync(self, path: Path, usual: Callable[[], object]) -> None:
        """What is written while somebody waits need not be on the disk afterwards."""
        with self._busy:
            written = self._files[path].written
            self.syncs[path] += 1
        try:
            self.before_sync(path)
        except OSError:
            with self._busy:
                self._files[path].is_forgotten(written)
            raise
        assert not usual()
        with self._busy:
            self._files[path].reaches_disk(written)


def _sqlite() -> ctypes.CDLL:
    """The library that Python has loaded."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "/libsqlite3." in line:
            return ctypes.CDLL(line.split(maxsplit=5)[5])
    raise LookupError("this Python carries an SQLite of its own, which nobody else can call")


@contextmanager
def watched(database: Path) -> Iterator[LosingDisk]:
    """The disk below `database`, which is closed when this begins and when it ends."""
    library = _sqlite()
    library.sqlite3_vfs_find.restype = ctypes.c_void_p
    address = library.sqlite3_vfs_find(None)
    usual = _Vfs.from_address(address)
    usual_open = _Open(usual.open)
    disk = LosingDisk(database)
    paths = {os.fsencode(path): path for path in (disk.database, disk.log)}

    def opens(_: int, name: int, file: int, flags: int, got: object) -> int:
        result = usual_open(address, name, file, flags, got)
        path = paths.get(ctypes.string_at(name)) if name else None
        if result == 0 and flags & (_DATABASE | _LOG) and path is not None:
            disk.opened(path, file)
        return result

    function = _Open(opens)
    ours = _Vfs.from_buffer_copy(usual)
    ours.name = b"losing"
    ours.open = ctypes.cast(function, ctypes.c_void_p)
    library.sqlite3_vfs_register(ctypes.byref(ours), 1)
    try:
        yield disk
    finally:
        library.sqlite3_vfs_unregister(ctypes.byref(ours))
        library.sqlite3_vfs_register(ctypes.c_void_p(address), 1)


def keys_in(database: Path) -> set[int]:
    """The numbers of its rows of `throttle`, of a database that is whole."""
    with closing(sqlite3.connect(f"file:{database}?vfs=unix", uri=True)) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {int.from_bytes(key) for (key,) in found.execute("SELECT key FROM throttle")}
