"""Words of Abri that stand alone in what commands show: who somebody is, how something stands.

Whatever a command takes is typed in English in every language, as its `--help` lists it.
"""

from enum import Enum

from admin.speaking import N_, _

WORDS: tuple[str, ...] = (
    # Who somebody is, and how their account stands.
    N_("beneficiary"), N_("professional"), N_("manager"), N_("administrator"), N_("active"),
    N_("administrator-blocked"), N_("directory-blocked"), N_("absent"), N_("no-group"),
    N_("disabled"), N_("expired"), N_("locked"), N_("must-change"), N_("local"),
    # What was given or asked, and how that stands.
    N_("read"), N_("write"), N_("deposit"), N_("upcoming"), N_("live"), N_("suspended"),
    N_("resting"), N_("over"), N_("ended"), N_("revoked"), N_("open"), N_("confirmed"),
    N_("refused"), N_("waiting"), N_("accepted"), N_("withdrawn"),
    # What documents are, and are about.
    N_("folder"), N_("file"), N_("identity"), N_("housing"), N_("income"), N_("work"),
    N_("health"), N_("justice"), N_("family"), N_("unclassified"),
    # Structures, and how fresh is what their directory said.
    N_("ccas"), N_("association"), N_("shelter"), N_("health-structure"), N_("fresh"), N_("late"),
    N_("never"), N_("gone"),
    # What a key is for.
    N_("current"), N_("old"), N_("destroyed"),
    # What was taken back.
    N_("content"), N_("place"), N_("brought-back"), N_("trashed"),
    # How a set of rules came into force.
    N_("setup"), N_("files"), N_("apply"), N_("approve"), N_("rollback"),
    # What the doctor looks at.
    N_("versions"), N_("folders"), N_("keyring"), N_("keys"), N_("database"), N_("sqlite"),
    N_("disk"), N_("clock"), N_("certificate"), N_("client-ca"), N_("policies"), N_("signers"),
    N_("decisions"), N_("unicode"), N_("vaults"), N_("pauses"),
    # What is looked at in a directory.
    N_("settings"), N_("address"), N_("connection"), N_("sign-in"), N_("software"), N_("people"),
    N_("groups"), N_("mapped group"), N_("person"),
)  # fmt: skip


def word(one: str | Enum) -> str:
    """In the language of the command; as it is where that has none."""
    return _(str(one.value if isinstance(one, Enum) else one))
