"""What “Take everything away” costs the server, and whether what arrives is what is in the safe.

    .venv/bin/python -m benchmarks.parcel [--mib 2048] [--small 5000] [--copies 0]
        [--keep FOLDER] [--past-4-gib]

An instance with that much in documents of mixed sizes, one of them more than half of it, is served
by two workers; somebody takes it all away through the page. The memory of all processes of the
server is looked at all along. Every hash is compared with what was put in and with the manifest,
and the ZIP is opened by every tool for it that this machine has. `--past-4-gib` makes, besides, one
ZIP with a document of more than 4 GiB of zeros, and has the same tools open it.
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import psutil

from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from davserver.web.zipping import Member, Zipping
from tests.support.browser import Browser
from tests.support.instance import Instance, Server, new_instance, password_of, serving

MIB = 1 << 20
WORKERS = 2
WARM = 12
"""Exports of somebody with nothing before, so that both workers have made one."""
LOGIN = "amina"
SMALL = "/Petits"
EVERY_SECONDS = 0.05
TOOLS: tuple[Sequence[str], ...] = (
    ("unzip", "-tq"), ("zip", "-T"), ("7z", "t"), ("7zz", "t"), ("bsdtar", "-tf"),
)  # fmt: skip
_STEP = 64 * 1024


class Random:
    """An upload of so many bytes that no program can make smaller, and their hash."""

    media_type: str | None = None
    modified: datetime | None = None
    sha256: bytes | None = None

    def __init__(self, size: int) -> None:
        self.length: int | None = size
        self.digest = hashlib.sha256()
        self._left = size

    def read(self, size: int) -> bytes:
        piece = os.urandom(min(size, self._left))
        self._left -= len(piece)
        self.digest.update(piece)
        return piece

    def read_into(self, room: memoryview) -> int:
        piece = self.read(len(room))
        room[: len(piece)] = piece
        return len(piece)


@dataclass
class Memory:
    """Of all processes together, in MiB. `rss` counts what they share once for each; `anonymous`
    leaves out files, of which the system takes back what it needs.
    """

    rss: float = 0
    pss: float = 0
    anonymous: float = 0

    def most(self, other: "Memory") -> "Memory":
        return Memory(
            max(self.rss, other.rss),
            max(self.pss, other.pss),
            max(self.anonymous, other.anonymous),
        )

    def __str__(self) -> str:
        return f"RSS {self.rss:.1f}, PSS {self.pss:.1f}, anonymous {self.anonymous:.1f} MiB"


def memory_of(server: Server) -> Memory:
    first = psutil.Process(server.process.pid)
    found = [_rolled_up(one.pid) for one in [first, *first.children(recursive=True)]]
    return Memory(*(sum(one[name] for one in found) for name in ("Rss", "Pss", "Pss_Anon")))


def _rolled_up(pid: int) -> dict[str, float]:
    """proc_pid_smaps(5), in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}


@dataclass
class Watching:
    """Looks until the block ends; `peak` is the most of each."""

    server: Server
    peak: Memory = field(default_factory=Memory)
    looks: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Watching"]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.peak, self.looks = self.peak.most(memory_of(self.server)), self.looks + 1


def sizes(mib: int, small: int) -> Iterator[tuple[str, int]]:
    """A path and a size each: one large, many small, and what is between them."""
    rest = mib * MIB
    yield "/Vidéos/long.bin", (size := rest * 11 // 20)
    rest -= size
    for number in range(small):
        yield f"{SMALL}/{number % 50:02}/note n° {number}.txt", (size := 200 + number * 37 % 20_000)
        rest -= size
    number = 0
    while rest > 0:
        size = min(rest, (1 + number * 7 % 40) * MIB + number)
        yield f"/Scans/{number:03}.pdf", size
        rest, number = rest - size, number + 1


def filled(instance: Instance, mib: int, small: int, copies: int) -> dict[str, str]:
    """The SHA-256 of each document, by its path."""
    found: dict[str, str] = {}
    with instance.opened() as to:
        who = to.people.operator_for(LOGIN, "benchmark", to.clock())
        folders = {DrivePath()}
        for path, size in sizes(mib, small):
            place = DrivePath.parse(path)
            for depth in range(1, len(place.parts)):
                folder = DrivePath(place.parts[:depth])
                if folder not in folders:
                    to.writing.make_folder(who, folder, NONE, to.clock())
                    folders.add(folder)
            upload = Random(size)
            to.writing.put(who, place, upload, NONE, to.clock())
            found[path] = upload.digest.hexdigest()
        for number in range(copies):
            to.copying.copy(
                who, DrivePath.parse(SMALL), DrivePath.parse(f"{SMALL} {number}"),
                deep=True, overwrite=False, conditions=NONE, now=to.clock(),
            )  # fmt: skip
    for path, digest in list(found.items()):
        if path.startswith(f"{SMALL}/"):
            rest = path.removeprefix(SMALL)
            found |= {f"{SMALL} {number}{rest}": digest for number in range(copies)}
    return found


def asking(server: Server, login: str) -> list[str]:
    """Signed in, at the page, about to press: what curl then sends."""
    browser = Browser(server.instance.port)
    browser.sign_in(login, password_of(login))
    browser.go("/take-away")
    form = urlencode(browser.form("/take-away"))
    jar = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    browser.caller.close()
    return ["-H", f"Cookie: {jar}", "-d", form, f"{server.instance.url}/take-away"]


def take_away(asked: list[str], to: Path) -> float:
    """How many seconds it took."""
    begun = time.perf_counter()
    subprocess.run(["curl", "-sS", "--fail", "-o", str(to), *asked], check=True)
    return time.perf_counter() - begun


def require(holds: bool, what: str) -> None:  # noqa: FBT001 — a statement, not a switch
    if not holds:
        raise SystemExit(f"wrong: {what}")


def compare(file: Path, put_in: dict[str, str]) -> None:
    """Ends the program where anything is missing, other, or more."""
    with zipfile.ZipFile(file) as archive:
        manifest = {one["path"]: one for one in json.loads(archive.read("manifest.json"))}
        members = {one for one in archive.namelist() if one.startswith("documents/")}
        require(set(manifest) == set(put_in), "not the documents that were put in")
        files = {one for one in members if not one.endswith("/")}
        require(files == {one["file"] for one in manifest.values()}, "more than the manifest says")
        for path, digest in put_in.items():
            with archive.open(manifest[path]["file"]) as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
            require(found == digest == manifest[path]["sha256"], path)
    print(f"{len(put_in)} documents: each hash is that of the safe, of the manifest, of the ZIP")


def opened_by_tools(file: Path) -> None:
    for program, *options in TOOLS:
        if shutil.which(program):
            told = subprocess.run(
                [program, *options, str(file)], check=False, capture_output=True, text=True
            )
            print(f"{program} {' '.join(options)}: {'well' if told.returncode == 0 else told}")


def past_4_gib(folder: Path) -> None:
    block, number = bytes(32 * MIB), 130
    size, now = number * len(block), datetime(2026, 7, 1, tzinfo=UTC)
    zipping, file, zeros = Zipping(UTC), folder / "past.zip", bytes(_STEP)
    with file.open("wb") as to:
        for piece in zipping.file(Member("large.bin", now, size), [block] * number):
            for start in range(0, len(piece), _STEP):
                _written(to, piece[start : start + _STEP], zeros)
        to.writelines(zipping.file(Member("behind.txt", now, 6), [b"behind"]))
        to.writelines(zipping.end())
    with zipfile.ZipFile(file) as archive:
        require(archive.testzip() is None, "a wrong sum")
        require([one.file_size for one in archive.infolist()] == [size, 6], "other sizes")
    print(f"a document of {size / 1024 / MIB:.2f} GiB and one behind it: zipfile reads both")
    opened_by_tools(file)


def _written(to: io.BufferedWriter, page: bytes, zeros: bytes) -> None:
    """A hole where nothing is."""
    if page == zeros:
        to.seek(len(page), os.SEEK_CUR)
    else:
        to.write(page)


def measured(folder: Path, mib: int, small: int, copies: int) -> None:
    instance = new_instance(folder / "abri", tls=False)
    instance.set("vaults.quota", f"{mib * 2 + 20 * copies} MiB")
    for login in (LOGIN, "bilal"):
        instance.add_person(login, "beneficiary", login.title())
    put_in = filled(instance, mib, small, copies)
    file = folder / "abri.zip"
    with serving(instance, workers=WORKERS) as server:
        for _ in range(WARM):
            take_away(asking(server, "bilal"), folder / "small.zip")
        asked = asking(server, LOGIN)
        before = memory_of(server)
        with Watching(server).running() as watch:
            seconds = take_away(asked, file)
        after = memory_of(server)
    size = file.stat().st_size / MIB
    print(f"{size:.0f} MiB in {seconds:.1f} s, {size / seconds:.0f} MiB/s; {watch.looks} looks")
    print(f"before: {before}\nmost:   {watch.peak}\nafter:  {after}")
    print(
        f"added:  RSS {watch.peak.rss - before.rss:.1f}, PSS {watch.peak.pss - before.pss:.1f}, "
        f"anonymous {watch.peak.anonymous - before.anonymous:.1f} MiB"
    )
    compare(file, put_in)
    opened_by_tools(file)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mib", type=int, default=2048)
    asked.add_argument("--small", type=int, default=5000)
    asked.add_argument("--copies", type=int, default=0, help="of all the small ones, besides")
    asked.add_argument("--keep", type=Path, help="a folder for what is made, kept")
    asked.add_argument("--past-4-gib", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="abri-bench-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        measured(folder, given.mib, given.small, given.copies)
        if given.past_4_gib:
            past_4_gib(folder)


if __name__ == "__main__":
    main()
