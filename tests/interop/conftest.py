"""The served drive that outside programs meet: HTTPS, the cast, and a folder shared to write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cast import Casts
from tests.support.instance import Server, serving
from tests.support.outside import Outside

SHARED = "/Partage"


@pytest.fixture(scope="session")
def drive(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The HTTPS drive. `/Partage` of amina is granted to karim to write."""
    yield from _served(casts, tmp_path_factory.mktemp("https") / "abri", tls=True)


@pytest.fixture(scope="session")
def plain_drive(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same over loopback HTTP, for what TLS keeps a program from doing."""
    yield from _served(casts, tmp_path_factory.mktemp("http") / "abri", tls=False)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    home = tmp_path / "home"
    home.mkdir()
    return Outside(home)


def _served(casts: Casts, folder: Path, *, tls: bool) -> Iterator[Server]:
    with casts.copy("sqlite", folder, tls=tls) as instance, serving(instance, workers=2) as server:
        with instance.caller("amina") as amina:
            made = amina.ask("MKCOL", f"/dav{SHARED}")
            assert made.status == 201, made
        instance.grant("amina", "karim", SHARED, "write")
        yield server
