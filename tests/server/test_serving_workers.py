"""Workers: started together, replaced when they die, drained on SIGTERM, never left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.http import Connection, Cut
from tests.support.serving import eventually, get, is_closed_by_server, request

pytestmark = pytest.mark.server


class Program:
    """A server in its own process."""

    def __init__(self, folder: Path, app: str, **asked: Any) -> None:
        self.folder = folder
        argument = json.dumps({"folder": str(folder), "app": app, **asked})
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.served_program", argument],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = 0
        self.line = ""

    def wait_until_ready(self) -> "Program":
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        found = re.search(r":(\d+) ", self.line)
        assert found, self.line + self.process.stderr.read()
        self.port = int(found[1])
        return self

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def connect(self) -> Connection:
        return Connection(self.port, timeout=10)

    def ask(self, data: bytes) -> str:
        with self.connect() as connection:
            connection.send(data)
            return connection.answer().text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def has(self, note: str) -> bool:
        return eventually((self.folder / note).exists)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def end(self, within: float = 15) -> int:
        return self.process.wait(within)

    def clean_up(self) -> None:
        workers = self.workers if self.process.poll() is None else []
        self.process.kill()
        self.process.communicate()
        for worker in workers:
            if worker.is_running():
                worker.kill()


@pytest.fixture
def start(tmp_path) -> Iterator[Any]:
    programs = []

    def begin(app: str, **asked: Any) -> Program:
        programs.append(Program(tmp_path, app, **asked))
        return programs[-1]

    yield begin
    for program in programs:
        program.clean_up()


@contextmanager
def running_upload(program: Program, path: str = "/") -> Iterator[Connection]:
    with program.connect() as connection:
        connection.send(request("PUT", path, "Content-Length: 1000") + b"x" * 500)
        assert program.has("reading")
        yield connection


def test_one_line_when_all_are_ready_and_every_worker_serves(start):
    began = time.monotonic()
    program = start("pid", workers=3).wait_until_ready()
    assert time.monotonic() - began < 5
    assert program.line == f"Abri is ready on http://127.0.0.1:{program.port} (3 workers)\n"
    pids = {str(one.pid) for one in program.workers}
    assert len(pids) == 3
    seen = set()
    for _ in range(200):
        pid, multiprocess = program.ask(get()).split()
        seen.add(pid)
        assert multiprocess == "True"
        if seen == pids:
            break
    assert seen == pids


def test_one_worker_runs_under_the_same_supervisor(start):
    program = start("pid").wait_until_ready()
    assert program.line.endswith("(1 worker)\n")
    pid, multiprocess = program.ask(get()).split()
    assert int(pid) != program.process.pid
    assert multiprocess == "False"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_an_idle_server_at_once(start, number):
    program = start("pid", workers=2).wait_until_ready()
    with program.connect() as idle:
        idle.send(get())
        idle.answer()
        began = time.monotonic()
        program.signal(number)
        assert program.end() == 0
        assert time.monotonic() - began < 3
        assert is_closed_by_server(idle)
    assert program.has("closed")
    with pytest.raises(ConnectionError):
        program.ask(get())


@pytest.mark.parametrize("query", ["", "?chunked"])
def test_a_running_download_may_finish(start, query):
    program = start("download").wait_until_ready()
    with program.connect() as connection:
        connection.send(get(f"/30{query}"))
        connection.open().recv(200)
        program.signal(signal.SIGTERM)
        assert eventually(lambda: _refuses(program.port))
        assert program.process.poll() is None
        rest = b""
        while piece := connection.open().recv(4096):
            rest += piece
    assert rest.count(b"0123456789") >= 28
    assert rest.endswith(b"0\r\n\r\n" if query else b"0123456789")
    assert program.end() == 0


def _refuses(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("query", ["", "?chunked"])
def test_a_download_beyond_the_drain_time_is_visibly_broken_off(start, query):
    program = start("download", listener={"drain_seconds": 0.3}).wait_until_ready()
    with program.connect() as connection:
        connection.send(get(f"/200{query}"))
        connection.open().recv(1, socket.MSG_PEEK)
        program.signal(signal.SIGTERM)
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()
    assert program.end(within=8) == 0
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
        began = time.monotonic()
        program.signal(signal.SIGTERM)
        assert program.end() == 0
        assert time.monotonic() - began < 8
        stop.set()
        sender.join()
    assert not (program.folder / "committed").exists()


def test_an_upload_that_was_read_whole_is_committed_and_answered(start):
    program = start("upload").wait_until_ready()
    with running_upload(program, "/slow") as connection:
        connection.send(b"x" * 500)
        assert program.has("read")
        program.signal(signal.SIGTERM)
        assert eventually(lambda: _refuses(program.port))
        (program.folder / "go-on").touch()
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (200, "close")
    assert program.end() == 0
    assert (program.folder / "committed").exists()


def test_a_second_interrupt_exits_at_once(start):
    program = start("download", workers=2).wait_until_ready()
    with program.connect() as connection:
        connection.send(get("/1000"))
        connection.open().recv(1, socket.MSG_PEEK)
        program.signal(signal.SIGINT)
        assert eventually(lambda: _refuses(program.port))
        workers = program.workers
        program.signal(signal.SIGINT)
        assert program.end(within=3) == 130
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()
    assert not any(one.is_running() and one.status() != "zombie" for one in workers)


@pytest.mark.slow
def test_an_application_that_never_ends_does_not_keep_the_server_from_ending(start):
    program = start("stuck", listener={"drain_seconds": 0.2}).wait_until_ready()
    with program.connect() as connection:
        connection.send(get())
        assert program.has("stuck")
        program.signal(signal.SIGTERM)
        assert program.end(within=25) == 0
    assert "worker-killed" in [line["event"] for line in program.log()]


def test_a_killed_worker_is_replaced_and_the_others_go_on(start):
    program = start("pid", workers=2).wait_until_ready()
    before = {one.pid for one in program.workers}
    with program.connect() as kept:
        kept.send(get())
        mine = int(kept.answer().text().split()[0])
        (other,) = before - {mine}
        os.kill(other, signal.SIGKILL)
        assert eventually(lambda: len({one.pid for one in program.workers} - before) == 1)
        kept.send(get())
        assert int(kept.answer().text().split()[0]) == mine
    seen = {int(program.ask(get()).split()[0]) for _ in range(40)}
    assert other not in seen
    assert len(seen) == 2
    assert [line["code"] for line in program.log() if line["event"] == "worker-died"] == [-9]
    program.signal(signal.SIGTERM)
    assert program.end() == 0


def test_connections_wait_and_are_not_lost_while_a_worker_is_replaced(start):
    program = start("pid").wait_until_ready()
    (worker,) = program.workers
    worker.suspend()
    with program.connect() as early:
        early.send(get())
        worker.kill()
        assert early.answer().status == 200


def test_workers_end_when_their_supervisor_is_killed(start):
    program = start("pid", workers=2).wait_until_ready()
    workers = program.workers
    program.process.kill()
    program.process.wait()
    assert eventually(lambda: not any(one.is_running() for one in workers))
    assert _refuses(program.port)


def test_a_worker_that_cannot_start_again_ends_the_server_loudly(start):
    program = start("once").wait_until_ready()
    program.workers[0].kill()
    assert program.end(within=20) == 1
    events = [line["event"] for line in program.log()]
    assert events.count("worker-failed") == 5
    assert "gave-up" in events


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("abri-error", "Unavailable: the server could not start: the database is away"),
        ("other-error", "Unavailable: the server could not start: ValueError"),
        ("exits", "Unavailable: the server could not start: see the log"),
    ],
)
def test_a_server_that_cannot_start_says_why(start, app, says):
    program = start(app, workers=2)
    assert program.end(within=10) == 2
    assert program.process.stdout.read() == ""
    errors = program.process.stderr.read()
    assert says in errors
    assert "Jeanne" not in errors + (program.folder / "log").read_text()


def test_a_taken_port_is_a_clear_error_even_for_a_second_abri(start):
    first = start("pid", workers=2).wait_until_ready()
    second = start("pid", workers=2, listener={"port": first.port})
    assert second.end(within=10) == 2
    assert f"127.0.0.1:{first.port} is already in use" in second.process.stderr.read()
    assert first.ask(get())


def test_plain_http_beyond_this_machine_is_refused(start):
    program = start("pid", listener={"host": "0.0.0.0"})
    assert program.end(within=10) == 2
    assert "plain HTTP is for this machine only" in program.process.stderr.read()


def test_serving_from_a_process_with_threads_is_refused(start):
    program = start("pid", thread=True)
    assert program.end(within=10) == 2
    assert "before any thread" in program.process.stderr.read()


def test_a_leaving_server_still_serves_and_says_so(start):
    program = start("pid", listener={"leaving_seconds": 1.0}).wait_until_ready()
    assert json.loads(program.ask(get("/healthz")))["status"] == "ok"
    program.signal(signal.SIGTERM)
    time.sleep(0.3)
    with program.connect() as connection:
        connection.send(get("/healthz"))
        answer = connection.answer()
        assert (answer.status, json.loads(answer.text())["status"]) == (503, "leaving")
    assert program.ask(get())
    assert program.end() == 0
