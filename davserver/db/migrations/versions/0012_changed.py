"""Counters that move by themselves when anything changes that remembered answers are made of."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PEOPLE = {
    "epoch": "revocation policy keys",
    "person": "id login login_key role state language profile_ct profile_version generation "
    "created changed row_mac",
    "credential": "id person_id kind label_ct verifier_ct read_only generation created "
    "expires_at revoked_at last_used_day row_mac",
    "membership": "id person_id structure_id role starts ends source confirmed_at row_mac",
    "structure": "id slug name kind time_zone created row_mac",
    "directory_account": "id person_id directory entry_id state since confirmed_at generation "
    "row_mac",
    "directory_sync": "id directory synced_at row_mac",
    "vault": "id owner_id root_id key_gen index_ct idx_gen quota created erased_at row_mac",
    "pace": "person_id vault_id paused_at",
    "throttle": "key failures last_at blocked_until",
}
SHARING = {
    "grant": "id vault_id node_id parent_id to_kind to_id right starts until ended_at ended_by "
    "created_by created allowance display_ct folder_idx name_idx purpose_ct purpose_idx "
    "row_version row_mac",
    "affiliation": "id vault_id structure_id state requested_by requested_at confirmed_at ends "
    "ended_at ended_by last_activity row_version row_mac",
}
COUNTED = {"people": PEOPLE, "sharing": SHARING}


def upgrade() -> None:
    op.create_table(
        "changed",
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("people", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sharing", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("shard", name="pk_changed"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for counter, tables in COUNTED.items():
        if postgresql:
            op.execute(_function(counter))
        for table, columns in tables.items():
            for statement in _triggers(counter, table, columns.split(), postgresql=postgresql):
                op.execute(statement)


def _triggers(counter: str, table: str, columns: list[str], *, postgresql: bool) -> Iterator[str]:
    act = (
        f"FOR EACH ROW%s EXECUTE FUNCTION abri_changed_{counter}()"
        if postgresql
        else f"%s BEGIN INSERT INTO changed (shard, {counter}) VALUES (0, 1) "  # noqa: S608
        f"ON CONFLICT (shard) DO UPDATE SET {counter} = {counter} + 1; END"
    )
    differs = "IS DISTINCT FROM" if postgresql else "IS NOT"
    listed = ", ".join(f'"{one}"' for one in columns)
    other = " OR ".join(f'OLD."{one}" {differs} NEW."{one}"' for one in columns)
    paused = table == "pace"
    for name, word, when in (
        ("insert", "INSERT", ' WHEN (NEW."paused_at" IS NOT NULL)' if paused else ""),
        ("delete", "DELETE", ' WHEN (OLD."paused_at" IS NOT NULL)' if paused else ""),
        ("update", f"UPDATE OF {listed}", f" WHEN ({other})"),
    ):
        yield f'CREATE TRIGGER changed_{table}_{name} AFTER {word} ON "{table}" {act % when}'
        if postgresql:
            yield f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER changed_{table}_{name}'


def _function(counter: str) -> str:
    return f"""
    CREATE FUNCTION abri_changed_{counter}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO changed AS c (shard, {counter})
        VALUES (mod(pg_backend_pid(), 64), txid_current())
        ON CONFLICT (shard) DO UPDATE SET {counter} = excluded.{counter}
        WHERE c.{counter} <> excluded.{counter};
        RETURN NULL;
    END $$
    """  # noqa: S608


def downgrade() -> None:
    message = "schemas never go back: restore a backup instead"
    raise NotImplementedError(message)
