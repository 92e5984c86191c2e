"""The gate on a real database and a real blob store, in this process, with a clock of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import event

from authn.registered import Registered
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE, Conditions
from davserver.domain.drive import Entry, LockRequest, LockView, Patch, PropertyChange, Written
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import GrantId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Person, Principal, Role, Structure
from davserver.gate.affiliations.affiliating import affirm
from davserver.gate.drive.copying import Copying
from davserver.gate.drive.locking import Locking
from davserver.gate.drive.moving import Moving
from davserver.gate.drive.reading import Reading
from davserver.gate.drive.scratch import Scratch
from davserver.gate.drive.writing import Writing
from davserver.gate.tools import Limits, Tools
from davserver.gate.watch import EpochWatch
from davserver.sealing.keyring import LocalKeyring
from davserver.trail import Readings, Trail
from davserver.vault import key_generations
from davserver.vault.blobs.disk import DiskBlobStore
from davserver.vault.grants.grants import GrantBook, Naming
from davserver.vault.scratch import ScratchArea
from davserver.vault.staging import Staging
from davserver.vault.unlock import Unlock
from davserver.vault.vault import Vaults
from policies.in_force import InForce
from tests.support.accounts import NOON, Accounts, empty_instance, instance_keys
from tests.support.rules import in_force_from_the_start

QUOTA = 10_000_000


class Body:
    """An upload whose bytes are all here."""

    def __init__(self, plain: bytes, modified: datetime | None = None) -> None:
        self.length: int | None = len(plain)
        self.media_type: str | None = None
        self.modified = modified
        self.sha256: bytes | None = None
        self._left = plain

    def read(self, size: int) -> bytes:
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def read_into(self, room: memoryview) -> int:
        piece = self.read(len(room))
        room[: len(piece)] = piece
        return len(piece)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Drive:
    """One person's hands on the drive: paths are plain text, answers are the gate's."""

    world: "World"
    person: Person

    @property
    def who(self) -> Principal:
        with self.world.db.read() as tx:
            return self.world.registered.operator_for(
                tx, self.person.login, "tests", self.world.clock()
            )

    def look(self, path: str) -> Entry:
        return self.world.reading.look(self.who, DrivePath.parse(path), self.world.clock())

    def names(self, path: str = "/") -> list[str]:
        _, children = self.world.reading.list(self.who, DrivePath.parse(path), self.world.clock())
        return [child.path.name for child in children]

    def list(self, path: str = "/") -> tuple[Entry, list[Entry]]:
        entry, children = self.world.reading.list(
            self.who, DrivePath.parse(path), self.world.clock()
        )
        return entry, list(children)

    def get(self, path: str, conditions: Conditions = NONE) -> bytes:
        file = self.world.reading.open(
            self.who, DrivePath.parse(path), conditions, self.world.clock()
        )
        try:
            return b"".join(file.read(0, file.entry.size or 0))
        finally:
            file.close()

    def put(self, path: str, plain: bytes, conditions: Conditions = NONE) -> Written:
        return self.world.writing.put(
            self.who, DrivePath.parse(path), Body(plain), conditions, self.world.clock()
        )

    def mkcol(self, path: str) -> None:
        self.world.writing.make_folder(self.who, DrivePath.parse(path), NONE, self.world.clock())

    def delete(self, path: str, conditions: Conditions = NONE) -> None:
        self.world.writing.remove(self.who, DrivePath.parse(path), conditions, self.world.clock())

    def move(
        self, source: str, to: str, *, overwrite: bool = True, conditions: Conditions = NONE
    ) -> bool:
        return self.world.moving.move(
            self.who,
            DrivePath.parse(source),
            DrivePath.parse(to),
            overwrite=overwrite,
            conditions=conditions,
            now=self.world.clock(),
        )

    def copy(self, source: str, to: str, *, deep: bool = True, overwrite: bool = True) -> bool:
        return self.world.copying.copy(
            self.who,
            DrivePath.parse(source),
            DrivePath.parse(to),
            deep=deep,
            overwrite=overwrite,
            conditions=NONE,
            now=self.world.clock(),
        )

    def set_property(self, path: str, xml: str = "<y xmlns='x:'/>") -> None:
        change = PropertyChange("{x:}y", xml)
        self.world.writing.set_properties(
            self.who, DrivePath.parse(path), Patch((change,)), NONE, self.world.clock()
        )

    def lock(
        self, path: str, *, exclusive: bool = True, deep: bool = False
    ) -> tuple[LockView, bool]:
        request = LockRequest(exclusive, deep, "somebody", 600)
        return self.world.locking.lock(
            self.who, DrivePath.parse(path), request, NONE, self.world.clock()
        )

    def unlock(self, path: str, token: str) -> None:
        self.world.locking.unlock(self.who, DrivePath.parse(path), token, self.world.clock())


@dataclass
class World:
    """An instance with people, vaults and grants. Nothing in it is pretended."""

    url: str
    folder: Path
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.db = empty_instance(self.url)
        self.keys = instance_keys()
        self.accounts = Accounts(self.db, self.keys)
        self.registered = Registered(self.keys)
        data = self.folder / "data"
        keyring = self.folder / "keys" / "keyring"
        keyring.parent.mkdir(mode=0o700)
        data.mkdir(mode=0o700)
        self.kek = LocalKeyring.create(keyring, data, os.urandom, NOON)
        self.db.write(lambda tx: key_generations.add(tx, self.kek.generations()))
        self.blobs = DiskBlobStore(data / "blobs")
        self.unlock = Unlock(self.kek, self.keys, os.urandom)
        self.vaults = Vaults(self.unlock, os.urandom)
        self.grants = GrantBook(self.keys)
        trail = Trail(self.keys)
        self.tools = Tools(
            db=self.db,
            login=self.accounts.login,
            policy=InForce(self.keys),
            vaults=self.vaults,
            grants=self.grants,
            trail=trail,
            readings=Readings(self.db, trail, self.keys.trail, data / "readings", os.urandom),
            staging=Staging(self.db, self.blobs, os.urandom),
            blobs=self.blobs,
            keys=self.keys,
            entropy=os.urandom,
            clock=self.clock,
            limits=self.limits,
        )
        self.lay_down_rules()
        with self.db.read() as tx:
            self.tools.policy.current(tx)
        scratch = Scratch(self.tools, ScratchArea(self.keys, os.urandom))
        self.watch = EpochWatch(self.db, self.tools.policy, self.clock)
        self.reading = Reading(self.tools, scratch, self.watch)
        self.writing = Writing(self.tools, scratch)
        self.moving = Moving(self.tools, scratch)
        self.copying = Copying(self.tools)
        self.locking = Locking(self.tools, scratch)

    def lay_down_rules(self) -> None:
        """The shipped ones; the trail begins after them."""
        in_force_from_the_start(self.tools)

    def beneficiary(self, login: str, template: str = "none", quota: int = QUOTA) -> Drive:
        person = self.accounts.add(login)
        self.db.write(lambda tx: self.vaults.create(tx, person.id, quota, template, self.clock()))
        return Drive(self, person)

    def professional(self, login: str, *structures: Structure) -> Drive:
        person = self.accounts.add(login, Role.PROFESSIONAL)
        for structure in structures:
            self.accounts.add_membership(person, structure, NOON, None)
        return Drive(self, person)

    def grant(
        self,
        owner: Drive,
        to: Drive | Structure,
        path: str,
        right: Right = Right.WRITE,
        until: datetime | None = None,
    ) -> Grant:
        """A live grant, as `abri grant add` would make it, without its trail."""
        now = self.clock()
        entry = owner.look(path)
        vault = owner.who.vault
        assert vault is not None
        grantee = ToStructure(to.id) if isinstance(to, Structure) else ToPerson(to.person.id)

        def work(tx: object) -> Grant:
            naming = Naming(
                VaultId(vault),
                owner.person.name,
                entry.id,  # type: ignore[arg-type]
                entry.path.name,
                grantee,
            )
            if isinstance(to, Structure):
                affirm(tx, self.tools, owner.who, VaultId(vault), to.id, now)
            folder, name = self.grants.free_names(tx, naming, now)  # type: ignore[arg-type]
            grant = Grant(
                GrantId(os.urandom(16)),
                VaultId(vault),
                entry.id,  # type: ignore[arg-type]
                grantee,
                right,
                now,
                until,
                None,
                folder,
                name,
                1_000_000,
                now,
            )
            self.grants.insert(tx, grant, by=owner.person.id, purpose="")  # type: ignore[arg-type]
            return grant

        return self.db.write(work)

    def end_grant(self, grant: Grant, by: Drive) -> None:
        now = self.clock()
        self.db.write(lambda tx: self.grants.end(tx, grant.id, by=by.person.id, now=now))

    def statements(self) -> list[str]:
        """What the engines execute from now on, in a list that grows with it."""
        seen: list[str] = []
        for engine in self.db.engines():
            event.listen(engine, "before_cursor_execute", lambda *a: seen.append(str(a[2])))
        return seen

    def close(self) -> None:
        self.watch.stop()
        self.tools.readings.close()
        self.db.close()


@contextmanager
def world_on(url: str, folder: Path) -> Iterator[World]:
    world = World(url, folder)
    try:
        yield world
    finally:
        world.close()
