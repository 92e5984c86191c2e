"""What was refused, in words for administrators: tables, complete by test."""

from davserver.domain.actions import Action, Zone
from davserver.domain.errors import Reason
from davserver.domain.people import Role
from davserver.web.marked import N_

MEANS: dict[Reason, str] = {
    Reason.AUTH_TOO_WEAK: N_(
        "Usually the password of a device, where the rules ask for the person's own one or for "
        "more. The person was told how to sign in."
    ),
    Reason.NETWORK: N_(
        "Somebody asked from a network that the rules do not let in. If it is one of yours, add it "
        "to networks.csv."
    ),
    Reason.OUTSIDE_HOURS: N_(
        "Somebody asked outside of the hours in calendars.csv. If they work at other hours, change "
        "them there."
    ),
    Reason.CATEGORY: N_(
        "The rules keep this kind of document from whole teams. The beneficiary can share it with "
        "one person by name."
    ),
    Reason.READ_ONLY: N_(
        "Somebody tried to save into what they may only read. The beneficiary can share it for "
        "writing."
    ),
    Reason.DEPOSIT_ONLY: N_(
        "Somebody tried to open what they may only put documents into. The beneficiary chose that."
    ),
    Reason.TOO_MANY_CHANGES: N_(
        "Somebody changed very many documents at once and is paused: their computer may be ill. "
        "abri doctor says whose changes, and how to go on."
    ),
    Reason.READ_ONLY_DEVICE: N_(
        "A device that may only read tried to change something. Its owner can make another "
        "password for it."
    ),
    Reason.OWNER_ONLY: N_("Somebody tried what only the owner of a safe may do. Nothing to do."),
    Reason.NEEDS_OWNER: N_(
        "Somebody at the machine tried to say yes to a proposal in the owner's place. Owners "
        "answer on their own pages."
    ),
    Reason.NOT_YOURS: N_(
        "Somebody tried to remove what others put there. The beneficiary can remove it."
    ),
    Reason.TOO_LATE: N_(
        "Somebody wanted to take something back too late. The beneficiary can remove it; "
        "vaults.recall in the settings says how long it is possible."
    ),
    Reason.OPENED_BY_OTHERS: N_(
        "Somebody wanted to take back what others had opened. The beneficiary can remove it."
    ),
    Reason.GRANT_ROOT: N_(
        "Somebody tried to move or rename the very folder that was shared with them. Nothing to do."
    ),
    Reason.OTHER_VAULT: N_(
        "Somebody tried to move a document from one person's safe into another's. That is never "
        "allowed."
    ),
    Reason.WIDER_AUDIENCE: N_(
        "Somebody tried to move a document to where more people would see it. Its owner can do it."
    ),
    Reason.FOLDER_NOT_ALL_YOURS: N_(
        "Somebody tried to remove a folder that holds more than their own documents. Nothing to do."
    ),
    Reason.SCRATCH: N_(
        "A program used a name that is kept for working files. If it happens often, ask which "
        "program it is."
    ),
    Reason.DRIVE_ROOT: N_(
        "A program tried to put something where only folders of people stand. Nothing to do."
    ),
    Reason.SAME_PLACE: N_("Something was moved or copied onto itself. Nothing to do."),
    Reason.POLICY: N_(
        "No rule allows it. If it should be allowed, a rule is missing: abri policy explain says "
        "why."
    ),
    Reason.NO_GRANT: N_(
        "Something was asked for that is not there, or not shared with whoever asked. Usual: many "
        "programs look for files of their own."
    ),
    Reason.PROTECTED_PROPERTY: N_(
        "A program tried to change what the server keeps itself. Nothing to do."
    ),
}
"""What a reason usually means for whoever looks after the service, and what to do."""

UNKNOWN = N_("a reason that this version does not know")

ACTIONS: dict[Action, str] = {
    Action.LIST: N_("to see"),
    Action.GET: N_("to open"),
    Action.PUT: N_("to save"),
    Action.MKCOL: N_("to create a folder"),
    Action.LOCK: N_("to work on it"),
    Action.MOVE: N_("to move or rename"),
    Action.RECALL: N_("to take back"),
    Action.DELETE: N_("to remove"),
    Action.GRANT: N_("to share"),
    Action.REGRANT: N_("to share on"),
    Action.REVOKE: N_("to end a share"),
    Action.AUDIT: N_("to read the record"),
    Action.ACCOUNT: N_("to see to an account"),
}
ROLES: dict[Role, str] = {
    Role.BENEFICIARY: N_("beneficiary"),
    Role.PROFESSIONAL: N_("professional"),
    Role.MANAGER: N_("manager"),
    Role.ADMINISTRATOR: N_("administrator"),
}
ZONES: dict[Zone, str] = {
    Zone.OFFICE: N_("from the office"),
    Zone.VPN: N_("through the VPN"),
    Zone.INTERNET: N_("from the internet"),
    Zone.BLOCKED: N_("from a blocked network"),
}
