"""Whoever follows a worker that died: a new process that serves what the server began with."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from davserver.domain.errors import Unavailable
from davserver.serving import successor
from davserver.serving.logs import open_log
from tests.support.cast import Casts
from tests.support.instance import Server, serving
from tests.support.served_process import programs
from tests.support.serving import eventually, get

pytestmark = pytest.mark.server


@pytest.fixture
def server(casts: Casts, tmp_path: Path) -> Iterator[Server]:
    with casts.copy("sqlite", tmp_path / "abri") as instance, serving(instance) as running:
        yield running


def test_a_successor_serves_by_the_settings_of_the_start(server):
    before = server.workers()
    # Half a change to the settings, for the next start: a worker that dies meanwhile meets it.
    server.instance.config.write_text("listen: {port: nonsense")
    for one in before:
        one.send_signal(signal.SIGKILL)
    drive = server.instance.drive("amina", timeout=60)
    assert drive.put("/after.txt", b"after").status == 201
    assert drive.get("/after.txt").body == b"after"
    assert not {one.pid for one in before} & {one.pid for one in server.workers()}


SUCCESSOR = ("abri", "abri serve: a worker")


def test_whoever_lists_processes_knows_what_each_is(server):
    supervisor = psutil.Process(server.process.pid)
    assert eventually(lambda: shown(supervisor) == ("abri", "abri serve: the supervisor"))
    (first,) = supervisor.children()
    first.kill()
    assert eventually(lambda: [shown(one) for one in supervisor.children()] == [SUCCESSOR])


def shown(process: psutil.Process) -> tuple[str, str]:
    """As `top` and `ps` show it: the name, and what stands first in the code that it runs."""
    try:
        name, words = Path(f"/proc/{process.pid}/comm").read_text().strip(), process.cmdline()
    except (OSError, psutil.Error):
        return "", ""
    code = words[words.index("-c") + 1] if "-c" in words else ""
    return name, code.partition(";")[0].strip("'")


def test_each_worker_holds_its_own_port_alone(tmp_path):
    """One that kept another's listening socket would be given connections that it never accepts."""
    with programs(tmp_path) as start:
        program = start("pid", workers=2).wait_until_ready()
        dead = program.workers[0]
        dead.kill()
        assert eventually(lambda: len(set(program.workers) - {dead}) == 2)
        seen = {int(program.ask(get()).split()[0]) for _ in range(40)}
        assert seen == {one.pid for one in program.workers}
        assert [listening(one) for one in program.workers] == [1, 1]


def listening(process: psutil.Process) -> int:
    return sum(one.status == psutil.CONN_LISTEN for one in process.net_connections())


def test_another_abri_does_not_take_over_for_this_one(tmp_path):
    """What was written down by one version would be read by another."""
    told = {"version": "0.0.0", "spec": -1, "listening": -1, "parent": os.getpid()}
    with (
        closing(open_log(tmp_path / "log")) as log,
        pytest.raises(Unavailable, match="restart it"),
    ):
        successor._duty(told, log)
