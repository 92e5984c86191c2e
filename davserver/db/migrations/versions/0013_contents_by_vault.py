"""Contents are found by their vault and id: one index instead of two, a page less of each upload
(docs/decisions/2026-11-27-which-pages-a-change-writes.md).
"""

import sqlalchemy as sa
from alembic import op

from davserver.db.schema import WrongSchema

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = "CONSTRAINT pk_blob PRIMARY KEY (id)"
AFTER = "CONSTRAINT pk_blob PRIMARY KEY (vault_id, id)"


def upgrade() -> None:
    op.drop_index("ix_blob_vault_id", "blob")
    if op.get_bind().dialect.name == "sqlite":
        _key_anew()
    else:
        op.drop_constraint("pk_blob", "blob")
        op.create_primary_key("pk_blob", "blob", ["vault_id", "id"])


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _key_anew() -> None:
    """As in 0010: rows do not hold their key, so that only the text of the table's statement
    changes, and the key's index is made anew. To copy the table would copy all contents.
    """
    bind = op.get_bind()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        statement = sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = 'blob' AND instr(sql, :before) > 0"
        )
        if bind.execute(statement, {"before": BEFORE, "after": AFTER}).rowcount != 1:
            message = "the upgrade changed nothing: blob is not the table that Abri made"
            raise WrongSchema(message)
        version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
        bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    finally:
        # Reads the changed statement, too.
        bind.execute(sa.text("PRAGMA writable_schema = RESET"))
    bind.execute(sa.text("REINDEX blob"))
