"""Codes for sharing; and whatever somebody made lately is found without looking through vaults."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)
HASH = sa.LargeBinary(32)


def upgrade() -> None:
    op.create_table(
        "sharing_code",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=True),
        sa.Column("code_ct", sa.LargeBinary(), nullable=False),
        sa.Column("code_idx", ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sharing_code"),
        sa.UniqueConstraint("code_idx", name="uq_sharing_code_code_idx"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sharing_code_person_id"),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structure.id"], name="fk_sharing_code_structure_id"
        ),
    )
    op.create_index("ix_sharing_code_person_id", "sharing_code", ["person_id"])
    op.create_index("ix_sharing_code_expires_at", "sharing_code", ["expires_at"])
    op.create_index("ix_node_maker_id_created", "node", ["maker_id", "created"])


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
