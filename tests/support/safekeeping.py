"""An instance where everything that happens goes through the gate, so that its trails tell all of
it; and an operator who looks after its vaults.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, update

from davserver.db import tables
from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import BlobId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Role, Structure, StructureKind
from davserver.gate.affiliations.affiliations import Affiliations
from davserver.gate.care.checking import Report
from davserver.gate.care.keeping import Keeping
from davserver.gate.care.upkeep import Upkeep
from davserver.gate.people.notices import Notice, waiting
from davserver.gate.people.people import People, PersonToAdd
from davserver.gate.recovery.nets import SafetyNets
from davserver.gate.sharing.offers import Offers
from davserver.gate.sharing.sharing import Sharing
from davserver.gate.tools import Limits
from davserver.vault.sweep import Swept
from policies.generations import Origin
from tests.support.drive import QUOTA, Body, Drive, World
from tests.support.rules import put_in_force, shipped_files

ALLOWANCE = 1_000_000
KEPT = timedelta(days=30)


@dataclass
class Safekeeping(World):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.people = People(self.tools, QUOTA)
        self.sharing = Sharing(self.tools, ALLOWANCE)
        self.offers = Offers(self.tools, ALLOWANCE)
        self.affiliations = Affiliations(self.tools)
        self.keeping = Keeping(self.tools)
        self.nets = SafetyNets(self.tools)
        self.upkeep = Upkeep(self.tools, KEPT)

    def lay_down_rules(self) -> None:
        put_in_force(self.tools, shipped_files(), Origin.SETUP)

    @property
    def operator(self) -> Principal:
        """Somebody at the machine, on nobody's behalf."""
        return self.people.operator("tests", self.clock())

    def for_(self, drive: Drive) -> Principal:
        """Somebody at the machine, on behalf of that person."""
        return self.people.operator_for(drive.person.login, "tests", self.clock())

    # ── people and shares, told in the trail ────────────────────────────────────────────────────

    def structure(self, slug: str) -> Structure:
        kind = StructureKind.CCAS
        return self.people.add_structure(
            self.operator, slug, f"Structure {slug}", kind, self.clock()
        )

    def beneficiary(self, login: str, template: str = "none", quota: int = QUOTA) -> Drive:
        people = People(self.tools, quota)
        new = PersonToAdd(login, Role.BENEFICIARY, f"Name of {login}", template=template)
        return Drive(self, people.add_person(self.operator, new, self.clock()))

    def professional(self, login: str, *structures: Structure) -> Drive:
        slugs = tuple(one.slug for one in structures)
        new = PersonToAdd(login, Role.PROFESSIONAL, f"Name of {login}", slugs)
        return Drive(self, self.people.add_person(self.operator, new, self.clock()))

    def share(
        self, owner: Drive, to: Drive | Structure, path: str, right: Right = Right.WRITE
    ) -> GrantView:
        grantee: Grantee
        grantee = ToStructure(to.id) if isinstance(to, Structure) else ToPerson(to.person.id)
        return self.sharing.add(
            owner.who, to=grantee, path=DrivePath.parse(path), right=right, until=None,
            now=self.clock(),
        )  # fmt: skip

    def manager(self, login: str, *structures: Structure) -> Drive:
        slugs = tuple(one.slug for one in structures)
        new = PersonToAdd(login, Role.MANAGER, f"Name of {login}", slugs)
        return Drive(self, self.people.add_person(self.operator, new, self.clock()))

    def notices(self, drive: Drive | None = None) -> list[Notice]:
        """What waits to be sent: to one person, or to everybody."""
        with self.db.read() as tx:
            found = waiting(tx, self.keys, 1000)
        return [one for one in found if drive is None or one.person == drive.person.id]

    # ── looking after ───────────────────────────────────────────────────────────────────────────

    def check(self, login: str | None = None, *, deep: bool = True) -> Report:
        return self.keeping.check(self.operator, login, self.clock(), deep=deep)

    def troubles(self, login: str | None = None, *, deep: bool = True) -> list[tuple[str, str]]:
        """Codes and the tables where they show."""
        report = self.check(login, deep=deep)
        return [(one.code, one.where.split()[0]) for one in report.troubles]

    def codes(self, *, deep: bool = True) -> set[str]:
        return {code for code, _ in self.troubles(deep=deep)}

    def sweep(self) -> Swept:
        done = self.upkeep.run(self.clock())
        assert done is not None
        return done

    def sweep_all(self) -> Swept:
        """Marks what is dead, lets its readers finish, and takes it."""
        self.sweep()
        self.clock.passes(minutes=10)
        return self.sweep()

    # ── behind everybody's back ─────────────────────────────────────────────────────────────────

    def vault_of(self, drive: Drive) -> VaultId:
        vault = drive.who.vault
        assert vault is not None
        return vault

    def rows(self, table: Table, *where: Any) -> list[dict[str, Any]]:
        with self.db.read() as tx:
            return [dict(row) for row in tx.execute(select(table).where(*where)).mappings()]

    def row(self, table: Table, *where: Any) -> dict[str, Any]:
        (found,) = self.rows(table, *where)
        return found

    def tamper(self, table: Table, key: Any, **columns: Any) -> None:
        """Changes the rows that `key` says, as somebody does who can write to the database."""
        done = self.db.write(lambda tx: tx.execute(update(table).where(key).values(columns)))
        assert done.rowcount > 0

    def abandoned(self, drive: Drive) -> BlobId:
        """What a process leaves behind that is killed between the last byte and the commit."""
        body, most = Body(bytes(range(256)) * 1000), 10**9
        vault, now = self.vault_of(drive), self.clock()
        return self.tools.staging.take(vault, body, "a.bin", most, now).content.blob

    def is_stored(self, blob: BlobId) -> bool:
        return self.bytes_of(blob).exists()

    def is_known(self, blob: BlobId) -> bool:
        return bool(self.rows(tables.blob, tables.blob.c.id == blob))

    def bytes_of(self, blob: bytes) -> Path:
        name = blob.hex()
        return self.folder / "data" / "blobs" / name[:2] / name[2:4] / name


@contextmanager
def safekeeping(url: str, folder: Path, **limits: Any) -> Iterator[Safekeeping]:
    """`limits`: those of `Limits` that shall differ."""
    world = Safekeeping(url, folder, limits=Limits(**limits))
    try:
        yield world
    finally:
        world.close()


def later(world: World, span: timedelta) -> datetime:
    world.clock.now += span
    return world.clock.now
