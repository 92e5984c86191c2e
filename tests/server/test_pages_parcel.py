"""Take everything away: the ZIP equals the drive, ordinary tools open it, it costs no memory."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

import psutil
import pytest

from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server

MIB = 1 << 20


def taken_away(served: Server, login: str) -> bytes:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    browser.go("/take-away")
    answer = browser.submit("/take-away")
    assert answer.status == 200, browser.text
    assert answer.header("Content-Type") == "application/zip"
    return answer.body


def test_the_zip_equals_the_drive(
    served: Server, amina: Drive, folder: str, tmp_path: Path
) -> None:
    contents = {
        f"{folder}/empty.txt": b"",
        f"{folder}/été & co.pdf": bytes(range(256)) * 3000,
        f"{folder}/..\\evil.txt": b"x",
    }
    for path, content in contents.items():
        assert amina.put(path, content).status == 201
    file = tmp_path / "abri.zip"
    file.write_bytes(taken_away(served, "amina"))
    assert subprocess.run(["unzip", "-tq", file], check=False, capture_output=True).returncode == 0
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for path, content in contents.items():
            row = next(one for one in manifest if one["path"] == path)
            assert archive.read(row["file"]) == content
            assert row["sha256"] == hashlib.sha256(content).hexdigest()
            assert "\\" not in row["file"]
        assert {"shares.json", "trail.json", "index.html"} <= set(archive.namelist())
        listed = {name for name in archive.namelist() if name.startswith("documents/")}
        assert listed == {one["file"] for one in manifest}
        assert json.loads(archive.read("trail.json"))
        assert "été &amp; co.pdf" in archive.read("index.html").decode()


def test_what_others_share_is_not_in_it_and_shares_are(
    served: Server, amina: Drive, folder: str
) -> None:
    amina.put(f"{folder}/mine.txt", b"x")
    served.instance.grant("amina", "karim", folder, "read")
    with zipfile.ZipFile(io.BytesIO(taken_away(served, "amina"))) as archive:
        shares = json.loads(archive.read("shares.json"))
    assert folder in {one["path"] for one in shares if one["to"] == "Karim Roux"}
    with zipfile.ZipFile(io.BytesIO(taken_away(served, "bilal"))) as archive:
        assert json.loads(archive.read("manifest.json")) == []
    karim = Browser(served.instance.port)
    karim.sign_in("karim", password_of("karim"))
    assert karim.go("/take-away").status == 404


def test_a_large_vault_costs_no_memory(served: Server, amina: Drive, folder: str) -> None:
    """128 MiB here; the 2 GiB of the issue are in benchmarks/parcel.py."""
    block = b"x" * (16 * MIB)
    for number in range(8):
        assert amina.put(f"{folder}/{number}.bin", block).status == 201
    taken_away(served, "bilal")
    before = _memory(served)
    browser = Browser(served.instance.port)
    browser.sign_in("amina", password_of("amina"))
    browser.go("/take-away")
    assert len(browser.submit("/take-away").body) > 128 * MIB
    assert _memory(served) - before < 64 * MIB


def _memory(served: Server) -> int:
    parent = psutil.Process(served.process.pid)
    return sum(one.memory_info().rss for one in [parent, *parent.children(recursive=True)])
