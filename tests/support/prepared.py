"""The `abri` command as a process of its own that starts at once: forked from one that has imported
Abri already (tests/support/prepared_program.py). Each test process keeps one of these.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_LONGEST = 120
BASE = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
"""The environment of each command. Where one needs another, start a process from nothing: some of
it is read while modules are imported.
"""


class Started:
    """A command that runs, asked and told as `subprocess.Popen`."""

    def __init__(self, words: Sequence[str], told: int) -> None:
        self._words = words
        self._told = told
        self._heard = b""
        self.returncode: int | None = None
        self._hear(1, _LONGEST)
        self.pid = int(self._heard.split(b"\n")[0])

    def poll(self) -> int | None:
        if self.returncode is None and self._hear(2, 0):
            self.returncode = int(self._heard.split(b"\n")[1])
            os.close(self._told)
        return self.returncode

    def wait(self, timeout: float = _LONGEST) -> int:
        """Raises TimeoutExpired."""
        if self.poll() is None and not self._hear(2, timeout):
            raise subprocess.TimeoutExpired(self._words, timeout)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _hear(self, lines: int, timeout: float) -> bool:
        """Whether so many lines are here, after that many seconds at most."""
        end = time.monotonic() + timeout
        while self._heard.count(b"\n") < lines:
            left = max(0.0, end - time.monotonic())
            if not select.select([self._told], [], [], left)[0]:
                return False
            more = os.read(self._told, 64)
            if not more:
                raise ChildProcessError("the process that starts commands is gone")
            self._heard += more
        return True


class _Starter:
    """The process that commands are forked from."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.prepared_program"],
                stdin=theirs, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2], env=BASE,
            )  # fmt: skip
        atexit.register(self._end)

    def start(self, words: Sequence[str], folder: Path | None, standard: Sequence[int]) -> Started:
        order = {"words": words, "folder": folder and str(folder)}
        heard, told = os.pipe()
        try:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [*standard, told])
        finally:
            os.close(told)
        return Started(words, heard)

    def _end(self) -> None:
        self._orders.close()
        self._process.wait(timeout=_LONGEST)


_turn = threading.Lock()
_starters: list[_Starter] = []


def start(words: Sequence[str], output: IO[bytes]) -> Started:
    """In the background, with nothing to read."""
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 — a device
        standard = (nothing.fileno(), output.fileno(), output.fileno())
        return _starter().start(words, None, standard)


def run(
    words: Sequence[str], *, given: str = "", folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Until it ends, without a terminal, with `given` to read. Raises TimeoutExpired."""
    with _memory(given) as reads, _memory() as prints, _memory() as complains:
        standard = (reads.fileno(), prints.fileno(), complains.fileno())
        started = _starter().start(words, folder, standard)
        try:
            code = started.wait()
        finally:
            started.kill()
        out, err = (_all_of(one) for one in (prints, complains))
        return subprocess.CompletedProcess(list(words), code, out, err)


def _starter() -> _Starter:
    with _turn:
        if not _starters:
            _starters.append(_Starter())
        return _starters[0]


def _memory(text: str = "") -> IO[bytes]:
    file = os.fdopen(os.memfd_create("abri"), "w+b")
    file.write(text.encode())
    file.seek(0)
    return file


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
