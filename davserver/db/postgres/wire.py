"""Statements of PostgreSQL given to libpq itself, each prepared once per connection.

A cursor of psycopg costs 17 to 40 µs of Python for each statement, libpq 6; and psycopg asks for
text, in which every byte of a content comes as two. Transactions are begun and ended here too; for
psycopg and SQLAlchemy the connection is in autocommit mode, and what goes through them is part of
the transaction all the same.
"""

import select
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from davserver.db.aside import waiting
from davserver.db.dependencies import may_move, may_turn, may_write
from davserver.db.failures import RETRYABLE, Retry
from davserver.db.postgres.prefetched import Prefetched
from davserver.db.postgres.wire_cursor import Cursor
from davserver.db.postgres.wire_values import all_dumped
from davserver.db.prepared import Check

_BINARY = pq.Format.BINARY
_GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY})

_MOST = 512
"""Statements that a connection keeps prepared: all that requests use, and some to spare. Paths of
ever other lengths would fill the database's memory: each is another statement.
"""


class Wire:
    """Of one connection, which one thread at a time uses. Raises the driver's errors."""

    __slots__ = (
        "_earlier",
        "_names",
        "_patiently",
        "_pg",
        "_posted",
        "_socket",
        "ahead",
        "driver",
        "moves",
        "prefetched",
        "transformer",
        "turns",
        "writes",
    )  # fmt: skip

    def __init__(self, driver: "psycopg.Connection[Any]") -> None:
        self.driver = driver
        self.transformer = Transformer(driver)
        self._pg = driver.pgconn
        self._names: dict[str, tuple[bytes, bool, bool]] = {}
        """Of each prepared statement, and whether it may change a row, and move a counter."""
        self._posted: list[Check | None] = []
        """Of each statement under way, who looks at its result."""
        self._earlier = 0
        """As many of them belong to the work of others, which is over."""
        self._patiently = False
        """Whether one of them may wait for others for long."""
        self.prefetched = Prefetched()
        self.writes = self.moves = self.turns = 0
        """How many statements were sent that may have changed a row; moved a counter of what is
        remembered; and are likely to have moved that of folders.
        """
        self.ahead: Callable[[], None] | None = None
        """Posts what has to go ahead of whatever is asked next."""
        self._socket: select.poll | None = None

    def cursor(self) -> Cursor:
        return Cursor(self)

    @property
    def is_idle(self) -> bool:
        """Whether no transaction is open."""
        return self._pg.transaction_status == pq.TransactionStatus.IDLE

    @property
    def is_in_order(self) -> bool:
        """Whether one is, and can go on."""
        return self._pg.transaction_status == pq.TransactionStatus.INTRANS

    @property
    def is_sure(self) -> bool:
        """Whether what is under way is done, or an error: it may be committed with it."""
        return all(check is None or check.of_errors for check in self._posted)

    # ── and wait ────────────────────────────────────────────────────────────────────────────────

    def say(self, words: bytes) -> Any:
        """One message, of one or more statements without values. Gives the last one's result."""
        if not self._posted:
            return self._good(self._pg.exec_(words))
        self._pg.send_query_params(words, [])
        self._posted.append(None)
        return self._received()

    def execute(self, sql: str, values: Iterable[Any]) -> Any:
        """The result of `sql`, in which the values stand as $1, $2 and so on."""
        prefetched = self.prefetched.take(sql, values)
        if prefetched is not None:
            return prefetched
        if self.ahead is not None:
            self._go_ahead(self.ahead)
        if self._posted:
            self.post(sql, values)
            return self._received()
        raw, forms = all_dumped(values)
        name, writes, moves = self._names.get(sql) or self._prepared(sql)
        if writes:
            self.note_write(sql, moves=moves)
        return self._good(self._pg.exec_prepared(name, raw, forms, _BINARY))

    def settle(self) -> None:
        """Waits for what nobody waited for: others expect the connection to be silent."""
        if self._posted:
            self._received()
        elif self._pg.transaction_status == pq.TransactionStatus.ACTIVE:
            while self._next() is not None:
                pass

    # ── and go on ───────────────────────────────────────────────────────────────────────────────

    def say_and_go(self, words: bytes) -> None:
        """As `say`, but nobody waits, nor is told what came of it. What is said next finds it done:
        libpq reads the answer to one message before it sends another.
        """
        self._pg.send_query(words)

    def ask_and_go(self, sql: str) -> None:
        """The same of a statement that is prepared."""
        found = self._names.get(sql) or self._prepared(sql)
        self._pg.send_query_prepared(found[0], [], result_format=_BINARY)

    def answer(self) -> Any:
        """To what was asked last without waiting."""
        result = self._next()
        self.settle()
        return self._good(result)

    def post(
        self,
        sql: str,
        values: Iterable[Any],
        check: Check | None = None,
        *,
        patiently: bool = False,
    ) -> None:
        """As `execute`, but on its way together with whatever is waited for next, which raises what
        comes of it or what `check` makes of that; and is not done then. `patiently`: it may wait
        for others for long.
        """
        found = self._names.get(sql)
        if found is None:
            self.settle()
            found = self._prepared(sql)
            if self.ahead is not None:
                self._go_ahead(self.ahead)
        name, writes, moves = found
        if writes:
            self.note_write(sql, moves=moves)
        raw, forms = all_dumped(values)
        if not self._posted:
            self._begin_posting()
        self._pg.send_query_prepared(name, raw, forms, _BINARY)
        self._posted.append(check)
        self._patiently = self._patiently or patiently

    def prefetch(self, sql: str, values: Iterable[Any]) -> None:
        """Asks what `execute` will want to know in this transaction, along with whatever is waited
        for next. It is asked again where a table was written that it names.
        """
        given = tuple(values)
        self.post(sql, given, self.prefetched.expect(sql, given))

    def note_write(self, sql: str, *, moves: bool) -> None:
        """A statement that may have changed a row is on its way."""
        self.writes, self.moves = self.writes + 1, self.moves + moves
        self.turns += may_turn(sql)
        self.prefetched.is_written(sql)

    def flush(self) -> None:
        """What was posted is done while we go on. To wake the server costs both sides as much as a
        small statement.
        """
        self._pg.flush()

    def begin_part(self) -> None:
        """What is posted from here on is the work of somebody else. What was wrong with what is
        under way raises Retry, unless it is of all.
        """
        self._earlier = len(self._posted)

    def drop_posted(self) -> None:
        """Waits for what nobody waited for, whatever came of it."""
        self._posted = [None for _ in self._posted]
        with suppress(psycopg.Error):
            self.settle()

    def make_way(self) -> None:
        """For what others are about to say: it comes after all that has to go ahead of it."""
        while self.ahead is not None:
            self._go_ahead(self.ahead)
            self.settle()
        self.settle()

    def _go_ahead(self, post: Callable[[], None]) -> None:
        self.ahead = None
        post()

    def _begin_posting(self) -> None:
        self.settle()
        self._pg.enter_pipeline_mode()

    # ── what libpq gives ────────────────────────────────────────────────────────────────────────

    def _prepared(self, sql: str) -> tuple[bytes, bool, bool]:
        if len(self._names) >= _MOST:
            self._good(self._pg.exec_(b"DEALLOCATE ALL"))
            self._names.clear()
        name = b"abri_%d" % len(self._names)
        self._good(self._pg.prepare(name, sql.encode()))
        found = self._names[sql] = name, may_write(sql), may_move(sql)
        return found

    def _received(self) -> Any:
        """The last result of those under way. After an error nothing more was done."""
        posted, self._posted = self._posted, []
        earlier, self._earlier = self._earlier, 0
        patiently, self._patiently = self._patiently, False
        with waiting() if patiently else nullcontext():
            results = self._results(len(posted))
        for at, (result, check) in enumerate(zip(results, posted, strict=True)):
            if check is None and result.status in _GOOD:
                continue
            try:
                if check is not None:
                    check.look(result)
                self._good(result)
            except Exception as error:
                if at >= earlier or getattr(error, "sqlstate", None) in RETRYABLE:
                    raise
                raise Retry from error
        return results[-1]

    def _results(self, count: int) -> list[Any]:
        try:
            self._pg.pipeline_sync()
            self._send_all()
            results = [self._next_of_two() for _ in range(count)]
            self._next()
            self._pg.exit_pipeline_mode()
        except BaseException:
            # Nobody knows any more whose answer comes next.
            self.driver.close()
            raise
        return results

    def _next_of_two(self) -> Any:
        """A result, which is followed by the end of its statement."""
        result = self._next()
        # It is not waited for: it comes of itself after a result.
        self._pg.get_result()
        return result

    def _next(self) -> Any:
        """When libpq waits by itself here, it keeps all other threads waiting."""
        while self._pg.is_busy():
            self._wait(select.POLLIN)
            self._pg.consume_input()
        return self._pg.get_result()

    def _send_all(self) -> None:
        """Reads meanwhile, or both sides might wait for each other."""
        while self._pg.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            self._pg.consume_input()

    def _wait(self, events: int) -> None:
        if self._socket is None:
            self._socket = select.poll()
        self._socket.register(self._pg.socket, events)
        self._socket.poll()

    def _good(self, result: Any) -> Any:
        if result.status in _GOOD:
            return result
        if self._pg.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError("the connection to the database is lost")
        raise error_from_result(result)
