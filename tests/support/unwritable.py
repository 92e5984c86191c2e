"""A PostgreSQL that takes no changes for a moment, as one that has become a standby."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from davserver.db.database import Database


@contextmanager
def unwritable(db: Database) -> Iterator[None]:
    url = db.engines()[0].url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as program:
        name = sql.Identifier(program.info.dbname)
        change = sql.SQL("ALTER DATABASE {} {} default_transaction_read_only {}")
        program.execute(change.format(name, sql.SQL("SET"), sql.SQL("= on")))
        db.let_go()
        try:
            yield
        finally:
            program.execute(change.format(name, sql.SQL("RESET"), sql.SQL("")))
            db.let_go()
