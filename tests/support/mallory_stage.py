"""Mallory's stage: one scene that an attack in several moves may ruin."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert

from davserver.db import tables as t
from davserver.domain.errors import AbriError
from tests.support.drive import Drive
from tests.support.mallory import Mallory, Row, Scene
from tests.support.safekeeping import safekeeping

LEASE_TEXT = b"amina's lease"
BAIL = "/Logement/bail.txt"
PLAN = "/Logement/plan.pdf"


@dataclass
class Stage:
    """As a test finds it; nothing is put back."""

    scene: Scene
    mallory: Mallory

    def row(self, path: str) -> Row:
        return self.scene.world.row(t.node, t.node.c.id == self.scene.named(path))

    def write(self, statement: Any) -> None:
        with self.mallory.hands() as connection:
            connection.execute(statement)

    def put_back(self, table: Any, *rows: Row) -> None:
        """As they were at some time."""
        with self.mallory.hands() as connection:
            for row in rows:
                key = [one == row[one.name] for one in table.primary_key.columns]
                connection.execute(delete(table).where(*key))
                connection.execute(insert(table).values(dict(row)))

    def codes(self) -> set[str]:
        return self.scene.world.codes()

    def stored(self, path: str) -> Path:
        blob = self.row(path)["blob_id"]
        return self.scene.world.bytes_of(blob)

    def read(self, drive: Drive, path: str) -> bytes | None:
        """None for what is absent or refused."""
        try:
            return drive.get(path)
        except AbriError:
            return None


@contextmanager
def staged(url: str, folder: Path) -> Iterator[Stage]:
    with safekeeping(url, folder) as world:
        mallory = Mallory(world, url)
        yield Stage(Scene(world), mallory)
        mallory.close()
