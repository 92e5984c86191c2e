"""A program that serves: for tests that send it signals. `python -m tests.support.served_program`.

The argument is a JSON object: `listener` (settings), `workers`, `app` (a name below), `folder`
(where the application leaves notes), `thread` (whether one is started first).
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from admin.logs import log_to
from davserver.domain.errors import AbriError, Truncated, Unavailable
from davserver.serving.health import Health
from davserver.serving.settings import Listener
from davserver.serving.worker import Served
from davserver.serving.workers import serve
from tests.support import served_program

Start = Callable[..., Any]


class Apps:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[bytearray] = []

    def note(self, name: str, text: str = "") -> None:
        (self._folder / name).write_text(text)

    def pid(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        start("200 OK", [])
        return [f"{os.getpid()} {environ['wsgi.multiprocess']}".encode()]

    def upload(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        self.note("reading")
        try:
            environ["wsgi.input"].read()
        except Truncated:
            self.note("truncated")
            raise
        self.note("read")
        while environ["PATH_INFO"] == "/slow" and not (self._folder / "go-on").exists():
            time.sleep(0.02)
        self.note("committed")
        start("200 OK", [])
        return [b"stored"]

    def download(self, environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        """As many parts as the path says, 20 a second."""
        count = int(environ["PATH_INFO"].strip("/"))
        start("200 OK", [] if environ["QUERY_STRING"] else [("Content-Length", str(count * 10))])
        for _ in range(count):
            yield b"0123456789"
            time.sleep(0.05)

    def held(self, environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        """As `download`; the second part waits for a note."""
        parts = self.download(environ, start)
        yield next(parts)
        while not (self._folder / "go-on").exists():
            time.sleep(0.02)
        yield from parts

    def stuck(self, _environ: dict[str, Any], _start: Start) -> list[bytes]:
        self.note("stuck")
        time.sleep(60)
        return []

    def listing(self, _environ: dict[str, Any], start: Start) -> list[bytes]:
        """Takes some twenty megabytes and keeps every fiftieth object; says what it had."""
        made = [bytearray(1000) for _ in range(20_000)]
        grown = resident(os.getpid())
        self._kept = made[::50]
        start("200 OK", [])
        return [str(grown).encode()]

    def once(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        return self.pid(environ, start)


def resident(pid: int) -> int:
    """Bytes in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def factory(name: str, folder: Path) -> Served:
    apps = Apps(folder)
    log_to(folder / "log")
    if name == "abri-error":
        raise Unavailable("the database is away")
    if name == "other-error":
        raise ValueError("Jeanne Moreau")
    if name == "exits":
        os._exit(3)
    if name == "once":
        starts = folder / "starts"
        starts.write_text((starts.read_text() if starts.exists() else "") + "x")
        if len(starts.read_text()) > 1:
            raise Unavailable("the database is away")
    return Served(
        getattr(apps, name),
        health=lambda: Health(ok=True, parts={"database": True}),
        close=lambda: apps.note("closed"),
    )


def _listener(told: dict[str, Any]) -> Listener:
    files = {name: Path(told[name]) for name in ("certificate", "key") if name in told}
    return Listener(**(told | files))


def main() -> int:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    settings = {"host": "127.0.0.1", "port": 0, "plain_http": True, "threads": 4}
    if asked.get("thread"):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
    try:
        return serve(
            # By the name under which a new process finds it: `__main__` would be another there.
            partial(served_program.factory, asked["app"], folder),
            _listener(settings | asked.get("listener", {})),
            workers=asked.get("workers", 1),
            log_path=folder / "log",
        )
    except (AbriError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
