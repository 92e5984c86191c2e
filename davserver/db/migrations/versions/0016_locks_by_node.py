"""Locks lie by vault and node, as they are asked for: no index beside them, two pages less of each
(docs/decisions/2026-11-27-which-pages-a-change-writes.md).
"""

import re

import sqlalchemy as sa
from alembic import op

from davserver.db.schema import WrongSchema

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = "CONSTRAINT pk_lock PRIMARY KEY (id)"
KEY_NOW = "CONSTRAINT pk_lock PRIMARY KEY (vault_id, node_id, id)"
OF_NODE = re.compile(
    r", \s*CONSTRAINT fk_lock_node_id FOREIGN KEY\(node_id\) REFERENCES node \(id\)"
)


def upgrade() -> None:
    op.drop_index("ix_lock_node_id", "lock")
    op.drop_index("ix_lock_vault_id_expires_at", "lock")
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
    else:
        op.drop_constraint("fk_lock_node_id", "lock")
        op.drop_constraint("pk_lock", "lock")
        op.create_primary_key("pk_lock", "lock", ["vault_id", "node_id", "id"])


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _made_anew() -> None:
    """SQLite changes no key. There are few locks at any time."""
    asked = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'lock'")
    before = op.get_bind().execute(asked).scalar_one()
    now, keys = OF_NODE.subn("", before.replace(KEY, KEY_NOW))
    if KEY not in before or keys != 1:
        message = "the upgrade changed nothing: lock is not the table that Abri made"
        raise WrongSchema(message)
    op.execute("ALTER TABLE lock RENAME TO lock_by_id")
    op.execute(now)
    op.execute("INSERT INTO lock SELECT * FROM lock_by_id ORDER BY vault_id, node_id, id")
    op.execute("DROP TABLE lock_by_id")
