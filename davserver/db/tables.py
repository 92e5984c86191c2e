"""Every table of the project. Times are microseconds since 1970 UTC; ids are 16 bytes.

A column that ends in `_ct` is sealed (FORMAT.md), one that ends in `_idx` is a keyed index: neither
can be read, or guessed, from the database alone. `row_mac` covers the columns that carry authority
(`davserver.sealing.keys.row_mac`); a row whose MAC is wrong counts as absent.
"""

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    event,
    false,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MAC_BYTES = 32
INDEX_BYTES = 16
ID_BYTES = 16


_ONLY = "only"


def _only(rows: str) -> dict[str, Any]:
    """An index of some rows."""
    return {"sqlite_where": text(rows), "info": {_ONLY: rows}}


@event.listens_for(metadata, "before_create")
def _for_postgresql(_: MetaData, connection: Connection, **_more: Any) -> None:
    """Said where it is needed: for `postgresql_where` SQLAlchemy loads that dialect."""
    if connection.dialect.name == "sqlite":
        return
    for table in metadata.tables.values():
        for index in table.indexes:
            if _ONLY in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info[_ONLY])


_BY_KEY: dict[str, Any] = {"sqlite_with_rowid": False}
"""A table whose rows SQLite keeps in the tree of their key: a new row writes one page, where a tree
of numbered rows and an index of the key beside it write two. For short rows that are looked for by
that key: what is listed by something else (`node`) is better kept in the order in which it came,
and of longer rows (`trail`, `blob`) few fit into a page, so that pages are parted all the time.
"""


def _id(name: str = "id", *, key: bool = False, of: str = "", empty: bool = False) -> Column[bytes]:
    extra = [ForeignKey(of)] if of else []
    return Column(name, LargeBinary(ID_BYTES), *extra, primary_key=key, nullable=empty)


def _time(name: str, *, empty: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=empty)


def _sealed(name: str, *, empty: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=empty)


def _index(name: str, *, empty: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(INDEX_BYTES), nullable=empty)


def _count(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=str(default))


def _word(name: str, size: int = 32, *, key: bool = False) -> Column[str]:
    return Column(name, String(size), primary_key=key, nullable=False)


def _mac() -> Column[bytes]:
    return Column("row_mac", LargeBinary(MAC_BYTES), nullable=False)


# ── the instance ────────────────────────────────────────────────────────────────────────────────

epoch = Table(
    "epoch",
    metadata,
    Column("id", Integer, primary_key=True),
    _id("instance_id"),
    _count("revocation"),
    _count("policy"),
    _count("keys"),
    _word("unicode_version", 16),
    _time("created"),
)

# Moved by triggers when anything changes that cached answers depend on: db/dependencies.py.
changed = Table(
    "changed",
    metadata,
    Column("shard", Integer, primary_key=True),
    _count("people"),
    _count("sharing"),
    _count("folders"),
)

kek = Table(
    "kek",
    metadata,
    _word("id", 64, key=True),
    _word("provider"),
    Column("ref", String(255), nullable=False),
    _word("alg"),
    _word("state"),
    _time("created"),
    _time("destroyed_at", empty=True),
)

instance_key = Table(
    "instance_key",
    metadata,
    _word("purpose", key=True),
    Column("generation", Integer, primary_key=True),
    _word("kek_id", 64),
    _word("alg"),
    _sealed("wrapped"),
    _time("created"),
    _time("retired_at", empty=True),
)

# ── the policy ──────────────────────────────────────────────────────────────────────────────────

# Sets of policy files that were in force; `epoch.policy` is the number of the one that is.
policy_generation = Table(
    "policy_generation",
    metadata,
    _id(key=True),
    Column("number", Integer, nullable=False, unique=True),
    _word("digest", 64),
    Column("files", LargeBinary, nullable=False),
    _word("origin"),
    Column("brought_back", Integer),
    _time("signed_at", empty=True),
    _time("created"),
    _mac(),
    _time("told_at", empty=True),
)

# A set that widens access and waits for two administrators.
policy_proposal = Table(
    "policy_proposal",
    metadata,
    _id(key=True),
    _word("digest", 64),
    Column("files", LargeBinary, nullable=False),
    Column("instead_of", Integer, nullable=False),
    _time("signed_at", empty=True),
    _time("created"),
    _mac(),
)

policy_approval = Table(
    "policy_approval",
    metadata,
    _id(key=True),
    _id("proposal_id", of="policy_proposal.id"),
    _id("person_id", of="person.id"),
    _time("created"),
    _mac(),
    Index(None, "proposal_id", "person_id", unique=True),
)

# What the folder of policy files was last found to be: told to people, and to nothing that decides.
policy_folder = Table(
    "policy_folder",
    metadata,
    Column("id", Integer, primary_key=True),
    _word("digest", 64),
    _word("verdict"),
    Column("problems", LargeBinary, nullable=False),
    _time("seen_at"),
    Column("held", String(64)),
)

# ── people ──────────────────────────────────────────────────────────────────────────────────────

person = Table(
    "person",
    metadata,
    _id(key=True),
    Column("login", String(255), nullable=False),
    Column("login_key", String(255), nullable=False, unique=True),
    _word("role"),
    _word("state"),
    _word("language", 8),
    _sealed("profile_ct"),
    Column("profile_version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    _time("created"),
    _time("changed"),
    _mac(),
)

credential = Table(
    "credential",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _word("kind"),
    _sealed("label_ct", empty=True),
    _sealed("verifier_ct"),
    Column("read_only", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    _time("created"),
    _time("expires_at", empty=True),
    _time("revoked_at", empty=True),
    Column("last_used_day", Integer, nullable=True),
    _mac(),
    Index(None, "person_id", "kind"),
)

structure = Table(
    "structure",
    metadata,
    _id(key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    _word("kind"),
    _word("time_zone", 64),
    _time("created"),
    _mac(),
)

membership = Table(
    "membership",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _id("structure_id", of="structure.id"),
    _word("role"),
    _time("starts"),
    _time("ends", empty=True),
    _word("source"),
    _time("confirmed_at"),
    _mac(),
    Index(None, "person_id"),
    Index(None, "structure_id"),
)

# The account that a person has in their structure's directory, as it was last told. `entry_id` is
# what stays there when names change.
directory_account = Table(
    "directory_account",
    metadata,
    _id(key=True),
    Column(
        "person_id", LargeBinary(ID_BYTES), ForeignKey("person.id"), nullable=False, unique=True
    ),
    _word("directory"),
    Column("entry_id", String(64), nullable=False),
    _word("state"),
    _time("since"),
    _time("confirmed_at"),
    Column("generation", Integer, nullable=False),
    _mac(),
    Index(None, "directory", "entry_id", unique=True),
)

# One row per directory: when all of it was last looked at, who does so now, and what waits.
directory_sync = Table(
    "directory_sync",
    metadata,
    _id(key=True),
    Column("directory", String(32), nullable=False, unique=True),
    _time("synced_at", empty=True),
    _time("turn_until", empty=True),
    Column("held", LargeBinary, nullable=True),
    _time("held_at", empty=True),
    Column("confirmed", String(64), nullable=True),
    _mac(),
)

# Who is signed in on the pages. `token_hash`: SHA-256 of 32 random bytes that only a browser has.
web_session = Table(
    "web_session",
    metadata,
    _id(key=True),
    Column("token_hash", LargeBinary(MAC_BYTES), nullable=False, unique=True),
    _id("person_id", of="person.id"),
    _id("credential_id", of="credential.id"),
    Column("generation", Integer, nullable=False),
    _word("strength"),
    _time("created"),
    _time("ends"),
    _time("ended_at", empty=True),
    _time("seen_at"),
    _mac(),
    Index(None, "person_id"),
    Index(None, "ends"),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", LargeBinary(MAC_BYTES), primary_key=True),
    Column("failures", Integer, nullable=False),
    _time("last_at"),
    _time("blocked_until"),
)

# ── keys and vaults ─────────────────────────────────────────────────────────────────────────────

vault = Table(
    "vault",
    metadata,
    _id(key=True),
    Column("owner_id", LargeBinary(ID_BYTES), ForeignKey("person.id"), nullable=False, unique=True),
    _id("root_id"),
    Column("key_gen", Integer, nullable=False),
    _sealed("index_ct"),
    Column("idx_gen", Integer, nullable=False),
    Column("quota", BigInteger, nullable=False),
    _count("used"),
    _time("created"),
    _time("erased_at", empty=True),
    _mac(),
)

space = Table(
    "space",
    metadata,
    _id(key=True),
    _id("vault_id", of="vault.id"),
    _word("kind"),
    _word("mode"),
    Column("cur_epoch", Integer, nullable=False),
    _time("created"),
    _mac(),
    Index(None, "vault_id"),
)

space_epoch = Table(
    "space_epoch",
    metadata,
    Column("space_id", LargeBinary(ID_BYTES), ForeignKey("space.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    _word("reason"),
    _sealed("link", empty=True),
    _time("created"),
    _time("retired_at", empty=True),
    _mac(),
)

key_wrap = Table(
    "key_wrap",
    metadata,
    _id(key=True),
    _id("space_id", of="space.id"),
    Column("epoch", Integer, nullable=False),
    _word("rcpt_type"),
    Column("rcpt_id", String(64), nullable=False),
    Column("kek_id", String(64), nullable=True),
    _word("alg"),
    Column("ctx_version", Integer, nullable=False),
    _sealed("wrapped"),
    _id("grant_id", empty=True),
    _id("created_by", empty=True),
    _time("created"),
    _time("revoked_at", empty=True),
    _mac(),
    Index(None, "space_id", "epoch"),
)

principal_key = Table(
    "principal_key",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _word("alg"),
    _sealed("public"),
    Column("generation", Integer, nullable=False),
    _time("created"),
    _time("revoked_at", empty=True),
    _mac(),
)

principal_key_wrap = Table(
    "principal_key_wrap",
    metadata,
    _id(key=True),
    _id("principal_key_id", of="principal_key.id"),
    _word("method"),
    Column("params", String(255), nullable=False),
    _sealed("salt"),
    _sealed("wrapped"),
    _time("created"),
    _time("revoked_at", empty=True),
)

# ── what a vault holds ──────────────────────────────────────────────────────────────────────────

blob = Table(
    "blob",
    metadata,
    _id(),
    _id("vault_id", of="vault.id"),
    _word("store"),
    Column("format", SmallInteger, nullable=False),
    Column("suite", SmallInteger, nullable=False),
    Column("chunk_log2", SmallInteger, nullable=False),
    Column("size_cipher", BigInteger, nullable=False),
    # Of the stored bytes, and by which algorithm (FORMAT.md §3.8).
    _word("digest_alg"),
    Column("digest", LargeBinary(32), nullable=True),
    _word("state"),
    _time("created"),
    _time("lease_until", empty=True),
    _time("last_scrub", empty=True),
    Column("scrub_state", String(32), nullable=True),
    Column("inline_ct", LargeBinary, nullable=True),
    # The grant whose allowance pays for it; the vault's quota where empty (DESIGN §4).
    _id("charged_to", empty=True),
    # One index for both questions: which contents are a vault's, and for one of them. Whoever asks
    # for a content knows whose it is.
    PrimaryKeyConstraint("vault_id", "id"),
    Index(
        None,
        "state",
        "lease_until",
        **_only("state <> 'live'"),
    ),
)

# PostgreSQL would try to compress it, which takes as long as to store it, and find nothing.
event.listen(
    blob,
    "after_create",
    DDL("ALTER TABLE blob ALTER COLUMN inline_ct SET STORAGE EXTERNAL").execute_if(  # type: ignore[no-untyped-call]
        dialect="postgresql"
    ),
)

# Written out, as `live_node` below: what sweeping looks for is in an index that a file's content
# gets into only when it dies.
passing_blob = blob.c.state != literal_column("'live'")

node = Table(
    "node",
    metadata,
    _id(key=True),
    _id("vault_id", of="vault.id"),
    _id("space_id", of="space.id"),
    _id("parent_id", of="node.id", empty=True),
    _word("kind", 8),
    _word("state", 8),
    _index("name_idx"),
    _index("name_ci_idx"),
    Column("twin", Integer, nullable=False),
    _sealed("rec_ct"),
    Column("row_version", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    # No foreign key here and in `node_version`: it would need an index by content, three pages of
    # each upload. The sweeper looks at all rows of a vault before it deletes one of its contents.
    _id("blob_id", empty=True),
    _id("etag"),
    _id("maker_id"),
    _id("author_id"),
    _time("created"),
    _time("modified"),
    _time("made_at"),
    # Whether somebody made it in a vault of another's. Only then anybody looks for it by its maker.
    Column("made_by_other", Boolean, nullable=False, server_default=false()),
    _time("trashed_at", empty=True),
    _id("trashed_by", empty=True),
    # Where this node was renamed away from, and by whom: a save in three steps (DESIGN §2.5).
    _id("left_parent", empty=True),
    _index("left_idx", empty=True),
    _time("left_at", empty=True),
    _id("left_by", empty=True),
    Index(
        "uq_node_live_name",
        "parent_id",
        "name_idx",
        "twin",
        unique=True,
        **_only("state = 'live'"),
    ),
    Index(None, "parent_id"),
    Index(
        None,
        "maker_id",
        "created",
        **_only("made_by_other"),
    ),
    Index(None, "vault_id"),
    Index(
        None,
        "vault_id",
        "trashed_at",
        **_only("state = 'trash'"),
    ),
)

# Written out: with a bound value neither database would take the index of live names, and whoever
# lists a folder would go through all that was ever removed from it.
live_node = node.c.state == literal_column("'live'")
trashed_node = node.c.state == literal_column("'trash'")
# As the index has it: a Boolean would come with a comparison on SQLite.
made_by_other: ColumnElement[bool] = literal_column("node.made_by_other")

node_version = Table(
    "node_version",
    metadata,
    Column("node_id", LargeBinary(ID_BYTES), ForeignKey("node.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _id("vault_id", of="vault.id"),
    _id("space_id", of="space.id"),
    Column("epoch", Integer, nullable=False),
    _id("blob_id"),
    _id("etag"),
    _sealed("rec_ct"),
    _id("author_id"),
    _time("made_at"),
    _time("replaced_at"),
    Index(None, "vault_id", "replaced_at"),
    **_BY_KEY,
)

folder_change = Table(
    "folder_change",
    metadata,
    Column("folder_id", LargeBinary(ID_BYTES), primary_key=True),
    Column("tag", LargeBinary(INDEX_BYTES), primary_key=True),
    Column("count", BigInteger, nullable=False),
    _time("at"),
    **_BY_KEY,
)

# Few at any time: whatever is asked of other columns than the key's goes through all of them.
lock = Table(
    "lock",
    metadata,
    _id(),
    # Never looked for by itself: it is 16 random bytes, and found among its vault's locks.
    Column("token", String(64), nullable=False),
    _id("vault_id", of="vault.id"),
    # No foreign key: it would need an index by node alone. Whatever deletes nodes deletes their
    # locks first, and `abri vault check` looks for locks on nothing.
    _id("node_id"),
    _id("person_id", of="person.id"),
    _id("grant_id", empty=True),
    Column("exclusive", Boolean, nullable=False),
    Column("deep", Boolean, nullable=False),
    _sealed("owner_ct"),
    _time("created"),
    Column("timeout", Integer, nullable=False),
    _time("expires_at"),
    PrimaryKeyConstraint("vault_id", "node_id", "id"),
    **_BY_KEY,
)

scratch = Table(
    "scratch",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _id("folder_id"),
    _index("name_idx"),
    _sealed("rec_ct"),
    _sealed("content_ct"),
    Column("size_cipher", BigInteger, nullable=False),
    _id("etag"),
    _time("modified"),
    _time("expires_at"),
    Index(None, "person_id", "folder_id", "name_idx", unique=True),
    Index(None, "expires_at"),
)

# ── sharing ─────────────────────────────────────────────────────────────────────────────────────

# One row per vault and structure: what was before is in the trail.
affiliation = Table(
    "affiliation",
    metadata,
    _id(key=True),
    _id("vault_id", of="vault.id"),
    _id("structure_id", of="structure.id"),
    _word("state"),
    _id("requested_by", empty=True),
    _time("requested_at"),
    _time("confirmed_at"),
    _time("ends", empty=True),
    _time("ended_at", empty=True),
    _id("ended_by", empty=True),
    _time("last_activity"),
    Column("row_version", Integer, nullable=False),
    _mac(),
    Index(None, "vault_id", "structure_id", unique=True),
    Index(None, "structure_id"),
    Index(None, "state", "ends"),
    Index(None, "state", "last_activity"),
)

# A request names a login as it was typed: whether there is such a vault must not show.
affiliation_request = Table(
    "affiliation_request",
    metadata,
    _id(key=True),
    _id("structure_id", of="structure.id"),
    _id("requested_by", of="person.id"),
    _id("vault_id", of="vault.id", empty=True),
    _sealed("login_ct"),
    Column("code_mac", LargeBinary(MAC_BYTES), nullable=False),
    Column("tries", Integer, nullable=False),
    _time("requested_at"),
    _time("expires_at"),
    _time("ends", empty=True),
    _time("answered_at", empty=True),
    Column("answer", String(32), nullable=True),
    Column("row_version", Integer, nullable=False),
    _mac(),
    Index(None, "vault_id"),
    Index(None, "requested_by"),
)

# What a professional shows, so that somebody can share with them, or with a structure of theirs,
# without spelling a name. It names them, and opens nothing.
sharing_code = Table(
    "sharing_code",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _id("structure_id", of="structure.id", empty=True),
    _sealed("code_ct"),
    Column("code_idx", LargeBinary(INDEX_BYTES), nullable=False, unique=True),
    _time("created"),
    _time("expires_at"),
    _mac(),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

grant = Table(
    "grant",
    metadata,
    _id(key=True),
    _id("vault_id", of="vault.id"),
    # No foreign key: a grant is remembered after its node was purged.
    _id("node_id"),
    _id("parent_id", of="grant.id", empty=True),
    _word("to_kind"),
    _id("to_id"),
    _word("right"),
    _time("starts"),
    _time("until", empty=True),
    _time("ended_at", empty=True),
    _id("ended_by", empty=True),
    _id("created_by"),
    _time("created"),
    Column("allowance", BigInteger, nullable=False),
    _count("used"),
    _sealed("display_ct"),
    _index("folder_idx"),
    _index("name_idx"),
    _sealed("purpose_ct", empty=True),
    _index("purpose_idx", empty=True),
    Column("row_version", Integer, nullable=False),
    _mac(),
    Index(None, "to_id", "folder_idx", "name_idx"),
    Index(None, "vault_id", "ended_at"),
    Index(None, "node_id"),
)

# What operators would share in somebody's name, where owners are to say yes: never a grant.
grant_offer = Table(
    "grant_offer",
    metadata,
    _id(key=True),
    _id("vault_id", of="vault.id"),
    # No foreign key: an offer is remembered after its node was purged.
    _id("node_id"),
    _word("to_kind"),
    _id("to_id"),
    _word("right"),
    _time("starts", empty=True),
    _time("until", empty=True),
    _id("renews", of="grant.id", empty=True),
    _sealed("says_ct"),
    _time("created"),
    _time("expires_at"),
    _time("answered_at", empty=True),
    Column("answer", String(32), nullable=True),
    Column("row_version", Integer, nullable=False),
    _mac(),
    Index(None, "vault_id"),
    Index(None, "expires_at"),
)

# Grants by name to somebody who is no longer where they were when they got them.
grant_suspension = Table(
    "grant_suspension",
    metadata,
    _id(key=True),
    Column("grant_id", LargeBinary(ID_BYTES), ForeignKey("grant.id"), nullable=False, unique=True),
    _id("person_id", of="person.id"),
    _id("structure_id", of="structure.id"),
    _time("since"),
    _mac(),
    Index(None, "person_id"),
)

# How many of other people's documents somebody changes in one vault, minute by minute.
pace = Table(
    "pace",
    metadata,
    Column("person_id", LargeBinary(ID_BYTES), ForeignKey("person.id"), primary_key=True),
    Column("vault_id", LargeBinary(ID_BYTES), ForeignKey("vault.id"), primary_key=True),
    _time("opened_at"),
    Column("count", Integer, nullable=False),
    # Since when the changes that led to the pause count as one batch.
    _time("batch_from", empty=True),
    _time("paused_at", empty=True),
)

# ── notices ─────────────────────────────────────────────────────────────────────────────────────

# What people are to be told, until the notice service has sent it.
notice = Table(
    "notice",
    metadata,
    _id(key=True),
    _id("person_id", of="person.id"),
    _word("kind"),
    _sealed("payload_ct"),
    _time("created"),
    _time("sent_at", empty=True),
    Index(None, "person_id"),
    Index(None, "sent_at"),
)

# ── the trail ───────────────────────────────────────────────────────────────────────────────────

trail_head = Table(
    "trail_head",
    metadata,
    _id("vault_id", key=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary(MAC_BYTES), nullable=False),
    Column("mac", LargeBinary(MAC_BYTES), nullable=False),
    **_BY_KEY,
)

trail = Table(
    "trail",
    metadata,
    _id("vault_id", key=True),
    Column("seq", BigInteger, primary_key=True),
    _time("at"),
    Column("prev", LargeBinary(MAC_BYTES), nullable=False),
    Column("payload_hash", LargeBinary(MAC_BYTES), nullable=False),
    Column("actor_hash", LargeBinary(MAC_BYTES), nullable=False),
    # Table, id, version and hash of every row that the entry wrote: not secret, never erased.
    Column("rows", LargeBinary, nullable=True),
    Column("link", LargeBinary(MAC_BYTES), nullable=False),
    _sealed("payload_ct", empty=True),
    _id("actor_id", empty=True),
    _sealed("actor_ct", empty=True),
)

trail_actor = Table(
    "trail_actor",
    metadata,
    _id("person_id", key=True),
    _sealed("key_ct"),
    _time("created"),
)

read_window = Table(
    "read_window",
    metadata,
    _id("person_id", key=True),
    _id("etag", key=True),
    _id("vault_id", of="vault.id"),
    _id("node_id"),
    _id("grant_id", empty=True),
    _sealed("detail_ct"),
    Column("count", Integer, nullable=False),
    _time("opened_at"),
    _time("last_at"),
    Index(None, "opened_at"),
    Index(None, "vault_id"),
    **_BY_KEY,
)

reading_journal = Table(
    "reading_journal",
    metadata,
    _id("id", key=True),
    Column("number", BigInteger, nullable=False),
    _time("told_at"),
)
