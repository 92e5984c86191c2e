"""No index leads from a content to the rows that name it, and no foreign key, which would need one:
three pages of each upload (docs/decisions/2026-11-27-which-pages-a-change-writes.md).
"""

import sqlalchemy as sa
from alembic import op

from davserver.db.schema import WrongSchema

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAMING = ("node", "node_version")


def upgrade() -> None:
    for table in NAMING:
        op.drop_index(f"ix_{table}_blob_id", table)
        if op.get_bind().dialect.name != "sqlite":
            op.drop_constraint(f"fk_{table}_blob_id", table)
    if op.get_bind().dialect.name == "sqlite":
        _without_keys()


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _without_keys() -> None:
    """As SQLite's documentation of ALTER TABLE says: a foreign key is not in the rows, so that only
    the text of the table's statement changes. To make `node` anew would touch all that names it.
    """
    bind = op.get_bind()
    version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        for table in NAMING:
            _without_key(table)
        bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    finally:
        bind.execute(sa.text("PRAGMA writable_schema = OFF"))


def _without_key(table: str) -> None:
    key = f", \n\tCONSTRAINT fk_{table}_blob_id FOREIGN KEY(blob_id) REFERENCES blob (id)"
    statement = sa.text(
        "UPDATE sqlite_master SET sql = replace(sql, :key, '')"
        " WHERE type = 'table' AND name = :name AND instr(sql, :key) > 0"
    )
    if op.get_bind().execute(statement, {"key": key, "name": table}).rowcount != 1:
        message = f"the upgrade changed nothing: {table} is not the table that Abri made"
        raise WrongSchema(message)
