"""What remembered answers are made of moves their counter, whoever writes it; nothing else does."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Executable,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    delete,
    insert,
    null,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import visitors

from authn import fact_statements
from davserver.db.database import Database
from davserver.db.dependencies import (
    ALL,
    COUNTED,
    COUNTS,
    FOLDERS,
    PEOPLE,
    SHARING,
    Dependency,
    concerns,
    may_move,
    may_write,
)
from davserver.db.prepared import Prepared
from davserver.db.tables import metadata
from davserver.vault.grants import standing
from davserver.vault.grants import statements as grant_statements
from tests.support.accounts import empty_instance

ROOT = Path(__file__).parents[2]

REMEMBERED: Mapping[str, tuple[Dependency, ...]] = {
    "authn/facts.py": (PEOPLE,),
    "davserver/gate/walking.py": (Dependency.ANYTHING, FOLDERS),
    "davserver/vault/contents.py": (Dependency.ANYTHING,),
    "davserver/vault/grants/reading.py": (SHARING,),
    "davserver/vault/grants/grants.py": (SHARING,),
    "davserver/vault/nodes/listing_cache.py": (Dependency.ANYTHING,),
    "davserver/vault/grants/standing.py": (PEOPLE,),
}
"""Who remembers, and what they say that it depends on. Their statements are in `ASKED`."""

ASKED: Mapping[Dependency, tuple[Prepared | Executable, ...]] = {
    PEOPLE: (
        fact_statements.by_login(app_password=True),
        fact_statements.by_login(app_password=False),
        fact_statements.by_person(),
        fact_statements.by_credential(),
        standing._makers_statement("sqlite"),
    ),
    SHARING: (
        grant_statements.ALL,
        grant_statements.mine(2),
        grant_statements.mine_there(2),
        grant_statements.mine_under(2, 2),
    ),
}

READ_AND_NOT_USED = {
    "vault.used": "moves with every document; facts are made without it",
    "directory_sync.turn_until": "whose turn it is",
    "directory_sync.held": "what waits",
    "directory_sync.held_at": "what waits",
    "directory_sync.confirmed": "what waits",
}


class Undone(Exception):
    """Nothing of it stays."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = empty_instance(database_url)
    yield made
    made.close()


def counts(tx: Connection) -> dict[Dependency, Any]:
    return dict(zip(COUNTED, tx.execute(text(COUNTS)).one(), strict=True))


def moved(db: Database, statement: Executable) -> set[Dependency]:
    """What it moves, in a transaction that comes to nothing."""
    found: set[Dependency] = set()

    def work(tx: Connection) -> None:
        before = counts(tx)
        assert tx.execute(statement).rowcount != 0  # type: ignore[attr-defined]
        after = counts(tx)
        said = str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[attr-defined,no-untyped-call]
        assert may_write(said)
        found.update(one for one in COUNTED if before[one] != after[one])
        # Whoever writes to PostgreSQL does not look at the counters after any other.
        assert not found - {FOLDERS} or may_move(said)
        raise Undone

    with pytest.raises(Undone):
        db.note(work)
    return found


@pytest.mark.parametrize(
    ("statement", "may"),
    [
        ("UPDATE vault SET used=(vault.used + $1) WHERE vault.id = $2 AND vault.quota > 1", False),
        ('UPDATE "grant" SET used=("grant".used + $1) WHERE "grant".id = $2', False),
        ('UPDATE "grant" SET used=1, "right"=$1', True),
        ("UPDATE vault SET used=(SELECT 1 FROM node WHERE id = $1), quota=2 WHERE id = $2", True),
        ("UPDATE person AS p SET role=$1", True),
        ("INSERT INTO folder_change (tag) VALUES ($1) ON CONFLICT (tag) DO UPDATE SET at=1", False),
        ("WITH gone AS (DELETE FROM person RETURNING id) SELECT id FROM gone", True),
        ("\n  SELECT person.id FROM person", False),
        ("SAVEPOINT one", False),
        ("TRUNCATE node", True),
    ],
)
def test_what_is_not_plainly_harmless_may_move_a_counter(statement: str, may: bool) -> None:  # noqa: FBT001
    assert may_move(statement) is may
    assert may_write(statement) or not may


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("INSERT INTO trail_head (seq) VALUES ($1)", True),
        ("WITH done AS (UPDATE trail_head SET seq = $1 RETURNING 1) SELECT 1 FROM done", True),
        ("INSERT INTO trail (seq) VALUES ($1)", False),
        ("SELECT seq FROM trail_head", False),
        ("CALL something()", True),
    ],
)
def test_an_answer_is_not_kept_where_something_is_written_that_it_is_made_of(
    statement: str,
    does: bool,  # noqa: FBT001
) -> None:
    asked = "SELECT h.seq FROM (SELECT 1) LEFT OUTER JOIN trail_head AS h ON h.vault_id = $1"
    assert concerns(statement, asked) is does


def value(column: Column[Any], variant: int) -> Any:
    """Another one for each variant, so that a row may stand beside another."""
    kind = column.type
    if isinstance(kind, LargeBinary):
        return bytes([variant]) * 16
    if isinstance(kind, Boolean):
        return variant % 2 == 0
    if isinstance(kind, BigInteger | Integer | SmallInteger):
        return 100 + variant
    return f"word-{variant}"


def row(table: Table, variant: int) -> dict[str, Any]:
    names = [column.name for column in table.columns if not of_itself(column)]
    return {name: value(table.c[name], variant) for name in names}


def of_itself(column: Column[Any]) -> bool:
    """Such as the folder of a folder."""
    return any(key.column.table is column.table for key in column.foreign_keys)


def test_nobody_gets_around_it_by_a_setting(db: Database) -> None:
    """As those who restore a database set it, so that no foreign key is looked at."""

    def work(tx: Connection) -> None:
        before = counts(tx)
        if not db.sqlite:
            tx.execute(text("SET LOCAL session_replication_role = replica"))
        tx.execute(update(metadata.tables["epoch"]).values(revocation=7))
        assert counts(tx) != before

    db.note(work)


def test_a_count_of_changes_is_nobody_s_business_and_a_pause_is(db: Database) -> None:
    people = insert(metadata.tables["person"]).values(row(metadata.tables["person"], 1))
    db.note(lambda tx: tx.execute(people))
    db.note(
        lambda tx: tx.execute(
            insert(metadata.tables["vault"]).values(row(metadata.tables["vault"], 1))
        )
    )
    pace = metadata.tables["pace"]
    counting = row(pace, 1) | {"paused_at": None}
    assert moved(db, insert(pace).values(counting)) == set()
    db.note(lambda tx: tx.execute(insert(pace).values(counting)))
    assert moved(db, update(pace).values(count=7, opened_at=8, paused_at=None)) == set()
    assert moved(db, delete(pace)) == set()
    assert moved(db, update(pace).values(paused_at=9)) == {PEOPLE}


def test_files_come_and_go_and_folders_are_made_without_a_count(db: Database) -> None:
    """As long as nothing else has their name."""
    node = metadata.tables["node"]
    for table in (metadata.tables[name] for name in ("person", "vault", "space")):
        first = insert(table).values(row(table, 1))
        db.note(lambda tx, sql=first: tx.execute(sql))
    for kind, there in (("file", set()), ("folder", {FOLDERS})):
        made = row(node, 1) | {"kind": kind, "twin": 0}
        assert moved(db, insert(node).values(made)) == set()
        assert moved(db, insert(node).values(made | {"twin": 1})) == {FOLDERS}
        db.note(lambda tx, row=made: tx.execute(insert(node).values(row)))
        for name in ("name_idx", "state", "rec_ct", "row_version"):
            other = update(node).values({name: value(node.c[name], 2)})
            assert moved(db, other) == there, name
        assert moved(db, update(node).values(twin=1)) == {FOLDERS}
        assert moved(db, delete(node)) == there
        db.note(lambda tx: tx.execute(delete(node)))


def counted(table: str, column: str) -> set[Dependency]:
    return {
        about
        for about, tables in COUNTED.items()
        if table in tables and (tables[table] == ALL or column in tables[table])
    }


@pytest.mark.slow
def test_each_column_moves_what_it_is_said_to_move_and_nothing_else(db: Database) -> None:
    """Every table there is, row by row: what is counted and what is not."""
    for table in metadata.sorted_tables:
        if table.name == "changed":
            continue
        mine = {about for about, tables in COUNTED.items() if table.name in tables}
        of_table = insert(table).values(row(table, 1))
        # An instance has its own one.
        if table.name != "epoch":
            assert moved(db, of_table) == mine, table.name
        db.note(lambda tx, sql=of_table: tx.execute(sql))
        only = [column == value(column, 1) for column in table.primary_key]
        for column in table.columns:
            there = update(table).where(*only)
            found = moved(db, there.values({column.name: value(column, 2 - of_itself(column))}))
            assert found == counted(table.name, column.name), str(column)
            same = null() if of_itself(column) else value(column, 1)
            assert moved(db, there.values({column.name: same})) == set(), f"{column} is as it was"
        assert moved(db, delete(table).where(*only)) == mine, table.name
        second = insert(table).values(row(table, 2))
        db.note(lambda tx, sql=second: tx.execute(sql))


def test_what_is_counted_is_all_that_the_remembered_statements_read() -> None:
    for about, asked in ASKED.items():
        for one in asked:
            statement = one._statement if isinstance(one, Prepared) else one
            read = {
                f"{column.table.name}.{column.name}"
                for found in visitors.iterate(statement)  # type: ignore[arg-type]
                for column in _real(found)
            }
            left = {name for name in read if about not in counted(*name.split("."))}
            assert left <= READ_AND_NOT_USED.keys(), f"{about}: {statement}"
            assert read, statement


def _real(found: Any) -> list[Column[Any]]:
    """The columns of tables, of their aliases too."""
    base = [found] if hasattr(found, "base_columns") else []
    columns = (column for one in base for column in one.base_columns)
    return [one for one in columns if isinstance(getattr(one, "table", None), Table)]


def test_every_file_that_remembers_is_known_here() -> None:
    """So that its statements are among those that are looked at above."""
    found = {}
    for folder in ("admin", "authn", "davserver", "policies"):
        for file in (ROOT / folder).rglob("*.py"):
            source = file.read_text()
            if re.search(r"query_cache import .*\b(cached|store|lookup)\b", source):
                said = re.findall(rf"\b(?:{'|'.join(Dependency.__members__)})\b", source)
                found[str(file.relative_to(ROOT))] = {Dependency[one] for one in said}
    assert found == {name: set(abouts) for name, abouts in REMEMBERED.items()}


def test_what_is_undone_moves_nothing_and_what_is_done_stays_moved(db: Database) -> None:
    def change(tx: Connection) -> None:
        tx.execute(update(metadata.tables["epoch"]).values(revocation=7))

    def refused(tx: Connection) -> None:
        change(tx)
        raise Undone

    with db.read() as tx:
        before = counts(tx)
    with pytest.raises(Undone):
        db.write(refused)
    with db.read() as tx:
        assert counts(tx) == before
    db.write(change)
    with db.read() as tx:
        after = counts(tx)
    assert after[PEOPLE] != before[PEOPLE]
    assert after[SHARING] == before[SHARING]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_reads_no_long_condition_with_each_document(db: Database) -> None:
    """Anew in each statement that fires it: to read 11 000 letters took longer than to write."""
    with db.read() as tx:
        longest = tx.scalar(
            text("SELECT max(length(tgqual)) FROM pg_trigger WHERE tgrelid = 'node'::regclass")
        )
    assert longest < 2000
