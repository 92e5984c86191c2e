"""A full disk: a plain answer, nothing half-written, everything acknowledged still there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, serving
from tests.support.outside import as_root, small_disk

pytestmark = pytest.mark.server

MIB = 1 << 20


@pytest.fixture
def cramped(instance: Instance) -> Iterator[Instance]:
    """An instance whose data folder is a file system of 24 MiB."""
    data = instance.folder / "data"
    kept = data.with_name("kept")
    data.rename(kept)
    with small_disk(data, "24m"):
        shutil.copytree(kept, data, dirs_exist_ok=True)
        yield instance


@pytest.mark.parametrize("size", [3 * MIB, 20_000], ids=["files on disk", "rows in the database"])
def test_a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest(
    cramped: Instance, size: int
) -> None:
    kept: dict[str, bytes] = {}
    with serving(cramped):
        drive = cramped.drive("amina")
        refused = None
        for number in range(24 * MIB // size + 1):
            body = os.urandom(size)
            answer = drive.put(f"/{number}.bin", body)
            if answer.status != 201:
                refused = answer
                break
            kept[f"/{number}.bin"] = body
        assert refused is not None, "the disk never filled"
        assert refused.status == 507, refused
        assert drive.put("/0.bin", os.urandom(max(size, MIB))).status == 507
        _enlarge(cramped.folder / "data")
        for path, body in kept.items():
            assert drive.get(path).body == body, path
        assert {f"/{name}" for name in drive.names("/")} == set(kept)
        assert drive.put("/after.bin", os.urandom(size)).status == 201
    cramped.abri("vault", "check", "--deep")


def _enlarge(folder: Path) -> None:
    subprocess.run(as_root("mount", "-o", "remount,size=64m", str(folder)), check=True)
