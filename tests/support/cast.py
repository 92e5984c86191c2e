"""The people of the tests: whoever reads a test meets the same few everywhere.

amina and bilal own a vault each; karim and zoe are professionals, of different structures; mireille
is the manager of karim's structure. Nobody has a grant until a test gives one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.instance import Instance, new_instance
from tests.support.postgres import PostgresServer

CCAS = "ccas-lyon"
OTHER_STRUCTURE = "asso-rhone"
EITHER = [
    pytest.param("sqlite"),
    pytest.param("postgresql", marks=[pytest.mark.postgres]),
]
"""What a fixture is parametrized with, so that its tests run once on each database."""


@dataclass
class Casts:
    """Instances to copy. The first is made by real commands; copying one takes no second."""

    folder: Path
    postgres: Callable[[], PostgresServer]
    kept: ExitStack
    _bare: dict[str, Instance] = field(default_factory=dict)
    _with_cast: dict[str, Instance] = field(default_factory=dict)

    @contextmanager
    def copy(self, database: str, folder: Path, *, tls: bool = False) -> Iterator[Instance]:
        """The whole cast in `folder`: nothing else uses it, nor its database."""
        if database not in self._with_cast:
            bare = self._template(database)
            copied = self._copied(bare, self.folder / f"{database}-cast", tls=True)
            made = self.kept.enter_context(copied)
            add_cast(made)
            self._with_cast[database] = made
        with self._copied(self._with_cast[database], folder, tls=tls) as copy:
            yield copy

    @contextmanager
    def bare(self, database: str, folder: Path) -> Iterator[Instance]:
        """An instance on HTTPS without anybody in it, as `copy` otherwise."""
        with self._copied(self._template(database), folder, tls=True) as copy:
            yield copy

    @contextmanager
    def _copied(self, template: Instance, folder: Path, *, tls: bool) -> Iterator[Instance]:
        with ExitStack() as own:
            instance = template.copied_to(folder, tls=tls)
            if template.database == "postgresql":
                name = template.database_url.rpartition("/")[2]
                copied = self.postgres().fresh_database(like=name)
                instance.set("database.url", own.enter_context(copied))
            yield instance

    def _template(self, database: str) -> Instance:
        if database not in self._bare:
            self._bare[database] = self._make(database)
        return self._bare[database]

    def _make(self, database: str) -> Instance:
        instance = new_instance(self.folder / database, tls=True)
        if database == "postgresql":
            url = self.kept.enter_context(self.postgres().fresh_database())
            instance.set("database.url", url)
            for file in (instance.folder / "data").glob("abri.*"):
                file.unlink()
            instance.abri("database", "upgrade")
        return instance


def add_cast(instance: Instance) -> None:
    """The whole cast; amina's vault is empty."""
    instance.add_structure(CCAS, "CCAS de Lyon")
    instance.add_structure(OTHER_STRUCTURE, "Association du Rhône", "association")
    instance.add_person("amina", "beneficiary", "Amina Benali")
    instance.add_person("bilal", "beneficiary", "Bilal Haddad")
    instance.add_person("karim", "professional", "Karim Roux", CCAS)
    instance.add_person("zoe", "professional", "Zoé Petit", OTHER_STRUCTURE)
    instance.add_person("mireille", "manager", "Mireille Blanc", CCAS)
