"""A synchronisation's difference in words, one line for each thing."""

from collections.abc import Iterable, Iterator, Mapping

from davserver.gate.staff.roster import Became, Settled

WORDS: Mapping[Became, str] = {
    Became.JOINED: "+ {login} comes, as {says}",
    Became.LOGIN: "± {login} is called {says}",
    Became.NAME: "± {login} has another name",
    Became.ROLE: "± {login} is a {says}",
    Became.BLOCKED: "- {login} is out: {why}",
    Became.BACK: "+ {login} is in again",
    Became.MEMBER: "+ {login} works in {structure}",
    Became.MEMBER_NO_MORE: "- {login} works no more in {structure}",
    Became.GRANT_RESTS: "- {login}: what was shared by name for {structure} rests",
    Became.GRANT_RESUMES: "+ {login}: what was shared by name for {structure} is back",
    Became.LOGIN_KEPT: "! {login} should be called {says}, and cannot: somebody has that login, or"
    " it is none",
    Became.OTHER_ROLE: "! {login} is also in {says}, which gives another role: the first line of"
    " directory-groups.csv counts",
    Became.NO_SUCH_STRUCTURE: "! {login}: there is no structure {structure}: correct"
    " directory-groups.csv, or add it",
}
"""`+` something is gained, `-` lost, `±` both or neither, `!` not as it should be."""

WHY: Mapping[str, str] = {
    "absent": "no longer in the directory",
    "no-group": "in no group of directory-groups.csv",
    "disabled": "disabled in the directory",
    "expired": "expired in the directory",
    "locked": "locked in the directory",
    "must-change": "must choose a new password in the directory first",
}


def in_words(done: Iterable[Settled]) -> Iterator[str]:
    """Each line once: several grants of one person rest alike."""
    lines = (
        WORDS[one.became].format(
            login=one.login,
            says=one.says,
            structure=one.structure,
            why=WHY.get(one.says, one.says),
        )
        for one in done
    )
    return iter(dict.fromkeys(lines))
