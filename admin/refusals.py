"""What a refusal means, in words: every reason code has its sentence."""

import errno

from davserver.domain.errors import Reason
from davserver.domain.refusals import ENGLISH

_WITH_A_COMMAND: dict[Reason, str] = {
    Reason.TOO_MANY_CHANGES: "their changes are paused after too many within a minute "
    "(`abri vault undo` takes them back)",
    Reason.TOO_LATE: "the time to take it back is over (`vaults.recall`)",
    Reason.OPENED_BY_OTHERS: "somebody else has opened or copied it: only the owner removes it now",
    Reason.NEEDS_OWNER: "the owner says yes themselves, on their pages (`operator.grants`)",
    Reason.GRANT_ROOT: "what a grant shares stays where it is; name something inside",
    Reason.DRIVE_ROOT: "this folder only holds the drive together; name something inside",
    Reason.POLICY: "no rule of the policy allows it (`abri policy explain` says more)",
}
REFUSALS: dict[Reason, str] = {
    reason: words.because for reason, words in ENGLISH.items()
} | _WITH_A_COMMAND


def refusal(reason: Reason) -> str:
    """The sentence, with the code that scripts and logs know."""
    return f"refused: {REFUSALS[reason]} [{reason.value}]"


def of_system(error: OSError) -> str:
    """What the machine refuses: which file, which is the machine's own, and why."""
    said = error.strerror or type(error).__name__
    if error.errno in {errno.EACCES, errno.EPERM}:
        said += "; run it as the account that the server runs as"
    return f"{error.filename}: {said}" if error.filename else said
