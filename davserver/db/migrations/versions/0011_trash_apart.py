"""What is in the trash has an index of its own: the sweeper goes through the trash, and not through
every node there is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TRASH = sa.text("state = 'trash'")


def upgrade() -> None:
    op.drop_index("ix_node_vault_id_state_trashed_at", "node")
    op.create_index("ix_node_vault_id", "node", ["vault_id"])
    op.create_index(
        "ix_node_vault_id_trashed_at",
        "node",
        ["vault_id", "trashed_at"],
        sqlite_where=TRASH,
        postgresql_where=TRASH,
    )


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
