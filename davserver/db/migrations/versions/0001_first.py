"""The first schema: every table, with the columns that give things their identity."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16)
HASH = sa.LargeBinary(32)
SEALED = sa.LargeBinary()


def upgrade() -> None:
    _instance()
    _people()
    _keys_and_vaults()
    _contents()
    _sharing()
    _trail()


def downgrade() -> None:
    message = "there is nothing before the first schema: restore a backup instead"
    raise NotImplementedError(message)


def _instance() -> None:
    op.create_table(
        "epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("revocation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("policy", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("keys", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unicode_version", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_epoch"),
    )
    op.create_table(
        "kek",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("ref", sa.String(255), nullable=False),
        sa.Column("alg", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_kek"),
    )
    op.create_table(
        "instance_key",
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kek_id", sa.String(64), nullable=False),
        sa.Column("alg", sa.String(32), nullable=False),
        sa.Column("wrapped", SEALED, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("purpose", "generation", name="pk_instance_key"),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.String(255), nullable=False),
        sa.Column("login_key", sa.String(255), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("profile_ct", SEALED, nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login_key", name="uq_person_login_key"),
    )
    op.create_table(
        "credential",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("label_ct", SEALED, nullable=True),
        sa.Column("verifier_ct", SEALED, nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_day", sa.Integer(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_credential_person_id"),
    )
    op.create_index("ix_credential_person_id_kind", "credential", ["person_id", "kind"])
    op.create_table(
        "structure",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_structure"),
        sa.UniqueConstraint("slug", name="uq_structure_slug"),
    )
    op.create_table(
        "membership",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_membership_person_id"),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structure.id"], name="fk_membership_structure_id"
        ),
    )
    op.create_index("ix_membership_person_id", "membership", ["person_id"])
    op.create_index("ix_membership_structure_id", "membership", ["structure_id"])
    op.create_table(
        "throttle",
        sa.Column("key", HASH, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttle"),
    )


def _keys_and_vaults() -> None:
    op.create_table(
        "vault",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("root_id", ID, nullable=False),
        sa.Column("key_gen", sa.Integer(), nullable=False),
        sa.Column("index_ct", SEALED, nullable=False),
        sa.Column("idx_gen", sa.Integer(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vault"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_vault_owner_id"),
        sa.UniqueConstraint("owner_id", name="uq_vault_owner_id"),
    )
    op.create_table(
        "space",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("cur_epoch", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_space"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_space_vault_id"),
    )
    op.create_index("ix_space_vault_id", "space", ["vault_id"])
    op.create_table(
        "space_epoch",
        sa.Column("space_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("link", SEALED, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "epoch", name="pk_space_epoch"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name="fk_space_epoch_space_id"),
    )
    op.create_table(
        "key_wrap",
        sa.Column("id", ID, nullable=False),
        sa.Column("space_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("rcpt_type", sa.String(32), nullable=False),
        sa.Column("rcpt_id", sa.String(64), nullable=False),
        sa.Column("kek_id", sa.String(64), nullable=True),
        sa.Column("alg", sa.String(32), nullable=False),
        sa.Column("ctx_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", SEALED, nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_key_wrap"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name="fk_key_wrap_space_id"),
    )
    op.create_index("ix_key_wrap_space_id_epoch", "key_wrap", ["space_id", "epoch"])
    op.create_table(
        "principal_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("alg", sa.String(32), nullable=False),
        sa.Column("public", SEALED, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principal_key"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_principal_key_person_id"),
    )
    op.create_table(
        "principal_key_wrap",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_key_id", ID, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("params", sa.String(255), nullable=False),
        sa.Column("salt", SEALED, nullable=False),
        sa.Column("wrapped", SEALED, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_principal_key_wrap"),
        sa.ForeignKeyConstraint(
            ["principal_key_id"],
            ["principal_key.id"],
            name="fk_principal_key_wrap_principal_key_id",
        ),
    )


def _contents() -> None:
    op.create_table(
        "blob",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("format", sa.SmallInteger(), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("chunk_log2", sa.SmallInteger(), nullable=False),
        sa.Column("size_cipher", sa.BigInteger(), nullable=False),
        sa.Column("digest_alg", sa.String(32), nullable=False),
        sa.Column("digest", HASH, nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("last_scrub", sa.BigInteger(), nullable=True),
        sa.Column("scrub_state", sa.String(32), nullable=True),
        sa.Column("inline_ct", SEALED, nullable=True),
        sa.Column("charged_to", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blob"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_blob_vault_id"),
    )
    op.create_index("ix_blob_state_lease_until", "blob", ["state", "lease_until"])
    op.create_index("ix_blob_vault_id", "blob", ["vault_id"])
    op.create_table(
        "node",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("space_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("name_idx", ID, nullable=False),
        sa.Column("name_ci_idx", ID, nullable=False),
        sa.Column("twin", sa.Integer(), nullable=False),
        sa.Column("rec_ct", SEALED, nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("blob_id", ID, nullable=True),
        sa.Column("etag", ID, nullable=False),
        sa.Column("maker_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("trashed_at", sa.BigInteger(), nullable=True),
        sa.Column("trashed_by", ID, nullable=True),
        sa.Column("left_parent", ID, nullable=True),
        sa.Column("left_idx", ID, nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("left_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_node"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_node_vault_id"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name="fk_node_space_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["node.id"], name="fk_node_parent_id"),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name="fk_node_blob_id"),
    )
    op.create_index("ix_node_blob_id", "node", ["blob_id"])
    op.create_index("ix_node_parent_id_name_ci_idx", "node", ["parent_id", "name_ci_idx"])
    op.create_index(
        "ix_node_vault_id_state_trashed_at", "node", ["vault_id", "state", "trashed_at"]
    )
    op.create_index(
        "uq_node_live_name",
        "node",
        ["parent_id", "name_idx", "twin"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "node_version",
        sa.Column("node_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("space_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("blob_id", ID, nullable=False),
        sa.Column("etag", ID, nullable=False),
        sa.Column("rec_ct", SEALED, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "version", name="pk_node_version"),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_node_version_node_id"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_node_version_vault_id"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name="fk_node_version_space_id"),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name="fk_node_version_blob_id"),
    )
    op.create_index("ix_node_version_blob_id", "node_version", ["blob_id"])
    op.create_index(
        "ix_node_version_vault_id_replaced_at", "node_version", ["vault_id", "replaced_at"]
    )
    op.create_table(
        "folder_change",
        sa.Column("folder_id", ID, nullable=False),
        sa.Column("tag", ID, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("folder_id", "tag", name="pk_folder_change"),
    )
    op.create_table(
        "lock",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("node_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("deep", sa.Boolean(), nullable=False),
        sa.Column("owner_ct", SEALED, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lock"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_lock_vault_id"),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name="fk_lock_node_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_lock_person_id"),
        sa.UniqueConstraint("token", name="uq_lock_token"),
    )
    op.create_index("ix_lock_node_id", "lock", ["node_id"])
    op.create_index("ix_lock_vault_id_expires_at", "lock", ["vault_id", "expires_at"])
    op.create_table(
        "scratch",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("folder_id", ID, nullable=False),
        sa.Column("name_idx", ID, nullable=False),
        sa.Column("rec_ct", SEALED, nullable=False),
        sa.Column("content_ct", SEALED, nullable=False),
        sa.Column("size_cipher", sa.BigInteger(), nullable=False),
        sa.Column("etag", ID, nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scratch"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_scratch_person_id"),
    )
    op.create_index("ix_scratch_expires_at", "scratch", ["expires_at"])
    op.create_index(
        "ix_scratch_person_id_folder_id_name_idx",
        "scratch",
        ["person_id", "folder_id", "name_idx"],
        unique=True,
    )


def _sharing() -> None:
    op.create_table(
        "affiliation",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("structure_id", ID, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("requested_by", ID, nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("last_activity", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_affiliation"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_affiliation_vault_id"),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structure.id"], name="fk_affiliation_structure_id"
        ),
    )
    op.create_index("ix_affiliation_structure_id", "affiliation", ["structure_id"])
    op.create_index("ix_affiliation_vault_id", "affiliation", ["vault_id"])
    op.create_table(
        "grant",
        sa.Column("id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("node_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("to_kind", sa.String(32), nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("right", sa.String(32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("allowance", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("display_ct", SEALED, nullable=False),
        sa.Column("folder_idx", ID, nullable=False),
        sa.Column("name_idx", ID, nullable=False),
        sa.Column("purpose_ct", SEALED, nullable=True),
        sa.Column("purpose_idx", ID, nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("row_mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grant"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_grant_vault_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["grant.id"], name="fk_grant_parent_id"),
    )
    op.create_index("ix_grant_node_id", "grant", ["node_id"])
    op.create_index(
        "ix_grant_to_id_folder_idx_name_idx", "grant", ["to_id", "folder_idx", "name_idx"]
    )
    op.create_index("ix_grant_vault_id_ended_at", "grant", ["vault_id", "ended_at"])


def _trail() -> None:
    op.create_table(
        "trail_head",
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", HASH, nullable=False),
        sa.Column("mac", HASH, nullable=False),
        sa.PrimaryKeyConstraint("vault_id", name="pk_trail_head"),
    )
    op.create_table(
        "trail",
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("prev", HASH, nullable=False),
        sa.Column("payload_hash", HASH, nullable=False),
        sa.Column("actor_hash", HASH, nullable=False),
        sa.Column("rows", SEALED, nullable=True),
        sa.Column("link", HASH, nullable=False),
        sa.Column("payload_ct", SEALED, nullable=True),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("actor_ct", SEALED, nullable=True),
        sa.PrimaryKeyConstraint("vault_id", "seq", name="pk_trail"),
    )
    op.create_table(
        "trail_actor",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("key_ct", SEALED, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_trail_actor"),
    )
    op.create_table(
        "read_window",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("etag", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("node_id", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("detail_ct", SEALED, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "etag", name="pk_read_window"),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name="fk_read_window_vault_id"),
    )
    op.create_index("ix_read_window_opened_at", "read_window", ["opened_at"])
    op.create_index("ix_read_window_vault_id", "read_window", ["vault_id"])
