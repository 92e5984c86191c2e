"""A synchronisation's difference in words, one line for each thing."""

from collections.abc import Iterable, Iterator, Mapping

from admin.speaking import N_, _
from admin.words import word
from davserver.gate.staff.roster import Became, Settled

WORDS: Mapping[Became, str] = {
    Became.JOINED: N_("+ {login} comes, as {says}"),
    Became.LOGIN: N_("± {login} is called {says}"),
    Became.NAME: N_("± {login} has another name"),
    Became.ROLE: N_("± {login} is a {says}"),
    Became.BLOCKED: N_("- {login} is out: {why}"),
    Became.BACK: N_("+ {login} is in again"),
    Became.MEMBER: N_("+ {login} works in {structure}"),
    Became.MEMBER_NO_MORE: N_("- {login} works no more in {structure}"),
    Became.GRANT_RESTS: N_("- {login}: what was shared by name for {structure} rests"),
    Became.GRANT_RESUMES: N_("+ {login}: what was shared by name for {structure} is back"),
    Became.LOGIN_KEPT: N_(
        "! {login} should be called {says}, and cannot: somebody has that login, or it is none"
    ),
    Became.OTHER_ROLE: N_(
        "! {login} is also in {says}, which gives another role: the first line of "
        "directory-groups.csv counts"
    ),
    Became.NO_SUCH_STRUCTURE: N_(
        "! {login}: there is no structure {structure}: correct directory-groups.csv, or add it"
    ),
}
"""`+` something is gained, `-` lost, `±` both or neither, `!` not as it should be."""

WHY: Mapping[str, str] = {
    "absent": N_("no longer in the directory"),
    "no-group": N_("in no group of directory-groups.csv"),
    "disabled": N_("disabled in the directory"),
    "expired": N_("expired in the directory"),
    "locked": N_("locked in the directory"),
    "must-change": N_("must choose a new password in the directory first"),
}


def in_words(done: Iterable[Settled]) -> Iterator[str]:
    """Each line once: several grants of one person rest alike."""
    lines = (
        _(WORDS[one.became]).format(
            login=one.login,
            says=word(one.says),
            structure=one.structure,
            why=_(WHY.get(one.says, one.says)),
        )
        for one in done
    )
    return iter(dict.fromkeys(lines))
