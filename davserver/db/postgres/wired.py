"""The wire of a connection of SQLAlchemy's, and its errors as everybody knows them."""

import psycopg
from sqlalchemy import Connection

from davserver.db.postgres.wire import Wire
from davserver.db.prepared import WIRE, as_sqlalchemy


def wire_of(tx: Connection) -> Wire:
    """Of a connection of PostgreSQL."""
    found: Wire = tx.info[WIRE]
    return found


class raising:  # noqa: N801 — stands where a function would: `with raising(tx) as wire:`
    """Gives its wire, and raises the driver's errors as DBAPIError. Of few steps: whoever looks or
    changes anything goes through it several times.
    """

    __slots__ = ("_tx", "_wire")

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._wire = wire_of(tx)

    def __enter__(self) -> Wire:
        return self._wire

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, psycopg.Error):
            lost = self._wire.driver.closed
            if lost:
                self._tx.invalidate(error)
            raise as_sqlalchemy(self._tx, error, lost=lost) from error
