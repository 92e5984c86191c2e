"""What can go wrong, in the words of our users. No status code lives here: each front has a table.

AbriError
├── BadInput          the request itself is wrong (path, header, body, command argument)
│   ├── BadPath
│   ├── Truncated     fewer bytes arrived than were announced
│   └── WrongChecksum
├── TooLarge          more than this kind of request may carry
├── NotSignedIn       no credential, or not a valid one: never says which
├── SlowDown          too many failed sign-ins from here; carries seconds to wait
├── NotFound          no such thing, or none that this person may know of
├── Refused           visible, but not allowed; carries a stable reason code
├── NoParent          the folder that should hold it is not there
├── AlreadyThere      the name is taken
├── ConditionFailed   If, If-Match, If-None-Match or Overwrite: F said no
├── NotChanged        If-None-Match on a read matched: the reader has this version
├── Locked            somebody's lock stands in the way; carries the path as asked
├── NotLocked         an UNLOCK or refresh names a lock that is not there for this person
├── NoSpace           the vault's quota, the grant's allowance or the disk is full
├── Damaged           stored bytes or rows failed their seal; nothing of them was returned
└── Unavailable       database, keys or disk are away for the moment; carries seconds to wait
"""

from davserver.domain.remedies import Remedy
from davserver.domain.words import Word


class Reason(Word):
    """Why a thing was refused: stable codes that scripts may rely on.

    `no-grant` is for operators only: such a thing is not visible, so its answer is NotFound.
    """

    AUTH_TOO_WEAK = "auth-too-weak"
    NETWORK = "network"
    OUTSIDE_HOURS = "outside-hours"
    CATEGORY = "category"
    READ_ONLY = "read-only"
    DEPOSIT_ONLY = "deposit-only"
    TOO_MANY_CHANGES = "too-many-changes"
    READ_ONLY_DEVICE = "read-only-device"
    OWNER_ONLY = "owner-only"
    NEEDS_OWNER = "needs-owner"
    NOT_YOURS = "not-yours"
    TOO_LATE = "too-late"
    OPENED_BY_OTHERS = "opened-by-others"
    GRANT_ROOT = "grant-root"
    OTHER_VAULT = "other-vault"
    WIDER_AUDIENCE = "wider-audience"
    FOLDER_NOT_ALL_YOURS = "folder-not-all-yours"
    SCRATCH = "scratch"
    DRIVE_ROOT = "drive-root"
    SAME_PLACE = "same-place"
    POLICY = "policy"
    NO_GRANT = "no-grant"
    PROTECTED_PROPERTY = "protected-property"


class AbriError(Exception):
    """Never raised itself."""


class BadInput(AbriError):
    pass


class BadPath(BadInput):
    pass


class Truncated(BadInput):
    pass


class WrongChecksum(BadInput):
    pass


class TooLarge(AbriError):
    pass


class NotSignedIn(AbriError):
    pass


class SlowDown(AbriError):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed sign-ins; try again in {seconds} s")
        self.seconds = seconds


class NotFound(AbriError):
    pass


class Refused(AbriError):
    def __init__(self, reason: Reason, remedy: Remedy | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.remedy = remedy


class NoParent(AbriError):
    pass


class AlreadyThere(AbriError):
    pass


class ConditionFailed(AbriError):
    pass


class NotChanged(AbriError):
    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


class Locked(AbriError):
    pass


class NotLocked(AbriError):
    pass


class NoSpace(AbriError):
    pass


class Damaged(AbriError):
    pass


class Unavailable(AbriError):
    def __init__(self, message: str, seconds: int = 5) -> None:
        super().__init__(message)
        self.seconds = seconds
