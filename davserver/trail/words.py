"""What can stand in a trail."""

from dataclasses import field
from enum import StrEnum
from typing import Protocol

from davserver.domain.errors import Reason
from davserver.domain.ids import ID_BYTES, GrantId, NodeId, VaultId, id_from_text
from davserver.domain.lean import lean
from davserver.domain.people import Principal

INSTANCE = VaultId(bytes(ID_BYTES))
"""The chain of what concerns no single vault: people, structures, the instance itself."""


class What(StrEnum):
    """What was done. Stable words: they are printed, exported and stored for years."""

    READ = "read"
    WRITE = "write"
    MAKE_FOLDER = "make-folder"
    REMOVE = "remove"
    MOVE = "move"
    COPY = "copy"
    RESTORE = "restore"
    ERASE = "erase"
    PROPERTIES = "properties"
    LOCK = "lock"
    UNLOCK = "unlock"
    LOCK_BREAK = "lock-break"
    RECALL = "recall"
    SCRATCH_OUT = "scratch-out"
    GRANT = "grant"
    RENEW_GRANT = "renew-grant"
    END_GRANT = "end-grant"
    GRANT_OFFER = "grant-offer"
    OFFER_REFUSE = "offer-refuse"
    OFFER_WITHDRAW = "offer-withdraw"
    OFFER_FORGET = "offer-forget"
    GRANT_REST = "grant-rest"
    GRANT_RESUME = "grant-resume"
    AFFILIATION_REQUEST = "affiliation-request"
    AFFILIATION_CONFIRM = "affiliation-confirm"
    AFFILIATION_REFUSE = "affiliation-refuse"
    AFFILIATION_END = "affiliation-end"
    SHARING_CODE = "sharing-code"
    SHARING_CODE_END = "sharing-code-end"
    CATEGORY = "category"
    PAUSE = "pause"
    UNDO = "undo"
    RESUME = "resume"
    REFUSED = "refused"
    VAULT_CREATE = "vault-create"
    PERSON_ADD = "person-add"
    PERSON_DISABLE = "person-disable"
    PERSON_ENABLE = "person-enable"
    PERSON_FORGET = "person-forget"
    PASSWORD = "password"  # noqa: S105 — a word of the trail
    APP_PASSWORD_ADD = "app-password-add"  # noqa: S105 — what happened, not a password
    APP_PASSWORD_REVOKE = "app-password-revoke"  # noqa: S105 — likewise
    CERTIFICATE_ADD = "certificate-add"
    CERTIFICATE_REVOKE = "certificate-revoke"
    STRUCTURE_ADD = "structure-add"
    MEMBERSHIP_ADD = "membership-add"
    MEMBERSHIP_END = "membership-end"
    DIRECTORY_JOIN = "directory-join"
    DIRECTORY_CHANGE = "directory-change"
    DIRECTORY_BLOCK = "directory-block"
    DIRECTORY_BACK = "directory-back"
    DIRECTORY_CONFIRM = "directory-confirm"
    POLICY = "policy"
    POLICY_APPROVE = "policy-approve"
    OPERATOR = "operator"
    REPORT = "report"


PERSON_DETAILS = frozenset({"person", "to-person"})
"""Details whose value is a person's id in hexadecimal. It is shown as a login while that person is
known; a login written into an entry could never be forgotten.
"""


class Stamped(Protocol):
    """A row as its own layer stamps it: with the fields of a `RowStamp`."""

    @property
    def table(self) -> str: ...
    @property
    def id(self) -> bytes: ...
    @property
    def version(self) -> int: ...
    @property
    def hash(self) -> bytes: ...


@lean(frozen=True, slots=True)
class RowStamp:
    """A row as an entry's transaction left it. `hash`: SHA-256 of a node's `rec_ct`, or the
    `row_mac` of a row that carries authority; empty when the row was removed.
    """

    table: str
    id: bytes
    version: int
    hash: bytes


@lean(frozen=True, slots=True)
class Event:
    """Something that happened. `path` is the owner's path; `vault` None: the instance's own trail.
    `details` hold no names of people (see PERSON_DETAILS), and nothing that is secret.
    """

    vault: VaultId | None
    what: What
    who: Principal | None
    node: NodeId | None = None
    path: str = ""
    grant: GrantId | None = None
    rule: str = ""
    reason: Reason | None = None
    rows: tuple[Stamped, ...] = ()
    details: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in PERSON_DETAILS:
            if key in self.details:
                id_from_text(self.details[key])
