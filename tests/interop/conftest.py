"""The served drive that outside programs meet: HTTPS, the cast, and a folder shared to write.

Each program meets it on both databases. The four servers run on once they are started.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.cast import EITHER, Casts
from tests.support.instance import Server, serving
from tests.support.outside import Outside

SHARED = "/Partage"


@dataclass
class Drives:
    """One server per database and scheme, started when it is first asked for."""

    casts: Casts
    folder: Path
    running: ExitStack
    _started: dict[tuple[str, bool], Server] = field(default_factory=dict)

    def on(self, database: str, *, tls: bool) -> Server:
        if (database, tls) not in self._started:
            served = self._serve(database, tls=tls)
            self._started[database, tls] = self.running.enter_context(served)
        return self._started[database, tls]

    @contextmanager
    def _serve(self, database: str, *, tls: bool) -> Iterator[Server]:
        folder = self.folder / f"{database}-{'https' if tls else 'http'}"
        copied = self.casts.copy(database, folder, tls=tls)
        with copied as instance, serving(instance, workers=2) as server:
            with instance.caller("amina") as amina:
                made = amina.ask("MKCOL", f"/dav{SHARED}")
                assert made.status == 201, made
            instance.grant("amina", "karim", SHARED, "write")
            yield server


@pytest.fixture(scope="session")
def drives(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drives]:
    with ExitStack() as running:
        yield Drives(casts, tmp_path_factory.mktemp("drives"), running)


@pytest.fixture(scope="module", params=EITHER)
def drive(drives: Drives, request: pytest.FixtureRequest) -> Server:
    """The HTTPS drive. `/Partage` of amina is granted to karim to write."""
    return drives.on(request.param, tls=True)


@pytest.fixture(scope="module", params=EITHER)
def plain_drive(drives: Drives, request: pytest.FixtureRequest) -> Server:
    """The same over loopback HTTP, for what TLS keeps a program from doing."""
    return drives.on(request.param, tls=False)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    home = tmp_path / "home"
    home.mkdir()
    return Outside(home)
