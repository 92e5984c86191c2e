"""The drive's application in the test's own process: whole requests, and what they cost."""

import io
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from davserver.config import load
from davserver.dav.app import make_app
from davserver.db.database import Database
from davserver.wiring.services import Services, build
from tests.support.http import basic
from tests.support.instance import Instance


@dataclass
class Cost:
    """What was asked of the database: each statement with the values of its last run, and how
    often it ran; on SQLite also how many steps its machine took, which grow with what is looked at.
    """

    statements: Counter[str] = field(default_factory=Counter)
    values: dict[str, Any] = field(default_factory=dict)
    steps: int = 0


@contextmanager
def counted(db: Database) -> Iterator[Cost]:
    cost = Cost()
    walked: set[sqlite3.Connection] = set()

    def step() -> int:
        cost.steps += 1
        return 0

    def note(_tx: Any, cursor: Any, statement: str, values: Any, *more: Any) -> None:
        _, several = more
        cost.statements[statement] += 1
        cost.values[statement] = values[0] if several else values
        if isinstance(cursor, sqlite3.Cursor):
            walked.add(cursor.connection)
            cursor.connection.set_progress_handler(step, 1)

    engines = db.engines()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield cost
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        for one in walked:
            one.set_progress_handler(None, 0)


@dataclass
class Front:
    """An instance's drive, called and not served."""

    instance: Instance
    services: Services

    def __post_init__(self) -> None:
        self._app = make_app(self.services)

    def ask(
        self, login: str, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body. Names of headers are written with `_`."""
        return self.asked(basic(login, self.instance.passwords[login]), method, path, body, headers)

    def asked(
        self,
        authorization: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        address: str = "127.0.0.1",
    ) -> tuple[int, dict[str, str], bytes]:
        """As `ask`, by whoever says so and comes from there."""
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "REQUEST_URI": path, "RAW_URI": path,
            "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": address, "REMOTE_PORT": "1", "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http",
            "HTTP_AUTHORIZATION": authorization,
            "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
            "wsgi.errors": sys.stderr, "abri.request_id": "a-request",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }  # fmt: skip

        def start(status: str, given: list[tuple[str, str]], _error: Any = None) -> Any:
            told[:] = [int(status[:3]), dict(given)]
            return lambda _: None

        answer = self._app(environ, start)
        try:
            content = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return told[0], told[1], content


@contextmanager
def front_of(instance: Instance) -> Iterator[Front]:
    services = build(load(instance.config))
    try:
        yield Front(instance, services)
    finally:
        services.close()


@contextmanager
def calls() -> Iterator[Counter[str]]:
    """How many functions this thread calls, in Python and in C: what a time would say, whatever
    else the machine does.
    """
    counted: Counter[str] = Counter()

    def note(_frame: Any, what: str, _argument: Any) -> None:
        counted[what] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield counted
    finally:
        sys.setprofile(before)
