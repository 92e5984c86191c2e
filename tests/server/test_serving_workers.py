"""Workers: started together, replaced when they die, drained on SIGTERM, never left behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from davserver.serving.worker import PARENT_LOOK_SECONDS
from tests.support.served_process import programs, refuses
from tests.support.served_program import resident
from tests.support.serving import eventually, get, is_closed_by_server

pytestmark = pytest.mark.server


@pytest.fixture
def start(tmp_path):
    with programs(tmp_path) as begin:
        yield begin


def test_one_line_when_all_are_ready_and_every_worker_serves(start):
    program = start("pid", workers=3).wait_until_ready()
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


def test_what_a_long_answer_took_is_given_back_while_the_worker_lives_on(start):
    program = start("listing").wait_until_ready()
    (worker,) = program.workers
    grown = int(program.ask(get()))
    assert eventually(lambda: resident(worker.pid) < grown - 10 * 1024 * 1024)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_an_idle_server_at_once(start, number):
    patient = {"drain_seconds": 600, "idle_seconds": 600, "linger_seconds": 600}
    program = start("pid", workers=2, listener=patient).wait_until_ready()
    with program.connect() as idle:
        idle.send(get())
        idle.answer()
        program.signal(number)
        assert program.end() == 0
        assert is_closed_by_server(idle)
    assert program.has("closed")
    with pytest.raises(ConnectionError):
        program.ask(get())


@pytest.mark.slow
def test_an_application_that_never_ends_does_not_keep_the_server_from_ending(start):
    program = start("stuck", listener={"drain_seconds": 0.2}).wait_until_ready()
    with program.connect() as connection:
        connection.send(get())
        assert program.has("stuck")
        program.signal(signal.SIGTERM)
        assert program.end() == 0
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


@pytest.mark.slow
def test_a_server_that_was_held_for_a_while_goes_on_with_the_same_workers(start):
    """A paused container: workers took the end of it for an order to stop, and cut transfers."""
    program = start("pid", workers=2).wait_until_ready()
    held = [program.process, *program.workers]
    before = {one.pid for one in program.workers}
    for one in held:
        one.send_signal(signal.SIGSTOP)
    time.sleep(2 * PARENT_LOOK_SECONDS)
    for one in held:
        one.send_signal(signal.SIGCONT)
    time.sleep(PARENT_LOOK_SECONDS)
    assert int(program.ask(get()).split()[0]) in before
    assert {one.pid for one in program.workers} == before
    assert "worker-stopped" not in [line["event"] for line in program.log()]


def test_connections_wait_and_are_not_lost_while_a_worker_is_replaced(start):
    program = start("pid").wait_until_ready()
    (worker,) = program.workers
    worker.suspend()
    assert eventually(lambda: _stand_still(worker.pid)), "or one of its threads accepts it yet"
    with program.connect() as early:
        early.send(get())
        worker.kill()
        assert early.answer().status == 200


def _stand_still(pid: int) -> bool:
    """All threads of a process that was stopped: each stops by itself."""
    stats = [(one / "stat").read_text() for one in Path(f"/proc/{pid}/task").iterdir()]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def test_workers_end_when_their_supervisor_is_killed(start):
    program = start("pid", workers=2).wait_until_ready()
    workers = program.workers
    program.process.kill()
    program.process.wait()
    assert eventually(lambda: not any(one.is_running() for one in workers))
    assert refuses(program.port)


def test_a_worker_that_cannot_start_again_ends_the_server_loudly(start):
    program = start("once").wait_until_ready()
    program.workers[0].kill()
    assert program.end() == 1
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
    assert program.end() == 2
    assert program.process.stdout.read() == ""
    errors = program.process.stderr.read()
    assert says in errors
    assert "Jeanne" not in errors + (program.folder / "log").read_text()


def test_a_taken_port_is_a_clear_error_even_for_a_second_abri(start):
    first = start("pid", workers=2).wait_until_ready()
    second = start("pid", workers=2, listener={"port": first.port})
    assert second.end() == 2
    assert f"127.0.0.1:{first.port} is already in use" in second.process.stderr.read()
    assert first.ask(get())


def test_plain_http_beyond_this_machine_is_refused(start):
    program = start("pid", listener={"host": "0.0.0.0"})
    assert program.end() == 2
    assert "plain HTTP is for this machine only" in program.process.stderr.read()


def test_serving_from_a_process_with_threads_is_refused(start):
    program = start("pid", thread=True)
    assert program.end() == 2
    assert "before any thread" in program.process.stderr.read()
