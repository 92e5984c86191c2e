"""What contract tests begin with, each on both databases. A file may have a world of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from davserver.domain.people import Structure
from tests.support.accounts import Accounts, accounts_in
from tests.support.drive import Drive
from tests.support.office import Office, office_in
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.sharing import Shelter, shelter


@pytest.fixture
def accounts(database_url: str) -> Iterator[Accounts]:
    with accounts_in(database_url) as found:
        yield found


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_in(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Shelter]:
    with shelter(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    """An instance below the fronts, with the shipped rules and nobody in it yet."""
    with safekeeping(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    """Her vault has the French folders."""
    return world.beneficiary("amina", "fr")


@pytest.fixture
def ccas(world: Safekeeping) -> Structure:
    return world.structure("ccas")


@pytest.fixture
def karim(world: Safekeeping, ccas: Structure) -> Drive:
    return world.professional("karim", ccas)
