"""A change writes fewer pages: rows lie in their key's order, and indexes leave out what nobody
looks for (docs/decisions/2026-11-27-which-pages-a-change-writes.md).

Made anew on SQLite, with the same rows: tables whose key no other table refers to. On PostgreSQL
only the indexes change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BY_KEY = {
    "node_version": "node_id, version",
    "folder_change": "folder_id, tag",
    "lock": "id",
    "trail_head": "vault_id",
    "read_window": "person_id, etag",
}
LIVE = sa.text("state = 'live'")
NOT_LIVE = sa.text("state <> 'live'")
HAS_CONTENT = sa.text("blob_id IS NOT NULL")


NO_LONGER = ", \n\tCONSTRAINT uq_lock_token UNIQUE (token)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, key in BY_KEY.items():
            _by_key(table, key)
    else:
        op.drop_constraint("uq_lock_token", "lock")
    _indexes()


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _by_key(table: str, key: str) -> None:
    """The same table, its rows in the tree of their key instead of beside it."""
    made = _statements(table, "table")[0].replace(NO_LONGER, "")
    indexes = _statements(table, "index")
    old = f"{table}_by_number"
    op.execute(f"ALTER TABLE {table} RENAME TO {old}")
    op.execute(f"{made} WITHOUT ROWID")
    op.execute(f"INSERT INTO {table} SELECT * FROM {old} ORDER BY {key}")  # noqa: S608 — from above
    op.execute(f"DROP TABLE {old}")
    for index in indexes:
        op.execute(index)


def _statements(table: str, kind: str) -> list[str]:
    """What SQLite was told to make it. Indexes that a key brings with it have no statement."""
    asked = sa.text(
        "SELECT sql FROM sqlite_master WHERE tbl_name = :t AND type = :k AND sql IS NOT NULL"
    )
    return list(op.get_bind().execute(asked, {"t": table, "k": kind}).scalars())


def _indexes() -> None:
    op.drop_index("ix_blob_state_lease_until", "blob")
    op.create_index(
        "ix_blob_state_lease_until",
        "blob",
        ["state", "lease_until"],
        sqlite_where=NOT_LIVE,
        postgresql_where=NOT_LIVE,
    )
    op.drop_index("ix_node_blob_id", "node")
    op.create_index(
        "ix_node_blob_id",
        "node",
        ["blob_id"],
        sqlite_where=HAS_CONTENT,
        postgresql_where=HAS_CONTENT,
    )
    op.drop_index("ix_node_parent_id_name_ci_idx", "node")
    op.create_index("ix_node_parent_id", "node", ["parent_id"])
    _live_names_last()


def _live_names_last() -> None:
    """Of two indexes that begin with the same column SQLite takes the one that was made last; a
    listing that took the other would go through all that was ever removed from the folder.
    """
    op.drop_index("uq_node_live_name", "node")
    op.create_index(
        "uq_node_live_name",
        "node",
        ["parent_id", "name_idx", "twin"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
