"""Whoever got a byte stands in the trail, though the server was killed at that very moment."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cast import Casts
from tests.support.http import Connection, Cut
from tests.support.instance import Instance, Server, serving
from tests.support.patience import until

pytestmark = pytest.mark.server

BODY = bytes(range(256)) * 8192  # 2 MiB: its answer is still on its way when its first byte is here


@pytest.fixture
def instance(casts: Casts, tmp_path: Path) -> Iterator[Instance]:
    with casts.copy("sqlite", tmp_path / "abri") as made:
        yield made


def reads(instance: Instance) -> dict[str, list[int]]:
    """By path, the counts of its entries."""
    told: dict[str, list[int]] = {}
    for one in instance.json("trail", "show", "amina", "--json", "--limit", "1000"):
        if one["what"] == "read":
            told.setdefault(one["path"], []).append(one["count"])
    return told


def journals(instance: Instance) -> list[Path]:
    return list((instance.folder / "data" / "readings").iterdir())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_server_has_noted_every_first_read(instance: Instance, workers: int) -> None:
    names = [f"/f{number}.bin" for number in range(4)]
    with serving(instance, workers=workers) as server:
        drive = instance.drive("amina")
        for name in names:
            assert drive.put(name, BODY).status == 201
        for name in names:
            with Connection(drive.caller.port) as connection:
                connection.send(drive.caller.head("GET", drive.url(name)))
                assert connection.open().recv(1)
        server.kill()
    assert reads(instance) == {name: [1] for name in names}
    assert journals(instance) == []


def test_a_first_read_is_shown_at_once_whichever_worker_it_was(instance: Instance) -> None:
    with serving(instance, workers=2):
        drive = instance.drive("amina")
        for number in range(4):
            drive.caller.close()  # the next connection is either worker's
            name = f"/{number}.txt"
            assert drive.put(name, b"x").status == 201
            assert drive.get(name).status == 200
            assert reads(instance)[name] == [1]


def test_a_server_that_stops_has_settled_every_count(instance: Instance) -> None:
    with serving(instance, workers=2) as server:
        drive = instance.drive("amina")
        assert drive.put("/a.txt", b"x").status == 201
        for _ in range(7):
            assert drive.get("/a.txt").status == 200
        assert server.stop() == 0
    assert journals(instance) == []
    assert reads(instance) == {"/a.txt": [7]}


@pytest.mark.slow
def test_servers_that_are_killed_again_and_again_tell_each_read_once(instance: Instance) -> None:
    """Each document is read once; a kill comes anywhere between noting and telling."""
    chance = random.Random(7)
    sure: list[str] = []
    perhaps: list[str] = []
    for round_number in range(4):
        with serving(instance, workers=2) as server:
            drive = instance.drive("amina", again=False)
            names = [f"/{round_number}-{number}.txt" for number in range(40)]
            for name in names:
                assert drive.put(name, b"x").status == 201
            if round_number:
                # A start tells what was left; it needs nobody who looks.
                until(lambda: len(journals(instance)) <= 2)
            killer = _killed_after(server, chance.uniform(0.05, 1.3))
            while names and not killer.is_set():
                name = names.pop()
                perhaps.append(name)
                try:
                    assert drive.get(name).status == 200
                except (Cut, OSError):
                    break
                sure.append(perhaps.pop())
            assert killer.wait(60)
    told = reads(instance)
    assert {name: told.get(name) for name in sure} == {name: [1] for name in sure}
    assert all(told[name] == [1] for name in perhaps if name in told)
    assert set(told) <= {*sure, *perhaps}


def _killed_after(server: Server, seconds: float) -> threading.Event:
    dead = threading.Event()

    def kill() -> None:
        server.kill()
        dead.set()

    threading.Timer(seconds, kill).start()
    return dead
