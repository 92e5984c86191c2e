"""Only what somebody made in a vault of another's is found by its maker: what owners make for
themselves is in one index less (docs/decisions/2026-11-27-which-pages-a-change-writes.md).
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OF_OTHERS = sa.text("made_by_other")


def upgrade() -> None:
    op.drop_index("ix_node_maker_id_created", "node")
    op.add_column(
        "node", sa.Column("made_by_other", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.execute(
        "UPDATE node SET made_by_other = true WHERE maker_id <> "
        "(SELECT owner_id FROM vault WHERE vault.id = node.vault_id)"
    )
    op.create_index(
        "ix_node_maker_id_created",
        "node",
        ["maker_id", "created"],
        sqlite_where=OF_OTHERS,
        postgresql_where=OF_OTHERS,
    )


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
