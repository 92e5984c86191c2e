"""What becomes of the policy files, in words for administrators; complete by test."""

from davserver.gate.policy.rulebook import Origin, Status, Verdict
from davserver.web.marked import N_

VERDICTS: dict[Verdict, str] = {
    Verdict.IN_FORCE: N_("The files are what is in force."),
    Verdict.WAITING: N_("The files are sound and wait: abri policy apply puts them in force."),
    Verdict.REFUSED: N_(
        "The files have mistakes and cannot be used. What was in force before stays in force."
    ),
    Verdict.NEEDS_APPROVAL: N_(
        "The files are sound, give somebody more, and wait for two administrators: abri policy "
        "approve shows what they change."
    ),
    Verdict.FAILED: N_(
        "The files do not do what their own cases ask. What was in force before stays in force."
    ),
    Verdict.UNSIGNED: N_(
        "The files are not signed as the settings ask. What was in force before stays in force."
    ),
    Verdict.HELD: N_(
        "The files are those that were taken out of force. Correct them, or put them in force "
        "again with abri policy apply."
    ),
}
"""What the folder is now."""

WELL = frozenset({Verdict.IN_FORCE, Verdict.WAITING, Verdict.NEEDS_APPROVAL, Verdict.HELD})
"""Nothing needs to be repaired."""

ORIGINS: dict[Origin, str] = {
    Origin.SETUP: N_("by the first setting up"),
    Origin.FILES: N_("because the files were saved"),
    Origin.APPLY: N_("by abri policy apply"),
    Origin.APPROVE: N_("after two administrators agreed"),
    Origin.ROLLBACK: N_("brought back from set %(number)s"),
}
"""How a set came into force."""

_NEVER = N_(
    "No set of rules was ever put in force, so only owners are served: nobody reaches what was "
    "shared with them. Correct the files."
)
_ALTERED = N_(
    "The set in force was altered in the database, so only owners are served: nobody reaches what "
    "was shared with them. Find out who did it, then run abri policy apply."
)
_UNUSABLE = N_(
    "This version of Abri cannot use the set in force, so only owners are served: nobody reaches "
    "what was shared with them. Compare the files with those of this version, then save them."
)
_WAITS = N_("A change of the rules waits for administrators to agree: abri policy approve.")


def warnings(status: Status) -> list[str]:
    """What an administrator must see first; sentences of the catalogue."""
    found = not_in_force(status)
    if status.folder.verdict not in WELL:
        found.append(VERDICTS[status.folder.verdict])
    if status.pending is not None:
        found.append(_WAITS)
    return found


def not_in_force(status: Status) -> list[str]:
    """Why only owners are served, if it is so."""
    if status.number == 0:
        return [_NEVER]
    if status.serving is None:
        return [_ALTERED]
    return [_UNUSABLE] if status.rules is None else []
