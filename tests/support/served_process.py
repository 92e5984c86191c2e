"""Starts `tests.support.served_program`, talks to it, and cleans up after it."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support.http import Connection
from tests.support.serving import eventually

Start = Callable[..., "Program"]


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

    def connect(self, *, tls: bool = False) -> Connection:
        return Connection(self.port, tls=tls, timeout=60)

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

    def end(self, within: float = 60) -> int:
        return self.process.wait(within)

    def clean_up(self) -> None:
        workers = self.workers if self.process.poll() is None else []
        self.process.kill()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        self.process.communicate()


@contextmanager
def programs(folder: Path) -> Iterator[Start]:
    """Starts programs on demand; none survives."""
    started: list[Program] = []

    def begin(app: str, **asked: Any) -> Program:
        started.append(Program(folder, app, **asked))
        return started[-1]

    try:
        yield begin
    finally:
        for one in started:
            one.clean_up()


def refuses(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0
