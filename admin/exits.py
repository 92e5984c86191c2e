"""Exit codes: scripts rely on them, so they are one table (docs/commands.md shows it)."""

from enum import IntEnum

from authn.ldap.port import DirectoryAway
from davserver.config import WrongSettings
from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadInput,
    ConditionFailed,
    Damaged,
    Locked,
    NoParent,
    NoSpace,
    NotChanged,
    NotFound,
    NotLocked,
    NotSignedIn,
    Refused,
    SlowDown,
    TooLarge,
    Unavailable,
)


class Exit(IntEnum):
    """What a command ends with."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIGURATION = 3
    NOT_FOUND = 4
    REFUSED = 5
    ALREADY_THERE = 6
    FINDINGS = 7
    UNAVAILABLE = 8
    DAMAGED = 9
    NO_SPACE = 10
    WAITS = 11
    INTERRUPTED = 130


MEANING: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.UNEXPECTED: "a fault in Abri; the message says how to report it",
    Exit.USAGE: "a wrong command, option or value; nothing was changed",
    Exit.CONFIGURATION: "config.yaml or the policy files cannot be used; every problem is listed",
    Exit.NOT_FOUND: "no such person, structure, path, grant or folder",
    Exit.REFUSED: "not allowed by the policy, a lock or a condition",
    Exit.ALREADY_THERE: "the login, slug, name or folder is taken",
    Exit.FINDINGS: "a check ran to its end and found something wrong",
    Exit.UNAVAILABLE: "database, keys, disk or a directory are away, or of another version",
    Exit.DAMAGED: "stored bytes or rows failed their seal",
    Exit.NO_SPACE: "quota or disk are full",
    Exit.WAITS: "stored, and waits for the owner's yes",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}

EXIT_OF: dict[type[AbriError], Exit] = {
    WrongSettings: Exit.CONFIGURATION,
    BadInput: Exit.USAGE,
    TooLarge: Exit.USAGE,
    NotSignedIn: Exit.REFUSED,
    SlowDown: Exit.REFUSED,
    NotFound: Exit.NOT_FOUND,
    Refused: Exit.REFUSED,
    NoParent: Exit.NOT_FOUND,
    AlreadyThere: Exit.ALREADY_THERE,
    ConditionFailed: Exit.REFUSED,
    NotChanged: Exit.DONE,
    Locked: Exit.REFUSED,
    NotLocked: Exit.NOT_FOUND,
    NoSpace: Exit.NO_SPACE,
    Damaged: Exit.DAMAGED,
    Unavailable: Exit.UNAVAILABLE,
    DirectoryAway: Exit.UNAVAILABLE,
}


def exit_of(error: AbriError) -> Exit:
    """The code of the nearest class in the table."""
    for one in type(error).__mro__:
        if one in EXIT_OF:
            return EXIT_OF[one]
    return Exit.UNEXPECTED
