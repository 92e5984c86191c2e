"""Affiliations as one row per pair, requests for them, notices, and the pace of changes.

Nothing wrote affiliations before this schema, so that their table is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)
HASH = sa.LargeBinary(32)
SEALED = sa.LargeBinary()


def upgrade() -> None:
    op.drop_table("affiliation")
    _affiliations()
    _requests()
    _pace()
    _notices()


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)


def _affiliations() -> None:
    op.create_table(
        "affiliation",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requested_by", ID, nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("last_activity", sa.BigInteger(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_affiliation"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_affiliation_vault_id"),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structure.id"], name="fk_affiliation_structure_id"
        ),
    )
    op.create_index(
        "ix_affiliation_vault_id_structure_id",
        "affiliation",
        ["vault_id", "structure_id"],
        unique=True,
    )
    op.create_index("ix_affiliation_structure_id", "affiliation", ["structure_id"])
    op.create_index("ix_affiliation_state_ends", "affiliation", ["state", "ends"])
    op.create_index("ix_affiliation_state_last_activity", "affiliation", ["state", "last_activity"])


def _requests() -> None:
    op.create_table(
        "affiliation_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=True),
        sa.Column("login_ct", SEALED, nullable=False),
        sa.Column("code_mac", HASH, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(32), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_affiliation_request"),
        sa.ForeignKeyConstraint(
            ["structure_id"],
            ["structure.id"],
            name="fk_affiliation_request_structure_id",
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name="fk_affiliation_request_requested_by"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_affiliation_request_vault_id"),
    )
    op.create_index("ix_affiliation_request_vault_id", "affiliation_request", ["vault_id"])
    op.create_index("ix_affiliation_request_requested_by", "affiliation_request", ["requested_by"])


def _pace() -> None:
    op.create_table(
        "pace",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("batch_from", sa.BigInteger(), nullable=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "vault_id", name="pk_pace"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_pace_person_id"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_pace_vault_id"),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload_ct", SEALED, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notice_person_id"),
    )
    op.create_index("ix_notice_person_id", "notice", ["person_id"])
    op.create_index("ix_notice_sent_at", "notice", ["sent_at"])
