"""A database with two vaults and a trail, for tests below the gate. Vault rows are bare."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from davserver.db import tables
from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.domain.actions import Strength
from davserver.domain.drive import TrailEntry
from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.domain.people import AccountState, Epoch, Person, Principal, Role
from davserver.sealing.instance import InstanceKeys
from davserver.trail import Actor, Event, Finding, Opening, Reads, Trail, What
from tests.support.accounts import HOME, NOON, empty_instance, instance_keys

AMINA = PersonId(b"amina".ljust(16, b"."))
KARIM = PersonId(b"karim".ljust(16, b"."))
ZOE = PersonId(b"zoe".ljust(16, b"."))
LOGINS = {AMINA: "amina", KARIM: "karim", ZOE: "zoe"}

SAFE = VaultId(b"safe of amina".ljust(16, b"."))
OTHER_SAFE = VaultId(b"safe of another".ljust(16, b"."))
NODE = NodeId(b"a document".ljust(16, b"."))


def principal(who: PersonId, *, operator: str | None = None) -> Principal:
    role = Role.BENEFICIARY if who == AMINA else Role.PROFESSIONAL
    name = LOGINS[who]
    return Principal(
        person=Person(who, name, name.title(), role, AccountState.ACTIVE, "fr"),
        credential=None,
        strength=Strength.PASSWORD,
        read_only=False,
        memberships=(),
        vault=SAFE if who == AMINA else None,
        epoch=Epoch(0, 0, 0),
        address=HOME,
        operator=operator,
    )


def written(path: str, *, vault: VaultId | None = SAFE, who: PersonId = AMINA) -> Event:
    return Event(vault=vault, what=What.WRITE, who=principal(who), node=NODE, path=path)


@dataclass
class TrailBook:
    """The trail of one database, and ways to tamper with it."""

    db: Database
    keys: InstanceKeys = field(default_factory=instance_keys)

    def __post_init__(self) -> None:
        self.trail = Trail(self.keys)

    def record(self, event: Event, now: datetime = NOON) -> int:
        return self.db.write(lambda tx: self.trail.record(tx, event, now))

    def read(
        self,
        who: PersonId = KARIM,
        after: timedelta = timedelta(0),
        etag: bytes = b"version one".ljust(16, b"."),
        vault: VaultId = SAFE,
    ) -> bool:
        actor, path = Actor.of(principal(who)), "/Santé/ordonnance.pdf"
        reading = Opening(who, actor, vault, NODE, etag, path, None)
        now = NOON + after
        return self.db.note(lambda tx: self.trail.note_reading(tx, reading, Reads(now, now))) == 1

    def close(self, after: timedelta, **how: Any) -> int:
        return self.db.write(lambda tx: self.trail.close_windows(tx, NOON + after, **how))

    def entries(self, vault: VaultId = SAFE, **how: Any) -> list[TrailEntry]:
        asked = {"limit": 100, "names": self.names, **how}
        with self.db.read() as tx:
            return self.trail.entries(tx, vault, **asked)

    @staticmethod
    def names(ids: Any) -> dict[PersonId, str]:
        return {one: LOGINS[one] for one in ids if one in LOGINS}

    def flaws(self, vault: VaultId | None = None, **how: Any) -> list[tuple[int, str]]:
        with self.db.read() as tx:
            return [(f.seq, f.flaw.value) for f in self.trail.verify(tx, vault, **how)]

    def findings(self) -> list[Finding]:
        with self.db.read() as tx:
            return self.trail.verify(tx)

    def tamper(self, work: Callable[[Connection], object]) -> None:
        """What somebody does who can write to the database."""
        self.db.write(work)

    def change_entry(self, seq: int, vault: VaultId = SAFE, **columns: Any) -> None:
        at = (tables.trail.c.vault_id == vault) & (tables.trail.c.seq == seq)
        self.tamper(lambda tx: tx.execute(update(tables.trail).where(at).values(columns)))

    def row(self, seq: int, vault: VaultId = SAFE) -> dict[str, Any]:
        at = (tables.trail.c.vault_id == vault) & (tables.trail.c.seq == seq)
        with self.db.read() as tx:
            return dict(tx.execute(select(tables.trail).where(at)).mappings().one())

    def head(self, vault: VaultId = SAFE) -> dict[str, Any]:
        table = tables.trail_head
        with self.db.read() as tx:
            found = tx.execute(select(table).where(table.c.vault_id == vault))
            return dict(found.mappings().one())


@contextmanager
def trail_book(url: str) -> Iterator[TrailBook]:
    db = empty_instance(url)
    try:
        db.write(_two_vaults)
        yield TrailBook(db)
    finally:
        db.close()


@contextmanager
def emptied_book(url: str) -> Iterator[TrailBook]:
    """As `trail_book`, in a database that has its tables: whatever they hold is gone first."""
    db = Database(url)
    try:
        db.write(_nothing)
        db.write(_two_vaults)
        yield TrailBook(db)
    finally:
        db.close()


def _nothing(tx: Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        if table is not tables.epoch:
            tx.execute(delete(table))


def _two_vaults(tx: Connection) -> None:
    for vault, owner in ((SAFE, AMINA), (OTHER_SAFE, ZOE)):
        tx.execute(insert(tables.person).values(_person(owner)))
        tx.execute(insert(tables.vault).values(_vault(vault, owner)))


def _person(one: PersonId) -> dict[str, Any]:
    made = to_us(NOON)
    return {
        "id": one, "login": LOGINS[one], "login_key": LOGINS[one], "role": "beneficiary",
        "state": "active", "language": "fr", "profile_ct": b"", "profile_version": 1,
        "generation": 1, "created": made, "changed": made, "row_mac": bytes(32),
    }  # fmt: skip


def _vault(one: VaultId, owner: PersonId) -> dict[str, Any]:
    return {
        "id": one, "owner_id": owner, "root_id": bytes(16), "key_gen": 0, "index_ct": b"",
        "idx_gen": 1, "quota": 0, "created": to_us(NOON), "row_mac": bytes(32),
    }  # fmt: skip
