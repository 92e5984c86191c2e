"""PostgreSQL stores small contents as they are: to find that what is sealed cannot be compressed
took as long as to store it (docs/decisions/2026-11-27-postgresql-waits-less.md). What is there
stays as it is.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE blob ALTER COLUMN inline_ct SET STORAGE EXTERNAL")


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
