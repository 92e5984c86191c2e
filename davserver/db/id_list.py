"""A list of ids as one bound value: any length is one statement, and the same statement.

In IN each id would be a parameter of its own. SQLite takes 32 766 of them and PostgreSQL 65 535,
which the grants of one professional can pass, and the text would be parsed anew for every length.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, LargeBinary, TextualSelect, column, text

from davserver.domain.ids import ID_BYTES


def id_list(dialect: str, name: str) -> str:
    """SQL that gives the ids of the parameter `name`: to stand in `IN (…)`."""
    if dialect == "postgresql":
        return f"SELECT unnest(CAST(:{name} AS BYTEA[])) AS id"
    return (
        f"WITH RECURSIVE one_of(at) AS (SELECT 1 WHERE length(:{name}) > 0 UNION ALL"
        f" SELECT at + {ID_BYTES} FROM one_of WHERE at + {ID_BYTES} <= length(:{name}))"
        f" SELECT substr(:{name}, at, {ID_BYTES}) AS id FROM one_of"
    )


def ids_of(dialect: str, name: str) -> TextualSelect:
    """The same for a statement of SQLAlchemy: `column.in_(ids_of(…))`."""
    return text(id_list(dialect, name)).columns(column("id", LargeBinary))


def as_value(tx: Connection, ids: Collection[bytes]) -> Any:
    """The ids as that parameter takes them. An id of another length would shift all others."""
    if set(map(len, ids)) - {ID_BYTES}:
        raise ValueError(f"an id has {ID_BYTES} bytes")
    return list(ids) if tx.dialect.name == "postgresql" else b"".join(ids)
