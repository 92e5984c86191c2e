"""A database with people in it, for tests below the fronts: real tables, keys and hashes."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlalchemy import Connection, Engine, create_mock_engine, event, insert
from sqlalchemy.schema import ExecutableDDLElement

from authn.certificates import certificate_of
from authn.credentials import AppPassword, CredentialKind, new_app_password, password_bytes
from authn.login import Login
from authn.passwords import hash_password
from authn.register import NewDevice, NewPerson, NewStructure, Register
from authn.registered import Registered
from authn.rows import CredentialRow
from davserver.db import tables
from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.db.dependencies import PEOPLE
from davserver.db.query_cache import lookup
from davserver.domain.ids import CredentialId
from davserver.domain.people import Membership, Person, Role, Structure, StructureKind
from davserver.domain.secret import Secret
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.kek import KeyPurpose

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOME = "192.0.2.7"


def instance_keys(seed: bytes = b"tests") -> InstanceKeys:
    """The same keys for the same seed."""
    return InstanceKeys.from_secrets(
        {one: Secret(hashlib.sha256(seed + one.value.encode()).digest()) for one in KeyPurpose}
    )


def make_tables(db: Database) -> None:
    """All tables, asked for at once."""
    if db.sqlite:
        with db.engines()[1].connect() as connection:
            script = f"BEGIN;{_script('sqlite://')};COMMIT"
            connection.connection.cursor().executescript(script)
        return
    with db.engines()[1].begin() as connection:
        connection.exec_driver_sql(_script("postgresql+psycopg://"))


@cache
def _script(dialect: str) -> str:
    statements: list[str] = []

    def note(one: ExecutableDDLElement, *_more: Any, **_other: Any) -> None:
        statements.append(str(one.compile(dialect=mock.dialect)))

    mock = create_mock_engine(dialect, note)
    tables.metadata.create_all(mock, checkfirst=False)
    return ";".join(statements)


def empty_instance(url: str) -> Database:
    """A database with all tables and the one row that every request reads: it is made, unless it
    is a copy of one (tests/support/laid.py), as for thousands of tests.
    """
    db = Database(url)
    if _has_tables(db):
        return db
    make_tables(db)
    row = {
        "id": 1,
        "instance_id": bytes(16),
        "unicode_version": unicodedata.unidata_version,
        "created": to_us(NOON),
    }
    db.write(lambda tx: tx.execute(insert(tables.epoch).values(row)))
    return db


def _has_tables(db: Database) -> bool:
    asked = "SELECT to_regclass('epoch')"
    if db.sqlite:
        asked = "SELECT max(name) FROM sqlite_master WHERE name = 'epoch'"
    with db.engines()[1].connect() as connection:
        return connection.exec_driver_sql(asked).scalar_one() is not None


@dataclass
class Accounts:
    """An instance's people, and a `login` of one process."""

    db: Database
    keys: InstanceKeys = field(default_factory=instance_keys)

    def __post_init__(self) -> None:
        self.login = self.new_process()
        self.registered = Registered(self.keys)
        self.register = Register(self.keys, os.urandom)

    def new_process(self) -> Login:
        """Another worker: same database and keys, no memories."""
        return Login(self.db, self.keys, os.urandom)

    def add(self, login: str, role: Role = Role.BENEFICIARY, password: str | None = None) -> Person:
        new = NewPerson(login, role, f"Name of {login}", "fr")
        person = self.db.write(lambda tx: self.register.add_person(tx, new, NOON)[0])
        if password is not None:
            self.set_password(person, password)
        return person

    def set_password(self, person: Person, password: str, phc: str | None = None) -> None:
        made = phc or hash_password(password_bytes(password), os.urandom)
        self.db.write(
            lambda tx: self.register.set_password(
                tx, person.id, self.registered.password(tx, person.id), made, NOON
            )
        )

    def add_app_password(
        self, person: Person, *, read_only: bool = False, until: datetime | None = None
    ) -> AppPassword:
        made = new_app_password(person.login, os.urandom)
        device = NewDevice("Téléphone", read_only, until)
        self.db.write(lambda tx: self.register.add_app_password(tx, person.id, made, device, NOON))
        return made

    def add_certificate(
        self, person: Person, der: bytes, *, read_only: bool = False, until: datetime | None = None
    ) -> CredentialId:
        found, device = certificate_of(der), NewDevice("Carte", read_only, until)
        assert found is not None
        return self.db.write(
            lambda tx: self.register.add_certificate(tx, person.id, found, device, NOON)[0]
        )

    def revoke_certificate(self, credential: CredentialId) -> None:
        self.db.write(
            lambda tx: self.register.revoke(
                tx, self.registered.find_device(tx, credential, CredentialKind.CERTIFICATE), NOON
            )
        )

    def device(self, tx: Connection, device: AppPassword) -> CredentialRow:
        return self.registered.find_device(tx, device.id, CredentialKind.APP_PASSWORD)

    def revoke(self, device: AppPassword) -> None:
        self.db.write(lambda tx: self.register.revoke(tx, self.device(tx, device), NOON))

    def add_structure(self, slug: str) -> Structure:
        new = NewStructure(slug, f"Structure {slug}", StructureKind.CCAS, "Europe/Paris")
        return self.db.write(lambda tx: self.register.add_structure(tx, new, NOON)[0])

    def add_membership(
        self, person: Person, structure: Structure, starts: datetime, ends: datetime | None
    ) -> Membership:
        return self.db.write(
            lambda tx: self.register.add_membership(tx, person, structure, starts, ends)[0]
        )


def weaker_hash(secret: Secret) -> str:
    """As an earlier Abri with lower parameters would have stored it."""
    made = Argon2id(salt=os.urandom(16), length=32, iterations=1, lanes=1, memory_cost=8 * 1024)
    return made.derive_phc_encoded(secret.reveal())


@contextmanager
def accounts_in(url: str) -> Iterator[Accounts]:
    db = empty_instance(url)
    try:
        yield Accounts(db)
    finally:
        db.close()


def something_changes(db: Database) -> None:
    """What connections remember is out of date (`davserver.db.query_cache`)."""
    db.note(lambda tx: tx.exec_driver_sql(_MOVED))
    # On PostgreSQL whoever writes or looks would begin by what they know, and then do it again.
    db.write(lambda _: None)
    with db.read() as tx:
        lookup(tx, PEOPLE, "nothing")


# A row that no trigger comes to.
_MOVED = """INSERT INTO changed AS c (shard, people, sharing, folders) VALUES (-1, 1, 1, 1)
    ON CONFLICT (shard) DO UPDATE SET people = c.people + 1, sharing = c.sharing + 1,
    folders = c.folders + 1"""


@contextmanager
def statements_of(db: Database) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, whichever connection sends it. Nothing of it was
    remembered from before.
    """
    something_changes(db)
    with noted(*db.engines()) as sent:
        yield sent


@contextmanager
def noted(*engines: Engine) -> Iterator[list[str]]:
    """Every statement that is sent through them meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
