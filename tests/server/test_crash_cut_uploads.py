"""An upload that does not arrive whole leaves no trace, however it ends (DESIGN §2.4)."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.dav import Drive
from tests.support.http import Answer, Connection, Cut, chunked
from tests.support.instance import Instance, Server, serving
from tests.support.patience import until

pytestmark = pytest.mark.server

OLD = b"the version that stands"
SIZES = {"inline": 2_000, "chunks": 400_000}


def _finish(connection: Connection) -> Answer | None:
    """End our half of the connection, then hear what the server makes of it."""
    connection.finish_sending()
    try:
        return connection.answer("PUT")
    except (Cut, ConnectionError):
        return None


def _fin(drive: Drive, path: str, body: bytes) -> Answer | None:
    """The client closes halfway through the announced length."""
    head = drive.caller.head("PUT", drive.url(path), body=body)
    with Connection(drive.caller.port) as connection:
        connection.send(head + body[: len(body) // 2])
        return _finish(connection)


def _rst(drive: Drive, path: str, body: bytes) -> Answer | None:
    """The cable is pulled."""
    head = drive.caller.head("PUT", drive.url(path), body=body)
    connection = Connection(drive.caller.port)
    connection.send(head + body[: len(body) // 2])
    time.sleep(0.1)
    connection.reset()
    return None


def _no_last_chunk(drive: Drive, path: str, body: bytes) -> Answer | None:
    """A chunked body ends without its last chunk."""
    head = drive.caller.head("PUT", drive.url(path), {"Transfer-Encoding": "chunked"}, body)
    with Connection(drive.caller.port) as connection:
        connection.send(head + chunked(body, end=False))
        return _finish(connection)


def _half_a_chunk(drive: Drive, path: str, body: bytes) -> Answer | None:
    """A chunk is shorter than it says."""
    head = drive.caller.head("PUT", drive.url(path), {"Transfer-Encoding": "chunked"}, body)
    with Connection(drive.caller.port) as connection:
        connection.send(head + chunked(body)[: len(body) // 2])
        return _finish(connection)


def _less_than_expected(drive: Drive, path: str, body: bytes) -> Answer | None:
    """Finder says how long a chunked body will be, and sends less."""
    announced = {"Transfer-Encoding": "chunked", "X-Expected-Entity-Length": str(len(body) + 1)}
    with Connection(drive.caller.port) as connection:
        connection.send(drive.caller.head("PUT", drive.url(path), announced, body) + chunked(body))
        return connection.answer("PUT")


CUTS = [_fin, _rst, _no_last_chunk, _half_a_chunk, _less_than_expected]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("cut", CUTS, ids=[cut.__name__.strip("_") for cut in CUTS])
def test_a_cut_upload_creates_nothing_and_replaces_nothing(
    served: Server, cut: Callable[[Drive, str, bytes], Answer | None], size: int
) -> None:
    drive = served.instance.drive("amina")
    folder = f"/cut{cut.__name__}-{size}"
    drive.mkcol(folder)
    before = drive.put(f"{folder}/old.txt", OLD).header("ETag")
    for name in ("new.txt", "old.txt"):
        answer = cut(drive, f"{folder}/{name}", os.urandom(size))
        assert answer is None or 400 <= answer.status < 500, answer
    time.sleep(0.3)
    assert drive.names(folder) == {"old.txt"}
    assert drive.get(f"{folder}/new.txt").status == 404
    kept = drive.get(f"{folder}/old.txt")
    assert (kept.body, kept.header("ETag")) == (OLD, before)


def test_the_vault_is_clean_after_cut_uploads(served: Server) -> None:
    drive = served.instance.drive("amina")
    drive.put("/kept.bin", os.urandom(300_000))
    for cut in CUTS:
        cut(drive, "/kept.bin", os.urandom(300_000))
    served.instance.abri("vault", "check", "--deep")


def test_a_killed_worker_leaves_nothing_half_written_and_is_replaced(
    instance: Instance,
) -> None:
    body = os.urandom(500_000)
    with serving(instance, workers=2) as server:
        drive = instance.drive("amina")
        assert drive.put("/old.bin", OLD).status == 201
        killed = {worker.pid for worker in server.workers()}
        uploads = [_half_sent(drive, name, body) for name in ("/old.bin", "/new.bin")]
        until(lambda: len(server.staged()) == 2)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        for upload in uploads:
            assert _finish(upload) is None
            upload.close()
        _until_served(drive)
        assert not killed & {worker.pid for worker in server.workers()}
        assert drive.get("/old.bin").body == OLD
        assert drive.get("/new.bin").status == 404
        assert drive.put("/new.bin", body).status == 201
        assert drive.get("/new.bin").body == body
    instance.abri("vault", "check", "--deep")


def test_a_stop_lets_downloads_finish_and_makes_errors_of_uploads(
    instance: Instance, tmp_path: Path
) -> None:
    instance.set("serving.drain", "10 min")
    body = os.urandom(20_000_000)
    with serving(instance) as server:
        drive = instance.drive("amina")
        assert drive.put("/large.bin", body).status == 201
        assert drive.put("/old.bin", OLD).status == 201
        upload = _half_sent(drive, "/old.bin", body)
        until(lambda: len(server.staged()) == 1)
        download = Connection(drive.caller.port)
        download.send(drive.caller.head("GET", drive.url("/large.bin")))
        assert download.open().recv(1, socket.MSG_PEEK)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert download.answer().body == body
        answer = _finish(upload)
        assert answer is None or answer.status >= 400, answer
        assert server.process.wait(timeout=120) == 0
    with serving(instance):
        assert drive.get("/old.bin").body == OLD
        assert drive.get("/large.bin").body == body
    instance.abri("vault", "check", "--deep")


def _half_sent(drive: Drive, path: str, body: bytes) -> Connection:
    connection = Connection(drive.caller.port)
    connection.send(drive.caller.head("PUT", drive.url(path), body=body) + body[: len(body) // 2])
    return connection


def _until_served(drive: Drive) -> None:
    """The next worker needs a moment to start."""
    deadline = time.monotonic() + 180
    while True:
        try:
            drive.caller.close()
            if drive.propfind("/", "0").status == 207:
                return
        except (Cut, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)
