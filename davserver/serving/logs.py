"""What the server writes down: numbers and words of its own, never what a client sent.

No path, name, query, header, address or exception text: any of them can carry a person's name.
"""

import ipaddress
import json
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from typing import NamedTuple, TextIO

from davserver.domain.instants import to_microsecond

METHODS = frozenset(
    {
        "GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PROPFIND", "PROPPATCH", "MKCOL",
        "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PATCH",
    }
)  # fmt: skip
"""Methods that are logged by name; any other word is the client's own and becomes "other"."""

FRAMES = 8
"""Code locations kept of an error, innermost last."""

_ENCODE = json.JSONEncoder().encode
Value = str | int | float | bool | list[str]


class Answered(NamedTuple):
    """A request and what became of it: numbers, and words of ours that JSON has not to escape."""

    request: str
    method: str
    status: int
    received: int
    sent: int
    ms: float
    pid: int
    network: str
    cut: str


class Log:
    """JSON lines, one per event. Safe to share between threads, and between forked processes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def info(self, event: str, **values: Value) -> None:
        self._write("info", event, values)

    def warning(self, event: str, **values: Value) -> None:
        self._write("warning", event, values)

    def failure(self, event: str, error: BaseException, **values: Value) -> None:
        """An error by class and code location only."""
        self._write("error", event, {**describe(error), **values})

    def answered(self, one: Answered) -> None:
        """The line of each request, written without the encoder: a tenth of the time."""
        self._append(
            f'{{"request": "{one.request}", "method": "{one.method}", "status": {one.status}, '
            f'"received": {one.received}, "sent": {one.sent}, "ms": {one.ms:.1f}, '
            f'"pid": {one.pid}, "network": "{one.network}", "cut": "{one.cut}", '
            f'"event": "request", "level": "info", "timestamp": "{_now()}"}}\n'
        )

    def _write(self, level: str, event: str, values: Mapping[str, Value]) -> None:
        line = {**values, "event": event, "level": level, "timestamp": _now()}
        self._append(_ENCODE(line) + "\n")

    def _append(self, text: str) -> None:
        with self._turn:
            # In one piece: the lines of several processes must not mix.
            self._stream.write(text)
            self._stream.flush()

    def close(self) -> None:
        """Closes the file that `open_log` opened."""
        if self._stream is not sys.stderr:
            self._stream.close()


def _now() -> str:
    return to_microsecond(datetime.now(UTC))  # noqa: TID251 — of the line itself


def open_log(path: Path | None = None) -> Log:
    """Lines go to the end of that file (made 0600 if new), or to standard error. Raises OSError."""
    if path is None:
        return Log(sys.stderr)
    path.touch(mode=0o600)
    return Log(path.open("a", encoding="utf-8", buffering=1))


def describe(error: BaseException) -> Mapping[str, Value]:
    """The classes of an error and its causes, and where in the code the first was raised."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < FRAMES:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    places = [
        f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{line}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return {"error": kinds[0], "causes": kinds[1:], "where": places[-FRAMES:]}


def network_class(address: str) -> str:
    """Where a client is, coarsely: loopback, private, public or unknown."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_loopback:
        return "loopback"
    return "private" if ip.is_private or ip.is_link_local else "public"


class Complaints:
    """`wsgi.errors`: counts what the application writes there and keeps none of it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._lines = 0

    def write(self, text: str) -> int:
        with self._lock:
            self._lines += text.count("\n")
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, 0
        if lines:
            self._log.warning("application-complaint", lines=lines)
