"""rclone over HTTPS, vendor `owncloud`: copy, sync, check in both directions, its FUSE mount."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cast import CCAS
from tests.support.instance import Instance, Server
from tests.support.outside import Outside
from tests.support.patience import until
from tests.support.rclone import Rclone

pytestmark = pytest.mark.interop

MIB = 1 << 20
ODD_NAMES = ["a#b", "c?d", "e%41f", "g;h", "i&j", "k+l", "m n", "été", "日本", "e\u0301te\u0301"]


@pytest.fixture
def rclone(outside: Outside, drive: Server) -> Rclone:
    folder = f"rclone-{time.monotonic_ns()}"
    assert drive.instance.drive("amina").mkcol(f"/{folder}").status == 201
    return Rclone(outside, drive, "amina", folder)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files and folders of every awkward name, from empty to a few chunks."""
    root = tmp_path / "tree"
    for number, name in enumerate(ODD_NAMES[:-1]):
        folder = root / f"dossier {name}"
        folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_bytes(os.urandom(number * 30_000))
    return root


def test_a_tree_of_odd_names_goes_up_and_comes_back_the_same(
    rclone: Rclone, tree: Path, tmp_path: Path
) -> None:
    rclone.must("copy", str(tree), rclone.remote)
    rclone.must("check", "--download", str(tree), rclone.remote)
    rclone.must("copy", rclone.remote, str(tmp_path / "back"))
    rclone.must("check", "--download", rclone.remote, str(tmp_path / "back"))
    sent = {path.relative_to(tree) for path in tree.rglob("*")}
    assert {path.relative_to(tmp_path / "back") for path in (tmp_path / "back").rglob("*")} == sent


def test_a_sync_carries_changes_and_removals_in_both_directions(
    rclone: Rclone, tree: Path, tmp_path: Path
) -> None:
    back = tmp_path / "back"
    rclone.must("sync", str(tree), rclone.remote)
    (tree / "dossier été" / "été.txt").write_bytes(b"changed, and of another size")
    (tree / "dossier a#b" / "a#b.txt").unlink()
    (tree / "new.txt").write_bytes(b"new")
    rclone.must("sync", str(tree), rclone.remote)
    rclone.must("sync", rclone.remote, str(back))
    rclone.must("check", "--download", str(tree), str(back))
    (back / "new.txt").unlink()
    rclone.must("sync", str(back), rclone.remote)
    rclone.must("check", "--download", str(back), rclone.remote)


def test_a_sync_carries_a_change_that_keeps_the_size(
    rclone: Rclone, tree: Path, tmp_path: Path
) -> None:
    """With vendor `other` rclone keeps no dates, and sees nothing to do."""
    letter = tree / "lettre.txt"
    letter.write_bytes(b"3 pieces")
    os.utime(letter, (1_500_000_000, 1_500_000_000))
    rclone.must("sync", str(tree), rclone.remote)
    rclone.must("copy", rclone.remote, str(tmp_path / "back"))
    assert (tmp_path / "back" / "lettre.txt").stat().st_mtime == 1_500_000_000
    letter.write_bytes(b"4 pieces")
    rclone.must("sync", str(tree), rclone.remote)
    rclone.must("check", "--download", str(tree), rclone.remote)


@pytest.mark.parametrize("size", [0, 1, 65_536, 10 * MIB + 1])
def test_a_file_of_any_size_comes_back_byte_for_byte(
    rclone: Rclone, tmp_path: Path, size: int
) -> None:
    _there_and_back(rclone, tmp_path, size)


@pytest.mark.slow
@pytest.mark.parametrize("drive", ["sqlite"], indirect=True)
def test_a_large_file_comes_back_byte_for_byte(rclone: Rclone, tmp_path: Path) -> None:
    """Its bytes go to the disk whatever the database is: SQLite alone."""
    _there_and_back(rclone, tmp_path, 300 * MIB)


def _there_and_back(rclone: Rclone, tmp_path: Path, size: int) -> None:
    (tmp_path / "up").mkdir()
    with (tmp_path / "up" / "file.bin").open("wb") as file:
        for start in range(0, size, MIB):
            file.write(os.urandom(min(MIB, size - start)))
    rclone.must("copy", str(tmp_path / "up"), rclone.remote)
    rclone.must("check", "--download", str(tmp_path / "up"), rclone.remote)


def test_a_depositor_copies_replaces_and_checks_what_they_may_not_read(
    outside: Outside, drive: Server, tree: Path, tmp_path: Path
) -> None:
    instance, own = drive.instance, f"/depot-{time.monotonic_ns()}"
    amina = instance.drive("amina")
    assert amina.mkcol(own).status == 201
    assert amina.put(f"{own}/new.txt", b"the owner's, of that name").status == 201
    place = instance.seen_at(instance.grant("amina", "karim", own, "deposit"))
    karim = Rclone(outside, drive, "karim", place.removeprefix("/"))
    (tree / "new.txt").write_bytes(b"new")
    karim.must("copy", str(tree), karim.remote)
    karim.must("check", "--size-only", str(tree), karim.remote)
    (tree / "new.txt").write_bytes(b"new, and of another size")
    karim.must("sync", str(tree), karim.remote)
    karim.must("check", "--size-only", str(tree), karim.remote)
    with pytest.raises(AssertionError, match="403"):
        karim.must("copy", karim.remote, str(tmp_path / "back"), "--retries", "1")
    assert not [path for path in (tmp_path / "back").rglob("*") if path.is_file()]
    assert amina.get(f"{own}/new.txt").body == b"the owner's, of that name"
    assert amina.get(f"{own}/new (2).txt").body == b"new, and of another size"
    assert (
        amina.get(f"{own}/dossier été/été.txt").body == (tree / "dossier été/été.txt").read_bytes()
    )


def test_a_fuse_mount_reads_writes_renames_and_removes(
    rclone: Rclone, drive: Server, tmp_path: Path
) -> None:
    with rclone.mounted(tmp_path) as place:
        (place / "été").mkdir()
        (place / "été" / "note.txt").write_text("première ligne\n")
        with (place / "été" / "note.txt").open("a") as file:
            file.write("deuxième ligne\n")
        (place / "été" / "note.txt").rename(place / "été" / "lettre.txt")
        (place / "brouillon.txt").write_text("à jeter")
        (place / "brouillon.txt").unlink()
        assert (place / "été" / "lettre.txt").read_text() == "première ligne\ndeuxième ligne\n"
    folder = rclone.remote.rpartition(":")[2]
    amina = drive.instance.drive("amina")
    until(lambda: amina.get(f"/{folder}/été/lettre.txt").body.count(b"ligne") == 2)
    assert amina.names(f"/{folder}") == {"été"}
    assert amina.names(f"/{folder}/été") == {"lettre.txt"}


def test_a_sync_after_an_expiry_removes_exactly_what_has_expired(
    outside: Outside, drive: Server, tmp_path: Path
) -> None:
    """A professional's whole drive, kept in step on their laptop."""
    instance = drive.instance
    amina, top = instance.drive("amina"), f"dossier-{time.monotonic_ns()}"
    instance.add_person("noor", "professional", "Noor Haddad", CCAS)
    grants = {}
    for name in ("expires", "ended", "stays"):
        for path in (f"/{top}-{name}", f"/{top}-{name}/sub"):
            assert amina.mkcol(path).status == 201
        for path in ("a.txt", "sub/b.txt"):
            assert amina.put(f"/{top}-{name}/{path}", name.encode()).status == 201
        grants[name] = instance.grant("amina", "noor", f"/{top}-{name}", "read")
    mine = Rclone(outside, drive, "noor", "")
    laptop = tmp_path / "laptop"
    mine.must("sync", mine.remote, str(laptop))
    before = {path.relative_to(laptop) for path in laptop.rglob("*")}
    assert any(_expires_in(seconds, instance, grants["expires"]) for seconds in (5, 20, 60))
    instance.abri("grant", "end", grants["ended"])
    until(lambda: _state(drive, grants["expires"]) == "expired", seconds=120)
    mine.must("sync", mine.remote, str(laptop))
    after = {path.relative_to(laptop) for path in laptop.rglob("*")}
    gone = {f"{top}-expires", f"{top}-ended"}
    assert before - after == {path for path in before if gone & set(path.parts)}
    assert after < before
    assert any(f"{top}-stays" in path.parts for path in after)


def _state(drive: Server, grant: str) -> str:
    grants = drive.instance.json("grant", "list")
    return next(str(one["state"]) for one in grants if one["id"] == grant)


def _expires_in(seconds: int, instance: Instance, grant: str) -> bool:
    """Whether it was told in time: a moment that has passed is refused."""
    soon = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    return instance.run("grant", "renew", grant, "--until", soon).returncode == 0
