"""A database of schema 0008 with something of everything that a drive does, brought forward."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, Table, select, text

from davserver.db import schema
from davserver.db import tables as t
from davserver.db.engine import open_engine
from tests.contract.test_migrations import MIGRATIONS
from tests.support.drive import Drive, World
from tests.support.postgres import PostgresServer, any_database

pytestmark = pytest.mark.slow

Rows = dict[str, set[tuple[Any, ...]]]

WRITTEN = {"node", "node_version", "blob", "folder_change", "lock", "trail_head", "trail"}


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    for content in (b"one", b"two", b"three" * 5000):
        made.put("/Santé/paper.txt", content)
    made.put("/Santé/removed.txt", b"text")
    made.delete("/Santé/removed.txt")
    made.lock("/Santé/paper.txt")
    made.get("/Santé/paper.txt")
    karim = world.professional("karim")
    world.grant(made, karim, "/Santé")
    karim.put("/Name of amina/Santé/from karim.txt", b"for you")
    return made


@pytest.fixture
def older(
    database_url: str, tmp_path: Path, postgres_when_needed: Callable[[], PostgresServer]
) -> Iterator[Engine]:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    folder = tmp_path / "older"
    folder.mkdir()
    with any_database(kind, folder, postgres_when_needed) as url:
        engine = open_engine(url, durable=True, connections=2)
        yield engine
        engine.dispose()


def known_then(engine: Engine) -> list[Table]:
    """With the columns of then."""
    found = MetaData()
    found.reflect(engine, only=lambda name, _: name in t.metadata.tables)
    return found.sorted_tables


def rows_of(engine: Engine, tables: list[Table]) -> Rows:
    with engine.connect() as tx:
        return {one.name: {tuple(row) for row in tx.execute(select(one))} for one in tables}


def laid_as_0008(engine: Engine, source: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as target:
        config.attributes["connection"] = target
        command.upgrade(config, "0008")
    with engine.begin() as target, source.connect() as given:
        for table in known_then(engine):
            rows = given.execute(select(table)).mappings().all()
            if rows:
                target.execute(table.insert(), [dict(row) for row in rows])


def test_every_row_is_there_after_the_upgrade(world: World, amina: Drive, older: Engine) -> None:
    laid_as_0008(older, world.db.engines()[0])
    tables = known_then(older)
    before = rows_of(older, tables)
    assert {name for name, rows in before.items() if rows} >= WRITTEN
    schema.upgrade(older)
    assert rows_of(older, tables) == before
    made = select(t.node.c.id, t.node.c.made_by_other)
    with older.connect() as tx, world.db.engines()[0].connect() as given:
        told = set(map(tuple, tx.execute(made)))
        assert told == set(map(tuple, given.execute(made)))
    assert {by_other for _, by_other in told} == {True, False}
    assert schema.differences(older) == []
    if older.dialect.name == "sqlite":
        with older.connect() as tx:
            assert tx.execute(text("PRAGMA foreign_key_check")).all() == []
            assert tx.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
