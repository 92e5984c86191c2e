"""Transactions of SQLite begun and ended on the driver's own connection.

SQLAlchemy's way of taking a connection, beginning and committing costs some 60 µs, which is more
than the statements of a small request; the driver's costs 5. What is done in between may go through
SQLAlchemy all the same: it then finds the transaction begun.
"""

import sqlite3

from sqlalchemy import Connection

from davserver.db.prepared import as_sqlalchemy


def say(tx: Connection, word: str) -> None:
    """BEGIN, SAVEPOINT and the like. Raises DBAPIError."""
    try:
        driver_of(tx).execute(word)
    except sqlite3.Error as error:
        raise as_sqlalchemy(tx, error) from error


def commit(tx: Connection) -> None:
    """Raises DBAPIError; the transaction is to be undone then."""
    if tx.in_transaction():
        tx.commit()
    else:
        say(tx, "COMMIT")


def roll_back(tx: Connection) -> None:
    """Raises DBAPIError. Does nothing where SQLite has undone it by itself, as for a full disk."""
    if tx.in_transaction():
        tx.rollback()
    elif driver_of(tx).in_transaction:
        say(tx, "ROLLBACK")


def driver_of(tx: Connection) -> sqlite3.Connection:
    pooled = tx._dbapi_connection or tx.connection  # noqa: SLF001 — the latter is a function
    raw: object = pooled.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 — the caller says so
    return raw
