"""What of a driver's cursor `davserver.db.prepared` uses, on libpq itself."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from psycopg import pq

from davserver.db.prepared import Check


class Asked(Protocol):
    """Whoever gives statements to libpq: `davserver.db.postgres.wire.Wire`."""

    @property
    def transformer(self) -> Any: ...

    def execute(self, sql: str, values: Iterable[Any]) -> Any: ...

    def post(self, sql: str, values: Iterable[Any], check: Check | None = None) -> None: ...

    def flush(self) -> None: ...


class Cursor:
    """As a driver's, for one statement."""

    __slots__ = ("_next", "_result", "_wire", "check")

    def __init__(self, wire: Asked) -> None:
        self._wire = wire
        self.check: Check | None = None
        """Looks at what comes of each of several."""
        self._result: Any = None
        self._next = 0

    def execute(self, sql: str, values: Iterable[Any]) -> None:
        self._result = self._wire.execute(sql, values)

    def executemany(self, sql: str, several: Iterable[Iterable[Any]]) -> None:
        """Nobody is told how many rows that were: so nobody waits."""
        for values in several:
            self._wire.post(sql, values, self.check)

    def hurry(self) -> None:
        """What nobody waits for is done while we go on, and not when something is waited for."""
        self._wire.flush()

    @property
    def rowcount(self) -> int:
        return self._result.command_tuples or 0

    @property
    def description(self) -> Sequence[Sequence[str]]:
        return [(self._result.fname(at).decode(),) for at in range(self._result.nfields)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(self._result.ntuples)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        begin, end = self._next, min(self._next + size, self._result.ntuples)
        if begin == end:
            return []
        self._next = end
        # Anew each time: another cursor of this connection may have read in between.
        transformer = self._wire.transformer
        transformer.set_pgresult(self._result, set_loaders=True, format=pq.Format.BINARY)
        rows: list[tuple[Any, ...]] = transformer.load_rows(begin, end, tuple)
        return rows
