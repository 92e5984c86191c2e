"""Databases with every table and nobody in them. The first of each kind is made, the others are
copies of it: to make forty tables takes PostgreSQL four times as long as a copy. There, a copy
serves several tests one after the other (tests/support/used_again.py).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.accounts import empty_instance
from tests.support.postgres import PostgresServer, any_database
from tests.support.used_again import UsedAgain


@dataclass
class Laid:
    """`folder` and `kept` live as long as the first ones are needed."""

    folder: Path
    postgres: Callable[[], PostgresServer]
    kept: ExitStack
    _first: dict[str, str] = field(default_factory=dict)
    _used_again: UsedAgain | None = None

    @contextmanager
    def copy(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of one: a file in `folder`, or a database of the server."""
        first = self._first.get(kind) or self._make(kind)
        if kind == "sqlite":
            file = folder / "abri.db"
            shutil.copyfile(first.removeprefix("sqlite:///"), file)
            yield f"sqlite:///{file}"
            return
        with self._copies(first).one() as url:
            yield url

    def _copies(self, first: str) -> UsedAgain:
        if self._used_again is None:
            self._used_again = UsedAgain(self.postgres(), first)
            self.kept.callback(self._used_again.close)
        return self._used_again

    def _make(self, kind: str) -> str:
        url = self.kept.enter_context(any_database(kind, self.folder, self.postgres))
        empty_instance(url).close()
        self._first[kind] = url
        return url
