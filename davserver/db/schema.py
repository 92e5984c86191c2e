"""The schema's revision: told, checked, brought forward. Schemas never go back."""

from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from davserver.db.failures import translated
from davserver.db.tables import metadata
from davserver.domain.errors import Unavailable

HEAD = "0018"
"""What this version of Abri works with: the last file in migrations/versions."""

_ONE_AT_A_TIME = 0x61627269  # "abri": any number that every process of ours agrees on


class WrongSchema(Unavailable):
    """The database was made for another version of Abri, or was never set up."""


def revision(engine: Engine) -> str | None:
    """The schema's revision; None in a database that was never set up. Raises Unavailable."""
    with translated(), engine.connect() as connection:
        return revision_in(connection)


def require_head(engine: Engine) -> None:
    """Raises WrongSchema, saying what to do, unless this version's schema is there."""
    found = revision(engine)
    if found is None:
        raise WrongSchema("the database is empty: set it up with `abri database upgrade`")
    if found < HEAD:
        raise WrongSchema(
            f"the database has schema {found}, this version of Abri needs {HEAD}: "
            "make a backup, then run `abri database upgrade`"
        )
    if found > HEAD:
        raise WrongSchema(
            f"the database has schema {found}, newer than the {HEAD} of this version of Abri: "
            "install the newer version"
        )


def upgrade(engine: Engine) -> None:
    """Brings the schema to HEAD in one transaction; does nothing where it is there already.

    Two processes may call it at once. Raises WrongSchema when the database is newer.
    """
    found = revision(engine)
    if found is not None and found > HEAD:
        raise WrongSchema(
            f"the database has schema {found}, newer than {HEAD}: nothing was changed"
        )
    try:
        _run(engine)
    except DBAPIError as error:
        raise WrongSchema(f"the upgrade failed and changed nothing: {error.orig}") from error


def _run(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 — half a second that serving should not pay
    from alembic.config import Config  # noqa: PLC0415 — a server does not need it

    config = Config()
    folder = str(files("davserver.db") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as raw:
        connection = raw.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            _wait_for_turn(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)


def differences(engine: Engine) -> list[Any]:
    """What Alembic finds different between the live schema and `tables.py`; empty when equal."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 — likewise
    from alembic.migration import MigrationContext  # noqa: PLC0415 — likewise

    with translated(), engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def revision_in(connection: Connection) -> str | None:
    """As `revision`, on a connection that is there."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _wait_for_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ONE_AT_A_TIME})
