"""What cached answers depend on, and the counters that invalidate them (`query_cache`).

Triggers move the counters, in the transaction of the change itself, so that no statement and nobody
with a console can forget to. Most changes move none: documents come and go, people stay who they
are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import DDL, Connection, event

from davserver.db.tables import metadata


class Dependency(IntEnum):
    """Those with a counter are the columns of the table `changed`, in their order."""

    PEOPLE = 0
    """Who somebody is: account, credential, memberships, vault, pauses, epoch, wrong passwords."""
    SHARING = 1
    """Grants, and the affiliations that they stand on."""
    FOLDERS = 2
    """Folders that are there, and each thing that has a name beside another of that name: what the
    way to a folder is made of that has its name alone. What else lies in it plays no part.
    """
    ANYTHING = 3
    """Whatever is in the database. It has no counter: any commit invalidates."""


PEOPLE, SHARING, FOLDERS, ANYTHING = Dependency
"""Python 3.11 takes a fifth of a microsecond to look a member up."""

ALL: tuple[str, ...] = ()
COUNTED: Mapping[Dependency, Mapping[str, Sequence[str]]] = {
    PEOPLE: {
        "epoch": ("revocation", "policy", "keys"),
        "person": ALL,
        "credential": ALL,
        "membership": ALL,
        "structure": ALL,
        "directory_account": ALL,
        # Not whose turn it is, nor what waits.
        "directory_sync": ("id", "directory", "synced_at", "row_mac"),
        # Not `used`, which moves with every document.
        "vault": (
            "id", "owner_id", "root_id", "key_gen", "index_ct", "idx_gen", "quota", "created",
            "erased_at", "row_mac",
        ),
        # Not the count, which moves with every change of somebody else's documents.
        "pace": ("person_id", "vault_id", "paused_at"),
        "throttle": ALL,
    },
    SHARING: {
        # Not `used`.
        "grant": (
            "id", "vault_id", "node_id", "parent_id", "to_kind", "to_id", "right", "starts",
            "until", "ended_at", "ended_by", "created_by", "created", "allowance", "display_ct",
            "folder_idx", "name_idx", "purpose_ct", "purpose_idx", "row_version", "row_mac",
        ),
        "affiliation": ALL,
    },
    FOLDERS: {"node": ALL},
}  # fmt: skip
"""Of which tables and columns answers are made. A table that is inserted into or deleted from moves
its counter too.
"""


class Rows(NamedTuple):
    """Of which rows of a table it counts that they are made, removed, written; empty: of all."""

    made: str
    gone: str
    written: str


_TWIN = 'NEW."twin" > 0'
ROWS: Mapping[str, Rows] = {
    "pace": Rows('NEW."paused_at" IS NOT NULL', 'OLD."paused_at" IS NOT NULL', ""),
    # A new folder is on no way yet. Files come, go and change with nearly every request: a counter
    # that moved with them would cost each a page.
    "node": Rows(
        _TWIN,
        """OLD."kind" = 'folder' OR OLD."twin" > 0""",
        f"""OLD."kind" = 'folder' OR {_TWIN}""",
    ),
}
"""Tables of which not every row counts."""
_EVERY = Rows("", "", "")

COUNTS = "SELECT sum(people), sum(sharing), sum(folders) FROM changed"
"""The counters. Of several rows on PostgreSQL, where writers run side by side: whoever took the
same row as another would collide with it.
"""

_SHARDS = 64
_FUNCTION = "abri_changed"


def statements(dialect: str) -> Iterator[str]:
    """Everything that counts, to be made once, after the tables."""
    if dialect == "postgresql":
        yield from map(_function, _names())
    for about, tables in COUNTED.items():
        for table, named in tables.items():
            yield from _TRIGGERS[dialect](about.name.lower(), table, named)


def _names() -> list[str]:
    return [about.name.lower() for about in COUNTED]


def _sqlite(counter: str, table: str, named: Sequence[str]) -> Iterator[str]:
    # Also where its row is not there: no counter may stand still.
    count = (
        f"INSERT INTO changed (shard, {counter}) VALUES (0, 1) "  # noqa: S608 — our own word
        f"ON CONFLICT (shard) DO UPDATE SET {counter} = {counter} + 1;"
    )
    columns = named or [column.name for column in metadata.tables[table].columns]
    for word, when in _events(table, *_update(columns, "IS NOT")).items():
        yield (
            f"CREATE TRIGGER changed_{table}_{word.split()[0].lower()} "
            f'AFTER {word} ON "{table}"{when} BEGIN {count} END'
        )


def _postgresql(counter: str, table: str, named: Sequence[str]) -> Iterator[str]:
    # PostgreSQL reads a condition anew in each statement that fires it: with all columns of a
    # document named in it, that took it longer than to write the document.
    whole = "UPDATE", "OLD.* IS DISTINCT FROM NEW.*"
    update = _update(named, "IS DISTINCT FROM") if named else whole
    for word, when in _events(table, *update).items():
        name = f"changed_{table}_{word.split()[0].lower()}"
        yield (
            f'CREATE TRIGGER {name} AFTER {word} ON "{table}" FOR EACH ROW{when} '
            f"EXECUTE FUNCTION {_FUNCTION}_{counter}()"
        )
        # For whoever sets `session_replication_role` too, as some ways of restoring do.
        yield f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}'


_TRIGGERS = {"sqlite": _sqlite, "postgresql": _postgresql}


def _update(columns: Sequence[str], differs: str) -> tuple[str, str]:
    """Of those columns; and where it writes anything else than what was there."""
    listed = ", ".join(f'"{one}"' for one in columns)
    return (
        f"UPDATE OF {listed}",
        " OR ".join(f'OLD."{one}" {differs} NEW."{one}"' for one in columns),
    )


def _events(table: str, update: str, other: str) -> dict[str, str]:
    """By what happens, under which condition. What is written as it was is no change."""
    made, gone, written = ROWS.get(table, _EVERY)
    return {
        "INSERT": f" WHEN ({made})" if made else "",
        "DELETE": f" WHEN ({gone})" if gone else "",
        update: f" WHEN (({written}) AND ({other}))" if written else f" WHEN ({other})",
    }


def _function(counter: str) -> str:
    """Once per transaction: whoever changes thousands of rows would go through as many versions of
    one row. Nobody reads a counter before the transaction ends, and no two have one number.
    """
    return f"""
    CREATE FUNCTION {_FUNCTION}_{counter}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO changed AS c (shard, {counter})
        VALUES (mod(pg_backend_pid(), {_SHARDS}), txid_current())
        ON CONFLICT (shard) DO UPDATE SET {counter} = excluded.{counter}
        WHERE c.{counter} <> excluded.{counter};
        RETURN NULL;
    END $$
    """  # noqa: S608 — our own word


_WRITTEN = re.compile(
    r'\b(?:INSERT INTO|DELETE FROM|UPDATE)\s+"?(?!SET\b)(\w+)"?'
    r"(?:\s+SET\s+(.*?)(?:\sWHERE\s|$))?",
    re.DOTALL,
)
_KNOWN = re.compile(
    r"\s*(?:SELECT|WITH|VALUES|INSERT|UPDATE|DELETE|BEGIN|LOCK|COMMIT|SAVEPOINT|RELEASE|ROLLBACK|SET)\b"
)


@lru_cache(maxsize=1024)
def may_write(statement: str) -> bool:
    """Whether that statement could change any row."""
    return not _KNOWN.match(statement) or _WRITTEN.search(statement) is not None


@lru_cache(maxsize=1024)
def may_move(statement: str) -> bool:
    """Whether that statement could move a counter. Where PostgreSQL's writers keep what they know
    they would have to look at the counters after each of their own statements, which is a round
    trip; so they look after these. Whatever is not plainly harmless could.
    """
    if not _KNOWN.match(statement):
        return True
    written = _WRITTEN.findall(statement)
    return any(table == "changed" or _touches(table, what) for table, what in written)


_TURNED = re.compile(r'\b(?:DELETE FROM|UPDATE)\s+"?node\b')


@lru_cache(maxsize=1024)
def may_turn(statement: str) -> bool:
    """Whether that statement is likely to move FOLDERS: it writes something that is there. Few of
    those do; what is made moves it only beside another of its name.
    """
    return not _KNOWN.match(statement) or _TURNED.search(statement) is not None


@lru_cache(maxsize=1024)
def concerns(statement: str, question: str) -> bool:
    """Whether that statement could change what is answered to `question`: it writes a table that
    is named there.
    """
    if not _KNOWN.match(statement):
        return True
    return any(re.search(rf"\b{table}\b", question) for table, _ in _WRITTEN.findall(statement))


def _touches(table: str, what: str) -> bool:
    """`what`: the assignments of an UPDATE."""
    for about, tables in COUNTED.items():
        # Nearly each statement might move FOLDERS: `db/postgres/counters.py` keeps none of it.
        columns = tables.get(table) if about is not FOLDERS else None
        if columns is not None and (not what or not columns or "SELECT" in what):
            return True
        for one in columns or ():
            if re.search(rf'(?:^|[\s,(."]){one}"?\s*=', what):
                return True
    return False


@event.listens_for(metadata, "after_create")
def _count(_target: object, connection: Connection, **_more: Any) -> None:
    for one in statements(connection.dialect.name):
        connection.execute(DDL(one))  # type: ignore[no-untyped-call]  # SQLAlchemy's has no types
