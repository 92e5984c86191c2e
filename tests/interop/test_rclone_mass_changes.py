"""A professional's rclone syncs a folder that ransomware encrypted on their computer."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cast import Casts
from tests.support.instance import Server, serving
from tests.support.outside import Outside
from tests.support.rclone import Rclone

pytestmark = pytest.mark.interop

COUNT = 120
MOST = 20


@pytest.fixture
def paced(casts: Casts, tmp_path: Path) -> Iterator[Server]:
    with casts.copy("sqlite", tmp_path / "abri", tls=True) as instance:
        instance.set("vaults.changes_per_minute", str(MOST))
        with serving(instance, workers=2) as server:
            yield server


def test_a_sync_of_encrypted_copies_is_stopped_and_taken_back(
    outside: Outside, paced: Server, tmp_path: Path
) -> None:
    instance, folder = paced.instance, "/Synchro"
    amina = instance.drive("amina")
    assert amina.mkcol(folder).status == 201
    for number in range(COUNT):
        assert amina.put(f"{folder}/{number:03}.pdf", os.urandom(200 + number)).status == 201
    there = instance.seen_at(instance.grant("amina", "karim", folder, "write"))
    mine, theirs = tmp_path / "mine", tmp_path / "karim's"
    rclone_amina = Rclone(outside, paced, "amina", folder)
    rclone = Rclone(outside, paced, "karim", there)
    rclone_amina.must("copy", rclone_amina.remote, str(mine))
    rclone.must("sync", rclone.remote, str(theirs))
    for paper in theirs.iterdir():
        paper.write_bytes(os.urandom(len(paper.read_bytes()) + 16))
    common = ["--retries", "1", "--transfers", "4"]
    ended = outside.run(*rclone.common, *common, "sync", str(theirs), rclone.remote, timeout=600)
    assert ended.returncode != 0, ended.stdout
    changed = sum(
        amina.get(f"{folder}/{one.name}").body != one.read_bytes() for one in mine.iterdir()
    )
    assert changed == MOST + 1
    instance.abri("vault", "undo", "amina", "--by", "karim")
    rclone_amina.must("check", "--download", str(mine), rclone_amina.remote)
    assert instance.json("vault", "check", "amina", "--deep")["troubles"] == []
