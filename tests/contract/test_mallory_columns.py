"""Whoever writes the database tries every column of every table: refused, absent, or found."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from davserver.db import tables as t
from davserver.domain.errors import AbriError
from tests.support.cast import EITHER
from tests.support.mallory import Mallory, Row, Scene, other_values
from tests.support.mallory_table import AT_START, ELSEWHERE, EMPTY, FOUND, SILENT
from tests.support.mallory_victims import VICTIMS, Stage
from tests.support.postgres import PostgresServer, any_database
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=EITHER)
def stage(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("mallory")
    with ExitStack() as kept:
        most = 3 if request.param == "sqlite" else 1
        url = kept.enter_context(any_database(request.param, folder, postgres_when_needed))
        world = kept.enter_context(safekeeping(url, Path(folder)))
        mallory = Mallory(world, url)
        kept.callback(mallory.close)
        yield Stage(Scene(world), mallory, most)


def cases_of(victim: str, row: Row | None = None) -> Iterator[str]:
    """All that can be done to one row. `row` None: whatever could ever be emptied counts."""
    table = VICTIMS[victim][0]
    for column in table.columns:
        yield f"{victim}.{column.name}"
        if column.nullable and (row is None or row[column.name] is not None):
            yield f"{victim}.{column.name}=none"
    yield f"{victim} removed"
    yield f"{victim} copied"


def expected_found(victim: str) -> set[str]:
    words = FOUND.get(victim, "").split()
    whole = {"removed", "copied"}
    return {f"{victim} {word}" if word in whole else f"{victim}.{word}" for word in words}


def test_every_table_is_somebodys_matter() -> None:
    attacked = {table.name for table, _ in VICTIMS.values()}
    lists = [attacked, set(EMPTY), set(ELSEWHERE), set(AT_START)]
    assert set().union(*lists) == set(t.metadata.tables)
    assert sum(len(one) for one in lists) == len(t.metadata.tables)


def test_every_column_of_every_table_is_decided() -> None:
    found = set().union(*(expected_found(victim) for victim in FOUND))
    assert not found & set(SILENT)
    possible = {case for victim in VICTIMS for case in cases_of(victim)}
    assert found | set(SILENT) <= possible
    undecided = {case for case in possible - found - set(SILENT) if not case.endswith("=none")}
    assert undecided == set()


def test_nothing_writes_the_tables_that_are_said_to_be_empty(stage: Stage) -> None:
    for name in EMPTY:
        assert stage.mallory.rows(t.metadata.tables[name]) == []


def test_the_scene_is_whole_before_anybody_touches_it(stage: Stage) -> None:
    assert stage.scene.lies() == []
    assert stage.scene.world.troubles() == []
    seen = {login: len(view) for login, view in stage.scene.truth.items()}
    assert seen["amina"] > seen["bilal"] > 10
    assert seen["karim"] > 5
    assert seen["zoe"] == 1


@pytest.mark.parametrize("victim", VICTIMS)
def test_what_mallory_writes_is_refused_absent_or_found(stage: Stage, victim: str) -> None:
    table, row, donors = stage.rows(victim)
    decided = expected_found(victim) | set(SILENT)
    told: dict[str, list[bool]] = {}
    for case, attempt in attempts(stage, table, row, donors, victim):
        assert case in decided, f"{case}: decide in tests/support/mallory_table.py"
        with attempt as possible:
            if possible:
                assert stage.scene.lies() == [], case
                if table is t.grant_offer:
                    assert stage.scene.asked() <= stage.scene.questions, case
                told.setdefault(case, []).append(is_told(stage))
    assert stage.scene.world.troubles() == []
    silent = {case for case, said in told.items() if not all(said)}
    assert silent - set(SILENT) == set(), "must be found"
    # A value that no row has is sometimes found where one that another row has is not.
    found = {case for case, said in told.items() if all(said) and len(said) > 1}
    assert found & set(SILENT) == set(), "is found now: say so in the table"


def attempts(
    stage: Stage, table: Table, row: Row, donors: list[Row], victim: str
) -> Iterator[tuple[str, Any]]:
    changed = partial(stage.mallory.changed, table, row)
    for column in table.columns:
        for value in other_values(row[column.name], column, donors)[: stage.most]:
            yield f"{victim}.{column.name}", changed(**{column.name: value})
        if column.nullable and row[column.name] is not None:
            yield f"{victim}.{column.name}=none", changed(**{column.name: None})
    yield f"{victim} removed", stage.mallory.removed(table, row)
    last = list(table.primary_key.columns)[-1]
    unique = [column for column in table.columns if column.unique or column is last]
    keys = {column.name: other_values(row[column.name], column, [])[0] for column in unique}
    yield f"{victim} copied", stage.mallory.copied(table, row, **keys)


def is_told(stage: Stage) -> bool:
    """A check that cannot even begin says so too, but it finds nothing: that is not enough."""
    try:
        return bool(stage.scene.world.troubles())
    except AbriError:
        return False
