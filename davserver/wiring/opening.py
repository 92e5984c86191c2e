"""Opening what the settings name: database, keyring and keys. Everything else is built on these."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from davserver.config import Problem, Settings, WrongSettings
from davserver.db import schema
from davserver.db.database import Database
from davserver.db.engine import is_sqlite, sqlite_file
from davserver.domain.errors import Unavailable
from davserver.gate.care.key_states import Keyring, keyring_state
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.keyring import LocalKeyring
from davserver.wiring.instance import open_instance

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Opened:
    """What an instance stands on. Close `db` when done."""

    db: Database
    kek: LocalKeyring
    keys: InstanceKeys


def clock() -> datetime:
    """Now, in UTC: the one place where Abri asks for it."""
    return datetime.now(UTC)  # noqa: TID251 — the clock that all others are given


def open_database(settings: Settings) -> Database:
    """Raises Unavailable, or WrongSettings when the password's file cannot be read."""
    url = make_url(settings.database.url)
    # SQLite would make an empty database of a mistyped path.
    if is_sqlite(url) and not sqlite_file(url).is_file():
        raise Unavailable(
            f"there is no database {sqlite_file(url)}: correct database.url in config.yaml, "
            "or set one up with `abri database upgrade`"
        )
    return make_database(settings)


def make_database(settings: Settings) -> Database:
    """As `open_database`, but a SQLite file that is not there is made."""
    return Database(database_url(settings), connections=settings.database.connections)


def database_url(settings: Settings) -> str:
    """With the password from its file. Never to be shown or logged."""
    file = settings.database.password_file
    url = make_url(settings.database.url)
    if file is None:
        return url.render_as_string(hide_password=False)
    return url.set(password=_first_line(file)).render_as_string(hide_password=False)


def open_keyring(settings: Settings) -> LocalKeyring:
    """Raises Unavailable when it is missing, readable by others or under the data folder."""
    return LocalKeyring(settings.keys.keyring, settings.data)


def keyring_and_database(settings: Settings) -> Keyring:
    """How they stand to each other, also where the one does not open the other."""
    kek = open_keyring(settings)
    db = open_database(settings)
    try:
        schema.require_head(db.engines()[0])
        with db.read() as tx:
            return keyring_state(tx, kek)
    finally:
        db.close()


def open_all(settings: Settings) -> Opened:
    """Raises WrongSchema before anything else is read from a database of another version."""
    kek = open_keyring(settings)
    db = open_database(settings)
    try:
        schema.require_head(db.engines()[0])
        return Opened(db, kek, open_instance(db, kek))
    except BaseException:
        db.close()
        raise


def _first_line(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        says = f"database.password_file: cannot be read: {reason}"
        raise WrongSettings([Problem(file, 0, 0, says)]) from error
    return text.split("\n", 1)[0]
