"""What connections say to their database, listened to at the driver itself."""

import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any


class Heard:
    """Of the connections that it was told to listen to, until the first answer."""

    def __init__(self, file: Path) -> None:
        """`file` is for libpq, which writes down every message."""
        self._file = file.open("a")
        self._said: list[str] = []
        self._traced: list[Any] = []

    def listen(self, raw: Any) -> None:
        if isinstance(raw, sqlite3.Connection):
            raw.set_trace_callback(self._said.append)
        else:
            raw.pgconn.trace(self._file.fileno())
            self._traced.append(raw.pgconn)

    def forget(self) -> None:
        """What was heard until now."""
        for one in self._traced:
            one.untrace()
        self._file.truncate(0)
        for one in self._traced:
            one.trace(self._file.fileno())
        self._said.clear()

    def close(self) -> None:
        self._file.close()

    def count(self, word: str) -> int:
        """How often a transaction ended with COMMIT or with ROLLBACK."""
        ended = [f'CommandComplete\t "{word}"' in line for line in self._lines()]
        return self._said.count(word) + sum(ended)

    def round_trips(self) -> int:
        """How often PostgreSQL's answer came before something else was said."""
        ways = [line.split("\t")[1] for line in self._lines()]
        return sum(one + next_one == "FB" for one, next_one in pairwise(ways))

    def _lines(self) -> list[str]:
        while self._traced:
            # libpq keeps what it has not yet written.
            self._traced.pop().untrace()
        return Path(self._file.name).read_text().splitlines()
