"""The ZIP of everything: what ordinary tools make of it at its edges, and the names in it."""

import io
import struct
import subprocess
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from davserver.domain.drive import Entry
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.web.packed import Packed
from davserver.web.unpacking import Unpacking
from davserver.web.zipping import Member, TooLong, Zipping

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 7, 1, 12, 0, 1, tzinfo=UTC)
MIB = 1 << 20


def made(*members: tuple[Member, Iterable[bytes]]) -> bytes:
    zipping = Zipping(PARIS)
    written = [zipping.folder("documents/", NOON)]
    for member, pieces in members:
        written += zipping.file(member, pieces)
    return b"".join([*written, *zipping.end()])


def small(name: str, content: bytes, at: datetime = NOON) -> tuple[Member, Iterable[bytes]]:
    return Member(name, at, len(content)), [content]


def test_names_are_utf8_dates_are_those_of_the_clock_on_the_wall_and_contents_are_whole() -> None:
    whole = made(small("documents/été 日本.txt", b"x" * 70_000), small("documents/empty", b""))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        folder, named, empty = archive.infolist()
        assert folder.is_dir()
        assert named.filename == "documents/été 日本.txt"
        assert all(one.flag_bits & 0x800 for one in archive.infolist())
        assert named.date_time == (2026, 7, 1, 14, 0, 0)
        assert int(NOON.timestamp()).to_bytes(4, "little") in named.extra
        assert (named.file_size, empty.file_size) == (70_000, 0)
        assert b"PK\x06\x06" not in whole, "ZIP64 where nothing needs it"
        assert max(one.extract_version for one in archive.infolist()) == 20


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(1970, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(1979, 12, 31, 23, 30, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(2040, 1, 31, 12, tzinfo=UTC), (2040, 1, 31, 13, 0, 0)),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), (2107, 12, 31, 0, 0, 0)),
    ],
)
def test_dates_that_a_zip_does_not_know_break_nothing(at: datetime, shown: tuple[int, ...]) -> None:
    with zipfile.ZipFile(io.BytesIO(made(small("documents/a", b"a", at)))) as archive:
        assert archive.infolist()[1].date_time == shown
        assert archive.testzip() is None


def test_a_member_never_becomes_larger_than_it_was_said_to_be() -> None:
    with pytest.raises(TooLong):
        made((Member("documents/a", NOON, 3), [b"ab", b"cd"]))


@pytest.mark.slow
def test_more_than_65535_documents_are_all_there(tmp_path: Path) -> None:
    number = 66_000
    file = tmp_path / "many.zip"
    file.write_bytes(made(*(small(f"documents/{n:05}.txt", b"%d" % n) for n in range(number))))
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == number + 1
        assert archive.read("documents/65999.txt") == b"65999"
    told = subprocess.run(["unzip", "-tq", file], check=False, capture_output=True, text=True)
    assert (told.returncode, "No errors" in told.stdout) == (0, True), told


def test_what_begins_behind_4_gib_is_found(tmp_path: Path) -> None:
    """A real member of more than 4 GiB takes seconds: `benchmarks.parcel --large` makes one."""
    start = 5 << 30
    zipping, file = Zipping(PARIS, _at=start), tmp_path / "far.zip"
    with file.open("wb") as to:
        to.seek(start)  # a hole
        damaged = Member("damaged.bin", NOON, start), [b"all that is left of it"]
        for member, pieces in (small("near.txt", b"near"), damaged):
            to.writelines(zipping.file(member, pieces))
        to.writelines(zipping.end())
    with zipfile.ZipFile(file) as archive:
        near, damaged_one = archive.infolist()
        assert near.header_offset == start
        assert (archive.read(near), near.extract_version) == (b"near", 45)
        assert archive.read(damaged_one) == b"all that is left of it"
    found = subprocess.run(["unzip", "-p", file, "damaged.bin"], check=True, capture_output=True)
    assert found.stdout == b"all that is left of it"
    with file.open("rb") as of:
        of.seek(damaged_one.header_offset)
        head = of.read(200)
        assert struct.unpack_from("<LL", head, 18) == (0xFFFFFFFF, 0xFFFFFFFF)
        assert struct.pack("<HHQQ", 1, 16, 0, 0) in head, "it says how wide the sums are"
        sums = struct.pack("<LQQ", damaged_one.CRC, damaged_one.compress_size, 22)
        assert b"PK\x07\x08" + sums in head


def entry(path: str, kind: Kind = Kind.FILE) -> Entry:
    return Entry(
        path=DrivePath.parse(path), id=path.encode(), kind=kind, etag="", size=1, media_type="",
        created=NOON, modified=NOON, may=frozenset(),
    )  # fmt: skip


def names(*given: str, unpacking: Unpacking | None = None) -> dict[str, str]:
    found = (unpacking or Unpacking()).ways("top", [entry(f"/{one}") for one in given])
    return {one.path.name: way.removeprefix("top/") for one, way in found}


@pytest.mark.parametrize(
    ("name", "unpacked"),
    [
        ("été & co.pdf", "été & co.pdf"),
        ("..\\..\\evil.bat", ".._.._evil.bat"),
        ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
        ("a:stream", "a_stream"),
        ("...", "___"),
        ("ends. ", "ends__"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("Com1.tar.gz", "Com1_.tar.gz"),
        ("COM¹ .txt", "COM¹_ .txt"),
        ("CONtract.txt", "CONtract.txt"),
        ("\u202egpj.exe", "_gpj.exe"),
        (" begins", " begins"),
        ("~", "~"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_leads_nowhere_else_and_is_no_device(name: str, unpacked: str) -> None:
    assert names(name) == {name: unpacked}


def test_names_that_windows_or_macos_take_for_one_are_several() -> None:
    found = names("Bail.pdf", "bail.pdf", "BAIL.PDF", "a:b", "a?b", "a_b", "ﬁn", "fin")
    assert len({one.casefold() for one in found.values()}) == 8
    assert (found["BAIL.PDF"], found["Bail.pdf"]) == ("BAIL.PDF", "Bail (2).pdf")
    assert found["a_b"] == "a_b", "who can keep a name keeps it"
    assert {found["a:b"], found["a?b"]} == {"a_b (2)", "a_b (3)"}


def test_a_name_with_its_number_is_no_longer_than_a_name_may_be() -> None:
    found = names("é" * 125 + ".pdf", "É" * 125 + ".pdf")
    assert max(len(one.encode()) for one in found.values()) <= 255
    assert all(one.endswith(".pdf") for one in found.values())
    assert len(set(found.values())) == 2


def test_a_document_is_never_where_a_folder_is_and_folders_are_met_again() -> None:
    unpacking = Unpacking()
    both = unpacking.ways("top", [entry("/Bail", Kind.FOLDER), entry("/bail")])
    assert [way for _, way in both] == ["top/Bail", "top/bail (2)"]
    assert unpacking.way("top", DrivePath.parse("/Bail/x.txt")) == "top/Bail/x.txt"
    assert unpacking.way("top", DrivePath.parse("/Bail/X.txt")) == "top/Bail/X (2).txt"
    assert unpacking.way("top", DrivePath.parse("/bail (2)/y")) == "top/bail (2) (2)/y"


def test_ten_thousand_alike_are_named_without_trying_every_number() -> None:
    signs = str.maketrans("01", ":?")
    given = [f"{number:014b}".translate(signs) for number in range(10_000)]
    assert len(set(names(*given).values())) == 10_000


def test_packed_rows_come_out_as_they_went_in() -> None:
    packed = Packed()
    for number in range(10_000):
        packed.add(b"row %d\n" % number)
    assert b"".join(packed) == b"".join(b"row %d\n" % number for number in range(10_000))
