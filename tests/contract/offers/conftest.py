"""An instance where operators ask before they share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.offering import Asking, asking


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Asking]:
    with asking(database_url, tmp_path) as made:
        yield made
