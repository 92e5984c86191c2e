"""The policy in force, kept in the database: its generations, what waits, what was last found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)
HASH = sa.LargeBinary(32)


def upgrade() -> None:
    _generations()
    _proposals()
    _approvals()
    _folder()


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _generations() -> None:
    op.create_table(
        "policy_generation",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("brought_back", sa.Integer(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policy_generation"),
        sa.UniqueConstraint("number", name="uq_policy_generation_number"),
    )


def _proposals() -> None:
    op.create_table(
        "policy_proposal",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("instead_of", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_proposal"),
    )


def _approvals() -> None:
    op.create_table(
        "policy_approval",
        sa.Column("id", ID, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_approval"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["policy_proposal.id"], name="fk_policy_approval_proposal_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_policy_approval_person_id"),
    )
    op.create_index(
        "ix_policy_approval_proposal_id_person_id",
        "policy_approval",
        ["proposal_id", "person_id"],
        unique=True,
    )


def _folder() -> None:
    op.create_table(
        "policy_folder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("problems", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policy_folder"),
    )
