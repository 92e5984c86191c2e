"""A ZIP that is written while it is sent (PKWARE APPNOTE 6.3.10): it is never gone back in, and
grows in memory by some bytes a member.

Sizes and sums come after each member, since nobody knows them before. Members are deflated, those
that would gain nothing as they are within that: programs that read from the front to the back
cannot find the end of a member that is merely stored. ZIP64 is used where a member or the whole
needs it and nowhere else: the archiver of macOS before 10.15 reads none.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from davserver.web.packed import Packed

AnyBytes = bytes | bytearray | memoryview

_FOUR_GIB = 0xFFFFFFFF
_MOST_MEMBERS = 0xFFFF
_PLAIN, _WITH_64 = 20, 45
"""The version that whoever opens it needs (4.4.3)."""
_BY_UNIX = 3 << 8
_SUMS_AFTER = 0x0008
_UTF8 = 0x0800
_STORED, _DEFLATED = 0, 8
_FILE_MODE = 0o100600 << 16
_FOLDER_MODE = (0o040700 << 16) | 0x10
"""As a telephone, Windows and macOS unpack it: what its owner may read and write."""

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_SUMS = struct.Struct("<4sLLL")
_SUMS_64 = struct.Struct("<4sLQQ")
_END_64 = struct.Struct("<4sQHHLLQQQQ")
_WHERE_64 = struct.Struct("<4sLQL")
_END = struct.Struct("<4sHHHHLLH")
_TIME = struct.Struct("<HHBl")
_SIZES_64 = struct.Struct("<HHQQ")

_FIRST_YEAR, _LAST_YEAR = 1980, 2107
_LAST_SECOND = (1 << 31) - 1
_SURPLUS = 1 << 12
"""More than this for each MiB, deflating adds to nothing."""


class TooLong(Exception):
    """A member became larger than it was said to be."""


@dataclass(frozen=True, slots=True)
class Member:
    """`size`: how large it will be at most."""

    name: str
    at: datetime
    size: int
    level: int = 0
    """Of deflating, 0 to 9."""

    @property
    def is_large(self) -> bool:
        return self.size + (self.size >> 20) * _SURPLUS + _SURPLUS > _FOUR_GIB


@dataclass(frozen=True, slots=True)
class _Written:
    needs: int
    flags: int
    method: int
    crc: int = 0
    packed: int = 0
    size: int = 0
    mode: int = _FILE_MODE


@dataclass(slots=True)
class Zipping:
    """One for one archive. `zone`: where the clock is that its times are told by."""

    zone: tzinfo
    _at: int = 0
    _members: int = 0
    _directory: Packed = field(default_factory=Packed)

    def folder(self, name: str, at: datetime) -> bytes:
        """`name` ends with `/`."""
        start = self._at
        what = _Written(_PLAIN, _UTF8, _STORED, mode=_FOLDER_MODE)
        head = _local(what, name.encode(), _moment(at, self.zone), _time(at))
        self._at += len(head)
        self._enter(name, at, what, start)
        return head

    def file(self, member: Member, pieces: Iterable[AnyBytes]) -> Iterator[bytes]:
        """The member's bytes. Raises TooLong."""
        start, large = self._at, member.is_large
        what = _Written(_WITH_64 if large else _PLAIN, _SUMS_AFTER | _UTF8, _DEFLATED)
        extra = _time(member.at) + (_SIZES_64.pack(1, 16, 0, 0) if large else b"")
        head = _local(what, member.name.encode(), _moment(member.at, self.zone), extra)
        yield head
        crc, size, packed = 0, 0, 0
        deflating = zlib.compressobj(member.level, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces:
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > member.size:
                raise TooLong
            if some := deflating.compress(piece):
                packed += len(some)
                yield some
        some, sums = deflating.flush(), _SUMS_64 if large else _SUMS
        packed += len(some)
        yield some + sums.pack(b"PK\x07\x08", crc, packed, size)
        self._at += len(head) + packed + sums.size
        self._enter(member.name, member.at, replace(what, crc=crc, packed=packed, size=size), start)

    def end(self) -> Iterator[bytes]:
        """What comes after the last member."""
        start, size = self._at, 0
        for some in self._directory:
            size += len(some)
            yield some
        if start + size > _FOUR_GIB or self._members >= _MOST_MEMBERS:
            yield _END_64.pack(
                b"PK\x06\x06", _END_64.size - 12, _BY_UNIX | _WITH_64, _WITH_64, 0, 0,
                self._members, self._members, size, start,
            ) + _WHERE_64.pack(b"PK\x06\x07", 0, start + size, 1)  # fmt: skip
        members = min(self._members, _MOST_MEMBERS)
        yield _END.pack(
            b"PK\x05\x06", 0, 0, members, members,
            min(size, _FOUR_GIB), min(start, _FOUR_GIB), 0,
        )  # fmt: skip

    def _enter(self, name: str, at: datetime, what: _Written, start: int) -> None:
        """What is too large for its place stands in the ZIP64 field, in this order (4.5.3)."""
        large = [n for n in (what.size, what.packed, start) if n >= _FOUR_GIB]
        extra = _time(at)
        if large:
            extra += struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large)
        clock, encoded = _moment(at, self.zone), name.encode()
        self._members += 1
        head = _CENTRAL.pack(
            b"PK\x01\x02", _BY_UNIX | _WITH_64, _WITH_64 if large else what.needs,
            what.flags, what.method, clock & 0xFFFF, clock >> 16, what.crc,
            min(what.packed, _FOUR_GIB), min(what.size, _FOUR_GIB),
            len(encoded), len(extra), 0, 0, 0, what.mode, min(start, _FOUR_GIB),
        )  # fmt: skip
        self._directory.add(head + encoded + extra)


def _local(what: _Written, name: bytes, clock: int, extra: bytes) -> bytes:
    """Before a member. Where it is large, its ZIP64 field says how wide the sums after it are."""
    sizes = _FOUR_GIB if what.needs == _WITH_64 else 0
    head = _LOCAL.pack(
        b"PK\x03\x04", what.needs, what.flags, what.method, clock & 0xFFFF, clock >> 16,
        0, sizes, sizes, len(name), len(extra),
    )  # fmt: skip
    return head + name + extra


def _moment(at: datetime, zone: tzinfo) -> int:
    """Date and time as MS-DOS had them, by the clock on the wall (4.4.6)."""
    there = at.astimezone(zone) if _FIRST_YEAR <= at.year <= _LAST_YEAR else at
    if there.year < _FIRST_YEAR:
        return (1 << 5 | 1) << 16
    if there.year > _LAST_YEAR:
        return ((_LAST_YEAR - _FIRST_YEAR) << 9 | 12 << 5 | 31) << 16
    day = (there.year - _FIRST_YEAR) << 9 | there.month << 5 | there.day
    return day << 16 | there.hour << 11 | there.minute << 5 | there.second // 2


def _time(at: datetime) -> bytes:
    """The same to the second and whatever the zone, for those who know it (Info-ZIP's `UT`)."""
    seconds = int(at.timestamp())
    if abs(seconds) > _LAST_SECOND:
        return b""
    return _TIME.pack(0x5455, 5, 1, seconds)
