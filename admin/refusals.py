"""What a refusal means, in words: every reason code has its sentence."""

import errno

from admin.speaking import N_, _, catalogue, spoken
from admin.told import in_catalogue
from davserver.domain.errors import Reason
from davserver.domain.refusals import REASONS

_WITH_A_COMMAND: dict[Reason, str] = {
    Reason.TOO_MANY_CHANGES: N_(
        "their changes are paused after too many within a minute "
        "(`abri vault undo` takes them back)"
    ),
    Reason.TOO_LATE: N_("the time to take it back is over (`vaults.recall`)"),
    Reason.OPENED_BY_OTHERS: N_(
        "somebody else has opened or copied it: only the owner removes it now"
    ),
    Reason.NEEDS_OWNER: N_("the owner says yes themselves, on their pages (`operator.grants`)"),
    Reason.GRANT_ROOT: N_("what a grant shares stays where it is; name something inside"),
    Reason.DRIVE_ROOT: N_("this folder only holds the drive together; name something inside"),
    Reason.POLICY: N_("no rule of the policy allows it (`abri policy explain` says more)"),
}


def refusal(reason: Reason) -> str:
    """The sentence, with the code that scripts and logs know."""
    here = _WITH_A_COMMAND.get(reason)
    because = in_catalogue(here, catalogue()) if here else REASONS[spoken()][reason].because
    return in_catalogue(f"refused: {because} [{reason.value}]", catalogue())


REFUSED = N_("refused: %(because)s [%(reason)s]")


def of_system(error: OSError) -> str:
    """What the machine refuses: which file, which is the machine's own, and why."""
    said = in_catalogue(error.strerror or type(error).__name__, catalogue())
    if error.errno in {errno.EACCES, errno.EPERM}:
        said += _("; run it as the account that the server runs as")
    return f"{error.filename}: {said}" if error.filename else said


OF_THE_SYSTEM: tuple[str, ...] = (
    N_("No such file or directory"), N_("Permission denied"), N_("Is a directory"),
    N_("Not a directory"), N_("File exists"), N_("Directory not empty"),
    N_("No space left on device"), N_("Disk quota exceeded"), N_("Read-only file system"),
    N_("Input/output error"), N_("Address already in use"), N_("Connection refused"),
    N_("Operation not permitted"), N_("Cannot assign requested address"),
)  # fmt: skip
"""What the machine says most often."""
