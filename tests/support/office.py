"""Somebody at the machine of an instance, who adds people as commands do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from authn.credentials import from_login_and_secret
from davserver.domain.drive import TrailEntry
from davserver.domain.ids import VaultId
from davserver.domain.people import Person, Principal, Role, StructureKind
from davserver.gate.people.people import People, PersonToAdd
from davserver.trail import INSTANCE
from tests.support.accounts import HOME, NOON
from tests.support.drive import World

QUOTA = 600_000_000


@dataclass
class Office:
    """An instance, and somebody at its machine."""

    world: World
    people: People
    root: Principal

    def add(self, login: str, role: Role = Role.BENEFICIARY, **more: object) -> Person:
        new = PersonToAdd(login, role, f"Name of {login}", **more)
        return self.people.add_person(self.root, new, NOON)

    def add_structure(self, slug: str = "ccas") -> None:
        self.people.add_structure(self.root, slug, "CCAS", StructureKind.CCAS, NOON)

    def sign_in(self, login: str, secret: str) -> Principal:
        return self.world.tools.login.sign_in(from_login_and_secret(login, secret), HOME, NOON)

    def trail(self, vault: VaultId = INSTANCE) -> list[TrailEntry]:
        with self.world.db.read() as tx:
            return self.world.tools.trail.entries(
                tx, vault, limit=100, names=lambda ids: self.world.registered.logins(tx, ids)
            )

    def words(self, vault: VaultId = INSTANCE) -> list[str]:
        return [entry.what for entry in self.trail(vault)]

    def is_whole(self) -> bool:
        with self.world.db.read() as tx:
            return self.world.tools.trail.verify(tx) == []

    def epoch(self) -> int:
        return self.people.operator("root", NOON).epoch.revocation


@contextmanager
def office_in(url: str, folder: Path) -> Iterator[Office]:
    world = World(url, folder)
    people = People(world.tools, QUOTA)
    try:
        yield Office(world, people, people.operator("root", NOON))
    finally:
        world.close()
