"""The people of the tests: whoever reads a test meets the same few everywhere.

amina and bilal own a vault each; karim and zoe are professionals, of different structures; mireille
is the manager of karim's structure. Nobody has a grant until a test gives one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.instance import Instance, new_instance
from tests.support.postgres import PostgresServer

CCAS = "ccas-lyon"
OTHER_STRUCTURE = "asso-rhone"
DATABASES = ("sqlite", "postgresql")


@dataclass
class Casts:
    """The cast, made once per kind of database by real commands, and copied from then on."""

    folder: Path
    postgres: Callable[[], PostgresServer]
    kept: ExitStack
    _made: dict[str, tuple[Instance, str]] = field(default_factory=dict)

    @contextmanager
    def copy(self, database: str, folder: Path, *, tls: bool = False) -> Iterator[Instance]:
        """An instance in `folder` that nothing else uses, with a database of its own."""
        if database not in self._made:
            self._made[database] = self._make(database)
        template, name = self._made[database]
        with ExitStack() as own:
            instance = template.copied_to(folder, tls=tls)
            if name:
                copied = self.postgres().fresh_database(like=name)
                instance.set("database.url", own.enter_context(copied))
            yield instance

    def _make(self, database: str) -> tuple[Instance, str]:
        instance = new_instance(self.folder / database, tls=True)
        name = ""
        if database == "postgresql":
            url = self.kept.enter_context(self.postgres().fresh_database())
            name = url.rpartition("/")[2]
            instance.set("database.url", url)
            instance.abri("database", "upgrade")
        add_cast(instance)
        return instance, name


def add_cast(instance: Instance) -> None:
    """The whole cast; amina's vault is empty."""
    instance.add_structure(CCAS, "CCAS de Lyon")
    instance.add_structure(OTHER_STRUCTURE, "Association du Rhône", "association")
    instance.add_person("amina", "beneficiary", "Amina Benali", "--template", "none")
    instance.add_person("bilal", "beneficiary", "Bilal Haddad", "--template", "none")
    instance.add_person("karim", "professional", "Karim Roux", "--structure", CCAS)
    instance.add_person("zoe", "professional", "Zoé Petit", "--structure", OTHER_STRUCTURE)
    instance.add_person("mireille", "manager", "Mireille Blanc", "--structure", CCAS)
