"""Fixtures that every kind of test may use. What they are made of lies in tests/support/."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.cast import DATABASES, Casts
from tests.support.instance import Instance, Server, serving
from tests.support.postgres import PostgresServer, postgres_server

EITHER = [
    pytest.param(name, marks=[pytest.mark.postgres] if name == "postgresql" else [])
    for name in DATABASES
]


@pytest.fixture(scope="session")
def postgres_when_needed() -> Iterator[Callable[[], PostgresServer]]:
    """Debian's PostgreSQL, started by the first call, one per worker."""
    with ExitStack() as running:
        started: list[PostgresServer] = []

        def server() -> PostgresServer:
            if not started:
                started.append(running.enter_context(postgres_server()))
            return started[0]

        yield server


@pytest.fixture
def postgres(postgres_when_needed: Callable[[], PostgresServer]) -> PostgresServer:
    return postgres_when_needed()


@pytest.fixture(params=EITHER)
def database_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[str]:
    """The URL of a fresh, empty database: the test runs once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'abri.db'}"
        return
    with postgres_when_needed().fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def casts(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[Casts]:
    """Instances with the whole cast (tests/support/cast.py), on either database."""
    with ExitStack() as kept:
        folder = tmp_path_factory.mktemp("casts")
        yield Casts(folder, postgres_when_needed, kept)


@pytest.fixture
def instance(casts: Casts, tmp_path: Path) -> Iterator[Instance]:
    """The cast on SQLite, in a folder of this test's own; nothing is running yet."""
    with casts.copy("sqlite", tmp_path / "abri") as made:
        yield made


@pytest.fixture(params=EITHER)
def either_instance(
    casts: Casts, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Instance]:
    """As `instance`: the test runs once on SQLite, once on PostgreSQL."""
    with casts.copy(request.param, tmp_path / "abri") as made:
        yield made


@pytest.fixture(scope="module")
def served(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The cast's drive on SQLite, running with one worker, shared by the tests of one file."""
    folder = tmp_path_factory.mktemp("served") / "abri"
    with casts.copy("sqlite", folder) as made, serving(made) as server:
        yield server


@pytest.fixture(scope="module", params=EITHER)
def either_served(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """As `served`: each test runs once on SQLite, once on PostgreSQL."""
    folder = tmp_path_factory.mktemp("served") / "abri"
    with casts.copy(request.param, folder) as made, serving(made) as server:
        yield server
