"""A full disk: a plain answer, nothing half-written, everything acknowledged still there."""

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.instance import Instance, Server, password_of, serving
from tests.support.outside import as_root, small_disk
from tests.support.patience import until
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.server

MIB = 1 << 20
ROOM = 10 * MIB


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk, where PostgreSQL's user may enter: it may not enter pytest's own folders."""
    folder = Path(tempfile.mkdtemp(prefix="abri-disk-"))
    try:
        with small_disk(folder, "40m"):
            folder.chmod(0o711)
            yield folder
    finally:
        folder.rmdir()


@pytest.fixture
def cramped(instance: Instance, disk: Path, postgres: PostgresServer) -> Iterator[Instance]:
    """An instance whose contents and database share that disk, with little room left."""
    data = instance.folder / "data"
    shutil.copytree(data, disk / "data")
    shutil.rmtree(data)
    data.symlink_to(disk / "data")
    with ExitStack() as moved:
        if instance.database == "postgresql":
            # Its tables, not its log: a server that cannot write its log stops for everybody.
            moved.enter_context(postgres.tables_in(disk / "tables", instance.database_url))
        _leave(disk, ROOM)
        yield instance


@pytest.mark.parametrize("size", [3 * MIB, 20_000], ids=["files on disk", "rows in the database"])
def test_a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest(
    cramped: Instance, disk: Path, size: int
) -> None:
    kept: dict[str, bytes] = {}
    with serving(cramped) as server:
        drive = cramped.drive("amina")
        browser = Browser(cramped.port)
        browser.sign_in("amina", password_of("amina"))
        refused = None
        for number in range(ROOM // size + 1):
            body = os.urandom(size)
            answer = drive.put(f"/{number}.bin", body)
            if answer.status != 201:
                refused = answer
                break
            kept[f"/{number}.bin"] = body
        assert refused is not None, "the disk never filled"
        assert refused.status == 507, refused
        assert drive.put("/0.bin", os.urandom(max(size, MIB))).status == 507
        form = browser.upload("/upload/", ("form.bin", os.urandom(max(size, MIB))))
        assert (form.status, "There is not enough room" in browser.text) == (507, True), form
        _fill(disk)
        assert drive.put("/none.bin", os.urandom(size)).status == 507
        _is_told_to_whoever_looks_after_it(cramped, server)
        _enlarge(disk)
        for path, body in kept.items():
            assert drive.get(path).body == body, path
        assert {f"/{name}" for name in drive.names("/")} == set(kept)
        assert drive.put("/after.bin", os.urandom(size)).status == 201
    cramped.abri("vault", "check", "--deep")


def _is_told_to_whoever_looks_after_it(cramped: Instance, server: Server) -> None:
    lines = [json.loads(line) for line in server.log_text().splitlines() if '"alarm"' in line]
    full = [line for line in lines if line["event"] == "disk-full"]
    assert full
    assert {line["error"] for line in full} == {"ENOSPC"}
    # Several requests met it, most of them within the minute.
    first, last = (datetime.fromisoformat(full[at]["timestamp"]) for at in (0, -1))
    minutes = (last - first) // timedelta(minutes=1)
    assert max(Counter(line["of"] for line in full).values()) <= 1 + minutes, full
    doctor = cramped.run("doctor")
    assert doctor.returncode == 7
    says = f"what is written to {cramped.folder / 'data'} does not reach its disk: No space left"
    assert f"PROBLEM  disk: {says}" in doctor.stdout, doctor.stdout


def test_what_cannot_be_noted_is_not_read(cramped: Instance, disk: Path) -> None:
    with serving(cramped):
        drive = cramped.drive("amina")
        assert drive.put("/read.txt", b"first").status == 201
        assert drive.put("/unread.txt", b"second").status == 201
        assert drive.get("/read.txt").status == 200
        # Once it is told, not even what was noted keeps a page of the disk.
        noted = cramped.folder / "data" / "readings"
        until(lambda: not any(file.stat().st_size for file in noted.iterdir()))
        _fill(disk)
        answer = drive.get("/unread.txt")
        assert (answer.status, b"second" in answer.body) == (507, False), answer
        assert drive.get("/read.txt").body == b"first"
        _enlarge(disk)
        assert drive.get("/unread.txt").body == b"second"
    told = cramped.json("trail", "show", "amina", "--json")
    counts = {one["path"]: one["count"] for one in told if one["what"] == "read"}
    assert counts == {"/read.txt": 2, "/unread.txt": 1}


def _leave(folder: Path, room: int) -> None:
    (folder / "others").write_bytes(bytes(shutil.disk_usage(folder).free - room))


def _fill(folder: Path) -> None:
    """To the last page."""
    with (folder / "more").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def _enlarge(folder: Path) -> None:
    subprocess.run(as_root("mount", "-o", "remount,size=100m", str(folder)), check=True)
