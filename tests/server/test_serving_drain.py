"""The end of a server: downloads may finish, uploads end as errors, nothing is left behind."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.http import Connection, Cut
from tests.support.served_process import Program, programs, refuses
from tests.support.serving import eventually, get, request

pytestmark = pytest.mark.server


@pytest.fixture
def start(tmp_path):
    with programs(tmp_path) as begin:
        yield begin


@contextmanager
def running_upload(program: Program, path: str = "/") -> Iterator[Connection]:
    with program.connect() as connection:
        connection.send(request("PUT", path, "Content-Length: 1000") + b"x" * 500)
        assert program.has("reading")
        yield connection


@pytest.mark.parametrize("query", ["", "?chunked"])
def test_a_running_download_may_finish(start, query):
    program = start("held", listener={"drain_seconds": 600}).wait_until_ready()
    with program.connect() as connection:
        connection.send(get(f"/30{query}"))
        connection.open().recv(1, socket.MSG_PEEK)
        program.signal(signal.SIGTERM)
        assert eventually(lambda: refuses(program.port))
        assert program.process.poll() is None
        (program.folder / "go-on").touch()
        whole = b"".join(iter(lambda: connection.open().recv(4096), b""))
    assert whole.count(b"0123456789") == 30
    assert whole.endswith(b"0\r\n\r\n" if query else b"0123456789")
    assert program.end() == 0


@pytest.mark.parametrize("query", ["", "?chunked"])
def test_a_download_beyond_the_drain_time_is_visibly_broken_off(start, query):
    program = start("download", listener={"drain_seconds": 0.3}).wait_until_ready()
    with program.connect() as connection:
        connection.send(get(f"/10000{query}"))
        connection.open().recv(1, socket.MSG_PEEK)
        program.signal(signal.SIGTERM)
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()
    assert program.end() == 0
    assert [line["broken_off"] for line in program.log() if "broken_off" in line] == [1]


def test_a_running_upload_is_cut_as_an_error_and_nothing_is_committed(start):
    program = start("upload").wait_until_ready()
    with running_upload(program) as connection:
        program.signal(signal.SIGTERM)
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (503, "close")
    assert program.end() == 0
    assert program.has("truncated")
    assert not (program.folder / "committed").exists()


def test_an_upload_that_keeps_sending_is_cut_too(start):
    program = start("upload").wait_until_ready()
    with program.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 100000000000"))
        stop = threading.Event()

        def send() -> None:
            while not stop.is_set():
                try:
                    connection.open().send(b"x" * 10_000)
                except OSError:
                    return

        sender = threading.Thread(target=send)
        sender.start()
        assert program.has("reading")
        program.signal(signal.SIGTERM)
        assert program.end() == 0
        stop.set()
        sender.join()
    assert not (program.folder / "committed").exists()


def test_an_upload_that_was_read_whole_is_committed_and_answered(start):
    program = start("upload").wait_until_ready()
    with running_upload(program, "/slow") as connection:
        connection.send(b"x" * 500)
        assert program.has("read")
        program.signal(signal.SIGTERM)
        assert eventually(lambda: refuses(program.port))
        (program.folder / "go-on").touch()
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (200, "close")
    assert program.end() == 0
    assert (program.folder / "committed").exists()


def test_a_second_interrupt_exits_at_once(start):
    patient = {"drain_seconds": 600}
    program = start("download", workers=2, listener=patient).wait_until_ready()
    with program.connect() as connection:
        connection.send(get("/10000"))
        connection.open().recv(1, socket.MSG_PEEK)
        program.signal(signal.SIGINT)
        assert eventually(lambda: refuses(program.port))
        workers = program.workers
        program.signal(signal.SIGINT)
        assert program.end() == 130
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()
    assert not any(one.is_running() and one.status() != "zombie" for one in workers)


def test_a_leaving_server_still_serves_and_says_so(start):
    program = start("pid", listener={"leaving_seconds": 600}).wait_until_ready()

    def told() -> tuple[int, str]:
        with program.connect() as connection:
            connection.send(get("/healthz"))
            answer = connection.answer()
            return answer.status, json.loads(answer.text())["status"]

    assert told() == (200, "ok")
    program.signal(signal.SIGTERM)
    assert eventually(lambda: told() == (503, "leaving"))
    assert program.ask(get())
    assert program.process.poll() is None


def test_a_leaving_server_ends_when_it_has_said_so_for_long_enough(start):
    program = start("pid", listener={"leaving_seconds": 0.3}).wait_until_ready()
    program.signal(signal.SIGTERM)
    assert program.end() == 0
