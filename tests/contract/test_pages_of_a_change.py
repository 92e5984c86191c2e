"""What one small change writes of SQLite's file: each page is two writes in the log of writes
(`-wal`) that the disk has before the answer, and one more at a checkpoint.
"""

import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from davserver.db.engine import sqlite_file
from davserver.db.tables import trail_actor
from tests.support.drive import Drive, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEN_KILOBYTES = b"ten bytes " * 1024
SEVERAL = 6
"""Some change parts a page in two, which writes more of them: the least of several does not."""
PAGE_BYTES = 4096
_HEADER = 32
_FRAME = struct.Struct(">II8s8s")


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    for number in range(SEVERAL):
        for name in ("again", "copied", "moved", "removed", "locked"):
            made.put(f"/Santé/{name}{number}.txt", TEN_KILOBYTES)
    return made


@pytest.fixture
def log(database_url: str) -> Iterator[Path]:
    """With somebody looking on, so that it never begins anew."""
    file = sqlite_file(make_url(database_url))
    onlooker = sqlite3.connect(file, isolation_level=None)
    onlooker.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    onlooker.execute("BEGIN")
    onlooker.execute("SELECT count(*) FROM epoch").fetchall()
    yield file.with_name(file.name + "-wal")
    onlooker.close()


def pages_in(log: Path) -> int:
    written = log.read_bytes()
    if not written:
        return 0
    page_size = int.from_bytes(written[8:12], "big")
    salts = written[16:24]
    step = _FRAME.size + page_size
    starts = range(_HEADER, len(written) - step + 1, step)
    return sum(_FRAME.unpack_from(written, start)[2] == salts for start in starts)


PAGES: dict[str, tuple[Callable[[Drive, int], object], int]] = {
    "new file": (lambda amina, n: amina.put(f"/Santé/new{n}.txt", TEN_KILOBYTES), 16),
    "file again": (lambda amina, n: amina.put(f"/Santé/again{n}.txt", TEN_KILOBYTES), 14),
    "folder": (lambda amina, n: amina.mkcol(f"/Santé/folder{n}"), 9),
    "copy": (lambda amina, n: amina.copy(f"/Santé/copied{n}.txt", f"/Santé/copy{n}.txt"), 16),
    "move": (lambda amina, n: amina.move(f"/Santé/moved{n}.txt", f"/Santé/to{n}.txt"), 6),
    "remove": (lambda amina, n: amina.delete(f"/Santé/removed{n}.txt"), 7),
    "lock": (lambda amina, n: amina.lock(f"/Santé/locked{n}.txt"), 4),
}


def test_a_small_change_writes_few_pages(amina: Drive, log: Path) -> None:
    found = {}
    for what, (act, _) in PAGES.items():
        written = []
        for number in range(SEVERAL):
            before = pages_in(log)
            act(amina, number)
            written.append(pages_in(log) - before)
        found[what] = min(written)
    assert found == {what: pages for what, (_, pages) in PAGES.items()}


def test_a_commit_brings_in_the_log_once_it_is_long(world: World, database_url: str) -> None:
    file = sqlite_file(make_url(database_url))
    write_pages(world, 1, 2000)
    assert file.stat().st_size < 1000 * PAGE_BYTES
    write_pages(world, 2, 2500)
    assert file.stat().st_size > 4500 * PAGE_BYTES


def write_pages(world: World, number: int, pages: int) -> None:
    row = {"person_id": bytes([number]) * 16, "key_ct": bytes(pages * PAGE_BYTES), "created": 1}
    world.db.write(lambda tx: tx.execute(trail_actor.insert(), row))
