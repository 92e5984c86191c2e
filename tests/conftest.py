"""Fixtures that every kind of test may use. What they are made of lies in tests/support/."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cast import cast_instance
from tests.support.instance import Instance, Server, serving
from tests.support.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Debian's PostgreSQL, started when the first test asks for it, one per worker."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database: the test runs once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'abri.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def cast_template(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """An instance with the whole cast (tests/support/cast.py), only to be copied."""
    return cast_instance(tmp_path_factory.mktemp("cast") / "abri")


@pytest.fixture
def instance(cast_template: Instance, tmp_path: Path) -> Instance:
    """The cast in a folder of this test's own; nothing is running yet."""
    return cast_template.copied_to(tmp_path / "abri")


@pytest.fixture(scope="module")
def served(cast_template: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The cast's drive, running with one worker, shared by the tests of one file."""
    with serving(cast_template.copied_to(tmp_path_factory.mktemp("served") / "abri")) as server:
        yield server
