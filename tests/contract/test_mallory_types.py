"""SQLite keeps any type in any column. Whatever falls over such a value has shown nobody anything,
and the check goes on.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy.exc import StatementError

from tests.support.mallory import Mallory, Scene
from tests.support.mallory_victims import VICTIMS, Stage
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("mallory")
    url = f"sqlite:///{folder / 'abri.db'}"
    with safekeeping(url, folder) as world:
        mallory = Mallory(world, url)
        yield Stage(Scene(world), mallory, 1)
        mallory.close()


@pytest.mark.parametrize("victim", VICTIMS)
def test_values_of_a_wrong_type_show_nobody_more_and_stop_no_check(
    stage: Stage, victim: str
) -> None:
    table, row, _ = stage.rows(victim)
    for column in table.columns:
        with stage.mallory.mistyped(table, row, column.name) as possible:
            if possible:
                # A request may fail as a whole: then it is refused, with nothing in it.
                with suppress(AttributeError, TypeError, ValueError, StatementError):
                    assert stage.scene.lies() == [], column.name
                stage.scene.world.check()
    assert stage.scene.world.troubles() == []
