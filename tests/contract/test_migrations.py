"""Migrations make exactly what tables.py says, on SQLite and on PostgreSQL."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable

from davserver.db import schema, tables
from davserver.db.dependencies import COUNTED, statements
from davserver.db.engine import open_engine
from davserver.db.tables import metadata
from davserver.domain.errors import Unavailable

pytestmark = pytest.mark.slow

MIGRATIONS = files("davserver.db") / "migrations"


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = open_engine(empty_database_url, durable=True, connections=4)
    yield engine
    engine.dispose()


def spaceless(statement: str | None) -> str:
    return re.sub(r'[\s"]+', "", statement or "").replace("'0'", "0")


def test_an_upgraded_database_equals_the_tables(engine: Engine):
    schema.upgrade(engine)
    assert schema.differences(engine) == []
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_comparison_sees_a_missing_column_and_a_missing_index(engine: Engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_grant_node_id"))
        connection.execute(text("ALTER TABLE kek DROP COLUMN destroyed_at"))
    found = {change[0] for change in schema.differences(engine)}
    assert found == {"add_index", "add_column"}


def test_every_key_and_every_partial_index_is_the_same(engine: Engine):
    """Alembic's comparison leaves these out."""
    schema.upgrade(engine)
    seen = inspect(engine)
    for table in metadata.tables.values():
        primary = seen.get_pk_constraint(table.name)
        assert set(primary["constrained_columns"]) == {c.name for c in table.primary_key}
        foreign = {
            (key["constrained_columns"][0], key["referred_table"])
            for key in seen.get_foreign_keys(table.name)
        }
        assert foreign == {(key.parent.name, key.column.table.name) for key in table.foreign_keys}
        partial = {i["name"] for i in seen.get_indexes(table.name) if _where(i)}
        assert partial == {i.name for i in table.indexes if i.dialect_kwargs}


def _where(index) -> bool:
    options = index.get("dialect_options", {})
    return "sqlite_where" in options or "postgresql_where" in options


def test_sqlite_keeps_the_same_statements_as_the_tables_would_make(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'abri.db'}", durable=True, connections=1)
    schema.upgrade(engine)
    wanted = {
        table.name: spaceless(str(CreateTable(table).compile(engine)))
        for table in metadata.tables.values()
    }
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        made = {name: spaceless(sql) for name, sql in rows if name != "alembic_version"}
        rows = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
        indexes = {spaceless(sql) for (sql,) in rows}
    engine.dispose()
    assert {name: sorted(sql) for name, sql in made.items()} == {
        name: sorted(sql) for name, sql in wanted.items()
    }
    assert indexes == {
        spaceless(str(CreateIndex(index).compile(create_engine("sqlite://"))))
        for table in metadata.tables.values()
        for index in table.indexes
    }


def test_an_upgraded_database_counts_as_one_that_is_made_at_once(engine: Engine):
    """Nothing else would notice: a later migration that copies a table loses its triggers."""
    schema.upgrade(engine)
    migrated = _what_counts(engine)
    assert len(migrated) == 3 * sum(map(len, COUNTED.values())) + _functions(engine)
    with engine.begin() as connection:
        for drop in migrated.values():
            connection.execute(text(drop))
        for statement in statements(engine.dialect.name):
            connection.execute(text(statement))
    assert _what_counts(engine).keys() == migrated.keys()


def _functions(engine: Engine) -> int:
    return len(COUNTED) if engine.dialect.name == "postgresql" else 0


def _what_counts(engine: Engine) -> dict[str, str]:
    """Triggers and functions, as the database has them, and what drops each."""
    asked = "SELECT sql, 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
    if engine.dialect.name == "postgresql":
        asked = """
            SELECT pg_get_triggerdef(oid) || tgenabled::text,
                format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
            FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT pg_get_functiondef(oid), 'DROP FUNCTION ' || proname
            FROM pg_proc WHERE proname LIKE 'abri%'"""
    with engine.connect() as connection:
        rows = connection.execute(text(asked)).all()
    return {re.sub(r"\s+", " ", sql): drop for sql, drop in rows}


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_postgresql_does_not_try_to_compress_what_is_sealed(engine: Engine):
    schema.upgrade(engine)
    migrated = _stored(engine)
    assert migrated["blob", "inline_ct"] == "e"
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        metadata.create_all(connection)
    assert _stored(engine) == migrated


def _stored(engine: Engine) -> dict[tuple[str, str], str]:
    """How PostgreSQL stores long values of each of our columns (pg_attribute.attstorage)."""
    asked = text("""
        SELECT relname, attname, attstorage::text FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'r' AND attnum > 0""")
    with engine.connect() as connection:
        rows = connection.execute(asked).all()
    return {(table, name): kept for table, name, kept in rows if table in metadata.tables}


def test_a_second_upgrade_changes_nothing(engine: Engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            tables.trail_actor.insert().values(person_id=b"p", key_ct=b"k", created=1)
        )
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM trail_actor")).scalar() == 1
    assert schema.revision(engine) == schema.HEAD


def test_two_upgrades_at_once_end_well(engine: Engine):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(schema.upgrade, [engine, engine]))
    assert schema.differences(engine) == []


def test_a_database_that_is_empty_old_or_newer_is_told_apart(engine: Engine):
    assert schema.revision(engine) is None
    with pytest.raises(schema.WrongSchema, match="is empty"):
        schema.require_head(engine)
    schema.upgrade(engine)
    schema.require_head(engine)
    for number, says in (("0000", "make a backup"), ("9999", "install the newer version")):
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": number})
        with pytest.raises(schema.WrongSchema, match=says):
            schema.require_head(engine)
    with pytest.raises(schema.WrongSchema, match="newer than"):
        schema.upgrade(engine)


def test_an_upgrade_that_fails_leaves_nothing_behind(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE read_window (id INTEGER)"))
    with pytest.raises(schema.WrongSchema, match=r"changed nothing: .*read_window"):
        schema.upgrade(engine)
    assert inspect(engine).get_table_names() == ["read_window"]


def test_a_database_that_is_away_is_unavailable():
    engine = open_engine("postgresql://abri@127.0.0.1:1/abri", durable=True, connections=1)
    with pytest.raises(Unavailable):
        schema.revision(engine)
    engine.dispose()


def test_the_head_is_the_last_migration_and_each_refuses_to_go_back():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.HEAD]
    for script in scripts.walk_revisions():
        with pytest.raises(NotImplementedError, match="restore a backup"):
            script.module.downgrade()
