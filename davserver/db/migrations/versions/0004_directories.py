"""Accounts of staff in directories, how these are synchronised, and grants that rest."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)
HASH = sa.LargeBinary(32)


def upgrade() -> None:
    _accounts()
    _syncs()
    _suspensions()


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _accounts() -> None:
    op.create_table(
        "directory_account",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("directory", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_account"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_directory_account_person_id"
        ),
        sa.UniqueConstraint("person_id", name="uq_directory_account_person_id"),
    )
    op.create_index(
        "ix_directory_account_directory_entry_id",
        "directory_account",
        ["directory", "entry_id"],
        unique=True,
    )


def _syncs() -> None:
    op.create_table(
        "directory_sync",
        sa.Column("id", ID, nullable=False),
        sa.Column("directory", sa.String(32), nullable=False),
        sa.Column("synced_at", sa.BigInteger(), nullable=True),
        sa.Column("turn_until", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.LargeBinary(), nullable=True),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed", sa.String(64), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_sync"),
        sa.UniqueConstraint("directory", name="uq_directory_sync_directory"),
    )


def _suspensions() -> None:
    op.create_table(
        "grant_suspension",
        sa.Column("id", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grant_suspension"),
        sa.ForeignKeyConstraint(["grant_id"], ["grant.id"], name="fk_grant_suspension_grant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_grant_suspension_person_id"),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structure.id"], name="fk_grant_suspension_structure_id"
        ),
        sa.UniqueConstraint("grant_id", name="uq_grant_suspension_grant_id"),
    )
    op.create_index("ix_grant_suspension_person_id", "grant_suspension", ["person_id"])
