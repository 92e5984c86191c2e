"""A drive that the tests of one file share, with a folder for each of them."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.support.dav import Drive
from tests.support.instance import Server

_numbers = count()


@pytest.fixture
def amina(served: Server) -> Iterator[Drive]:
    drive = served.instance.drive("amina")
    yield drive
    drive.caller.close()


@pytest.fixture
def folder(amina: Drive) -> str:
    """An empty folder of this test's own."""
    path = f"/test-{next(_numbers)}"
    assert amina.mkcol(path).status == 201
    return path


@pytest.fixture
def note(amina: Drive, folder: str) -> str:
    """A file of ten bytes."""
    assert amina.put(f"{folder}/note.txt", b"0123456789").status == 201
    return f"{folder}/note.txt"
