"""A counter that moves when a folder changes, so that the way to it is remembered meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = (
    "id vault_id space_id parent_id kind state name_idx name_ci_idx twin rec_ct row_version epoch "
    "blob_id etag maker_id author_id created modified made_at made_by_other trashed_at trashed_by "
    "left_parent left_idx left_at left_by"
)


def upgrade() -> None:
    op.add_column(
        "changed", sa.Column("folders", sa.BigInteger(), server_default="0", nullable=False)
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(_FUNCTION)
    act = (
        "FOR EACH ROW WHEN (%s) EXECUTE FUNCTION abri_changed_folders()"
        if postgresql
        else "WHEN (%s) BEGIN INSERT INTO changed (shard, folders) VALUES (0, 1) "
        "ON CONFLICT (shard) DO UPDATE SET folders = folders + 1; END"
    )
    differs = "IS DISTINCT FROM" if postgresql else "IS NOT"
    listed = ", ".join(f'"{one}"' for one in COLUMNS.split())
    other = " OR ".join(f'OLD."{one}" {differs} NEW."{one}"' for one in COLUMNS.split())
    folder, twin = """OLD."kind" = 'folder'""", '."twin" > 0'
    for name, word, when in (
        ("insert", "INSERT", f"NEW{twin}"),
        ("delete", "DELETE", f"{folder} OR OLD{twin}"),
        ("update", f"UPDATE OF {listed}", f"({folder} OR NEW{twin}) AND ({other})"),
    ):
        op.execute(f'CREATE TRIGGER changed_node_{name} AFTER {word} ON "node" {act % when}')
        if postgresql:
            op.execute(f'ALTER TABLE "node" ENABLE ALWAYS TRIGGER changed_node_{name}')


_FUNCTION = """
    CREATE FUNCTION abri_changed_folders() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO changed AS c (shard, folders)
        VALUES (mod(pg_backend_pid(), 64), txid_current())
        ON CONFLICT (shard) DO UPDATE SET folders = excluded.folders
        WHERE c.folders <> excluded.folders;
        RETURN NULL;
    END $$
    """


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
