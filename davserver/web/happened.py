"""What the trail says, in words for whoever it is about; one table, complete by test."""

from enum import StrEnum

from davserver.domain.drive import TrailEntry
from davserver.trail import What
from davserver.web.marked import N_

HAPPENED: dict[What, str] = {
    What.READ: N_("Opened"),
    What.WRITE: N_("Written"),
    What.MAKE_FOLDER: N_("Folder created"),
    What.REMOVE: N_("Put in the trash"),
    What.MOVE: N_("Moved or renamed"),
    What.COPY: N_("Copied"),
    What.RESTORE: N_("Brought back"),
    What.ERASE: N_("Erased for good"),
    What.PROPERTIES: N_("Remarks changed"),
    What.LOCK: N_("Opened to work on it"),
    What.UNLOCK: N_("Work on it finished"),
    What.LOCK_BREAK: N_("Made free again for others"),
    What.RECALL: N_("Taken back"),
    What.SCRATCH_OUT: N_("Saved by a program"),
    What.GRANT: N_("Shared"),
    What.RENEW_GRANT: N_("End of a share changed"),
    What.END_GRANT: N_("Share ended"),
    What.GRANT_OFFER: N_("Asked whether you want to share"),
    What.OFFER_REFUSE: N_("Proposal to share refused"),
    What.OFFER_WITHDRAW: N_("Proposal to share taken back"),
    What.OFFER_FORGET: N_("Old proposals to share forgotten"),
    What.AFFILIATION_REQUEST: N_("Asked to accompany you"),
    What.AFFILIATION_CONFIRM: N_("Accompaniment accepted"),
    What.AFFILIATION_REFUSE: N_("Accompaniment refused"),
    What.AFFILIATION_END: N_("Accompaniment ended"),
    What.SHARING_CODE: N_("Code for sharing made"),
    What.SHARING_CODE_END: N_("Code for sharing ended"),
    What.CATEGORY: N_("Category changed"),
    What.PAUSE: N_("Changes paused: too many at once"),
    What.UNDO: N_("Changes undone"),
    What.RESUME: N_("Changes allowed again"),
    What.REFUSED: N_("Refused"),
    What.VAULT_CREATE: N_("Safe created"),
    What.PERSON_ADD: N_("Account created"),
    What.PERSON_DISABLE: N_("Account blocked"),
    What.PERSON_ENABLE: N_("Account open again"),
    What.PERSON_FORGET: N_("Account forgotten"),
    What.PASSWORD: N_("Password changed"),
    What.APP_PASSWORD_ADD: N_("Device added"),
    What.APP_PASSWORD_REVOKE: N_("Device ended"),
    What.STRUCTURE_ADD: N_("Organisation added"),
    What.MEMBERSHIP_ADD: N_("Joined an organisation"),
    What.MEMBERSHIP_END: N_("Left an organisation"),
    What.POLICY: N_("Rules of the service changed"),
    What.POLICY_APPROVE: N_("Change of the rules agreed to"),
    What.CERTIFICATE_ADD: N_("Certificate added"),
    What.CERTIFICATE_REVOKE: N_("Certificate ended"),
    What.DIRECTORY_JOIN: N_("Arrived in their organisation"),
    What.DIRECTORY_CHANGE: N_("Changed in their organisation"),
    What.DIRECTORY_BLOCK: N_("Access closed: left their organisation"),
    What.DIRECTORY_BACK: N_("Back in their organisation"),
    What.GRANT_REST: N_("Share at rest: they left their organisation"),
    What.GRANT_RESUME: N_("Share holds again: they are back"),
    What.DIRECTORY_CONFIRM: N_("Departures from an organisation confirmed"),
    What.REPORT: N_("What they opened was looked up"),
    What.OPERATOR: N_("Looked at by the people who run this service"),
}

UNKNOWN = N_("Something that can no longer be read")
"""An entry whose content was erased by rule, or does not open as it was sealed."""


class Kind(StrEnum):
    """What somebody may want to see alone."""

    ALL = "all"
    LOOKED = "looked"
    CHANGED = "changed"
    SHARED = "shared"
    REFUSED = "refused"
    IN_MY_NAME = "in-my-name"


KINDS: dict[Kind, str] = {
    Kind.ALL: N_("Everything"),
    Kind.LOOKED: N_("Who looked"),
    Kind.CHANGED: N_("What changed"),
    Kind.SHARED: N_("Shares"),
    Kind.REFUSED: N_("What was refused"),
    Kind.IN_MY_NAME: N_("In my name"),
}

_OF_KIND: dict[Kind, frozenset[str]] = {
    Kind.LOOKED: frozenset({What.READ, What.LOCK, What.OPERATOR, What.COPY}),
    Kind.CHANGED: frozenset(
        {
            What.WRITE, What.MAKE_FOLDER, What.REMOVE, What.MOVE, What.COPY, What.RESTORE,
            What.ERASE, What.PROPERTIES, What.RECALL, What.SCRATCH_OUT, What.CATEGORY, What.UNDO,
            What.PAUSE, What.RESUME,
        }
    ),
    Kind.SHARED: frozenset(
        {
            What.GRANT, What.RENEW_GRANT, What.END_GRANT, What.GRANT_REST, What.GRANT_RESUME,
            What.DIRECTORY_BLOCK, What.DIRECTORY_BACK, What.AFFILIATION_REQUEST,
            What.AFFILIATION_CONFIRM, What.AFFILIATION_REFUSE, What.AFFILIATION_END,
            What.GRANT_OFFER, What.OFFER_REFUSE, What.OFFER_WITHDRAW, What.OFFER_FORGET,
        }
    ),
    Kind.REFUSED: frozenset({What.REFUSED}),
}  # fmt: skip


def kind_named(word: str) -> Kind:
    return next((one for one in Kind if one == word), Kind.ALL)


def is_of(entry: TrailEntry, kind: Kind) -> bool:
    if kind is Kind.IN_MY_NAME:
        return by_operator(entry)
    return kind is Kind.ALL or entry.what in _OF_KIND[kind]


def happened(entry: TrailEntry) -> str:
    """A sentence of the catalogue."""
    return next((said for what, said in HAPPENED.items() if what == entry.what), UNKNOWN)


def to_whom(entry: TrailEntry) -> str:
    """The other side of a share; a structure by its short name."""
    structure = entry.details.get("to-structure", "").removeprefix("structure:")
    return entry.details.get("to-person", "") or structure


def by_operator(entry: TrailEntry) -> bool:
    """Whether somebody at the machine did it in the owner's name."""
    return bool(entry.details.get("operator"))


def answers_operator(entry: TrailEntry) -> bool:
    """Whether the owner said yes here to what somebody at the machine had asked."""
    return entry.what in _ANSWERS and bool(entry.details.get("offer"))


_ANSWERS = frozenset({What.GRANT, What.RENEW_GRANT})
