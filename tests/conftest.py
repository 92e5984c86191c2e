"""Fixtures that every kind of test may use. What they are made of lies in tests/support/."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.any_rules import THOROUGH
from tests.support.authority import Authority
from tests.support.cast import EITHER, Casts
from tests.support.instance import Instance, Server, serving
from tests.support.laid import Laid
from tests.support.postgres import PostgresServer, any_database, postgres_server
from tests.support.slapd import Slapd, slapd_server
from tests.support.staff import Staff, some_staff

# No test asserts a time: not how long it takes to make examples or to try one either, on a machine
# that others use.
settings.register_profile("usual", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(THOROUGH, settings.get_profile("usual"), max_examples=500)
settings.load_profile("usual")


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
def empty_database_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[str]:
    """The URL of a fresh database without any table: the test runs once on SQLite, once on
    PostgreSQL.
    """
    with any_database(request.param, tmp_path, postgres_when_needed) as url:
        yield url


@pytest.fixture(scope="session")
def laid(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[Laid]:
    with ExitStack() as kept:
        yield Laid(tmp_path_factory.mktemp("laid"), postgres_when_needed, kept)


@pytest.fixture(params=EITHER)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, laid: Laid) -> Iterator[str]:
    """As `empty_database_url`, with every table, and nobody in them."""
    with laid.copy(request.param, tmp_path) as url:
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


@pytest.fixture(params=EITHER)
def instance(casts: Casts, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Instance]:
    """The cast in a folder of this test's own, nothing running yet: on SQLite, on PostgreSQL."""
    with casts.copy(request.param, tmp_path / "abri") as made:
        yield made


@pytest.fixture(scope="module", params=EITHER)
def served(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """The cast's drive, running with one worker, shared by the tests of one file: the tests run
    once on SQLite, once on PostgreSQL.
    """
    folder = tmp_path_factory.mktemp("served") / "abri"
    with casts.copy(request.param, folder) as made, serving(made) as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the servers that tests start."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def slapd(authority: Authority) -> Iterator[Slapd]:
    """Debian's OpenLDAP, one per worker."""
    with slapd_server(authority) as server:
        yield server


@pytest.fixture
def staff(slapd: Slapd, tmp_path: Path) -> Iterator[Staff]:
    """A structure's directory, without anybody yet. It may be killed, paused, started otherwise:
    it is well again for the next test.
    """
    with some_staff(slapd, tmp_path) as made:
        yield made


@pytest.fixture
def replica(slapd: Slapd, authority: Authority) -> Iterator[Slapd]:
    """A second OpenLDAP that keeps a copy of the first."""
    with slapd_server(authority, provider=slapd) as server:
        yield server
