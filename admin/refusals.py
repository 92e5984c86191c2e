"""What a refusal means, in words: every reason code has its sentence."""

from davserver.domain.errors import Reason

REFUSALS: dict[Reason, str] = {
    Reason.AUTH_TOO_WEAK: "a stronger sign-in is needed",
    Reason.NETWORK: "this is not allowed from this network",
    Reason.OUTSIDE_HOURS: "this is not allowed at this hour",
    Reason.CATEGORY: "the policy does not allow it for this category of documents",
    Reason.READ_ONLY: "the grant gives reading only",
    Reason.DEPOSIT_ONLY: "the grant gives putting documents in, not opening them",
    Reason.TOO_MANY_CHANGES: "their changes are paused after too many within a minute "
    "(`abri vault undo` takes them back)",
    Reason.READ_ONLY_DEVICE: "this device's password allows reading only",
    Reason.OWNER_ONLY: "only the owner may do this",
    Reason.NOT_YOURS: "this belongs to somebody else",
    Reason.TOO_LATE: "the time to take it back is over (`vaults.recall`)",
    Reason.OPENED_BY_OTHERS: "somebody else has opened or copied it: only the owner removes it now",
    Reason.GRANT_ROOT: "what a grant shares stays where it is; name something inside",
    Reason.OTHER_VAULT: "nothing goes from one person's vault to another's",
    Reason.WIDER_AUDIENCE: "more people would see it there",
    Reason.FOLDER_NOT_ALL_YOURS: "not everything in the folder is theirs",
    Reason.SCRATCH: "side files of programs are not documents",
    Reason.DRIVE_ROOT: "this folder only holds the drive together; name something inside",
    Reason.SAME_PLACE: "it is there already",
    Reason.POLICY: "no rule of the policy allows it (`abri policy explain` says more)",
    Reason.NO_GRANT: "no live grant reaches it",
    Reason.PROTECTED_PROPERTY: "this property cannot be changed",
}


def refusal(reason: Reason) -> str:
    """The sentence, with the code that scripts and logs know."""
    return f"refused: {REFUSALS[reason]} [{reason.value}]"
