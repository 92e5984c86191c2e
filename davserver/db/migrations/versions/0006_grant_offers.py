"""Offers: grants that wait for their owner's yes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)


def upgrade() -> None:
    op.create_table(
        "grant_offer",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("node_id", ID, nullable=False),
        sa.Column("to_kind", sa.String(32), nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("right", sa.String(32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("renews", ID, nullable=True),
        sa.Column("says_ct", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(32), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grant_offer"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_grant_offer_vault_id"),
        sa.ForeignKeyConstraint(["renews"], ["grant.id"], name="fk_grant_offer_renews"),
    )
    op.create_index("ix_grant_offer_vault_id", "grant_offer", ["vault_id"])
    op.create_index("ix_grant_offer_expires_at", "grant_offer", ["expires_at"])


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
