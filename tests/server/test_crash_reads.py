"""Whoever got a byte stands in the trail, though the server was killed at that very moment."""

from pathlib import Path

import pytest

from tests.support.http import Connection
from tests.support.instance import new_instance, serving

pytestmark = pytest.mark.server

BODY = bytes(range(256)) * 8192  # 2 MiB: its answer is still on its way when its first byte is here


def test_a_killed_server_has_noted_every_first_read(tmp_path: Path) -> None:
    instance = new_instance(tmp_path / "abri", tls=False)
    instance.add_person("amina", "beneficiary", "Amina")
    names = [f"/f{number}.bin" for number in range(3)]
    with serving(instance) as server:
        drive = instance.drive("amina")
        for name in names:
            assert drive.put(name, BODY).status == 201
        for name in names:
            with Connection(drive.caller.port) as connection:
                connection.send(drive.caller.head("GET", drive.url(name)))
                assert connection.open().recv(1)
        server.kill()
    told = instance.json("trail", "show", "amina", "--json")
    read = {one["path"] for one in told if one["what"] == "read"}
    assert read == set(names)


def test_a_server_that_stops_has_settled_every_count(tmp_path: Path) -> None:
    instance = new_instance(tmp_path / "abri", tls=False)
    instance.add_person("amina", "beneficiary", "Amina")
    with serving(instance, workers=2) as server:
        drive = instance.drive("amina")
        assert drive.put("/a.txt", b"x").status == 201
        for _ in range(7):
            assert drive.get("/a.txt").status == 200
        assert server.stop() == 0
    (entry,) = [
        one for one in instance.json("trail", "show", "amina", "--json") if one["what"] == "read"
    ]
    assert entry["count"] == 7
