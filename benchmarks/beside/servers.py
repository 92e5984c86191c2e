"""A server of the comparison: how it is made ready, started and stopped, and what it uses."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.beside.client import Ask, Line, Place
from benchmarks.beside.replies import Wrong

MIB = 1 << 20
FIRST_ANSWER = 60.0
"""Seconds after which a server that does not answer is given up."""
_STOPPED = 15
_ROOT = Ask("PROPFIND", "/", (207,), (("Depth", "0"),))


@dataclass(frozen=True, slots=True)
class Room:
    """What a server is given: a folder of its own, a port, and the person who asks."""

    folder: Path
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A server as the table knows it. `ready` writes what `command` needs, and may run again; it is
    not timed. `base` is where the drive is.
    """

    label: str
    words: str
    ready: Callable[[Room], None]
    command: Callable[[Room], Sequence[str | Path]]
    base: str = "/"
    tls: bool = False
    also: Callable[[], Sequence[int]] = tuple
    """Processes that belong to it and are not its children, such as a database."""


@dataclass(slots=True)
class Site:
    """One server at work."""

    kind: Kind
    room: Room
    faults: dict[str, str] = field(default_factory=dict)
    """What went wrong, by work."""
    line: Line = field(init=False)
    _process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.line = Line(self.place)

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def place(self) -> Place:
        room = self.room
        return Place(room.port, room.user, room.password, tls=self.kind.tls)

    def at(self, path: str) -> str:
        return self.kind.base + path

    def make_ready(self) -> None:
        self.room.folder.mkdir(parents=True, exist_ok=True)
        self.kind.ready(self.room)

    def start(self) -> float:
        """Seconds until the first right answer to somebody who is signed in."""
        words = [str(word) for word in self.kind.command(self.room)]
        begun = time.perf_counter()
        with (self.room.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.room.folder,
                start_new_session=True,
            )  # fmt: skip
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - begun > FIRST_ANSWER:
                log_text = (self.room.folder / "server.log").read_text(errors="replace")
                raise Wrong(f"it did not start:\n{log_text[-2000:]}")
            time.sleep(0.002)
        return time.perf_counter() - begun

    def _answers(self) -> bool:
        try:
            with Line(self.place) as line:
                line.ask(Ask(_ROOT.method, self.at(""), _ROOT.fine, _ROOT.headers))
        except (OSError, Wrong):
            return False
        return True

    def stop(self) -> None:
        self.line.close()
        process, self._process = self._process, None
        if process is None:
            return
        family = _family(process.pid)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=_STOPPED)
        for one in left:
            one.kill()
        process.wait(_STOPPED)

    # ── what it uses ────────────────────────────────────────────────────────────────────────────

    def processes(self) -> list[psutil.Process]:
        roots = [] if self._process is None else [self._process.pid, *self.kind.also()]
        return [one for root in roots for one in _family(root)]

    def processor(self) -> float:
        """Seconds of it so far, with those of children that have ended."""
        total = 0.0
        for one in self.processes():
            try:
                used = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
        return total

    def forget_peak(self) -> None:
        """From here on, `peak` is anew. proc(5), clear_refs."""
        for one in self.processes():
            try:
                Path(f"/proc/{one.pid}/clear_refs").write_text("5")
            except OSError:
                continue

    def peak(self) -> float:
        """MiB; what processes share counts for each of them."""
        return sum(_peak_kib(one.pid) for one in self.processes()) / 1024


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _peak_kib(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
