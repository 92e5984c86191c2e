"""How an instance is, in plain words, and what to do: one table, complete by test."""

from typing import NamedTuple

from davserver.domain.health import Sign, State
from davserver.web.marked import N_


class Words(NamedTuple):
    """`do` is empty where nothing is to be done. `%(name)s`, `%(amount)s` and `%(when)s` stand for
    what was seen.
    """

    part: str
    says: str
    do: str = ""


STATES: dict[State, str] = {
    State.WELL: N_("Fine"),
    State.WARNING: N_("Look at it"),
    State.PROBLEM: N_("Problem"),
}

_DATABASE, _SCHEMA = N_("Database"), N_("Form of the database")
_KEPT = N_("Disk of the database")
_DATA, _KEYS, _DISK = N_("Data folder"), N_("Keys"), N_("Room on the disk")
_CERTIFICATE, _AUTHORITY = N_("Certificate of the server"), N_("Certificates of devices")
_DECISIONS, _DIRECTORY = N_("Log of decisions"), N_("Directory %(name)s")
_JOB = N_("In the background: %(name)s")

HEALTH: dict[Sign, Words] = {
    Sign.DATABASE_ANSWERS: Words(_DATABASE, N_("It answers.")),
    Sign.DATABASE_AWAY: Words(
        _DATABASE, N_("It does not answer."), N_("Start it, or look at its disk and its log.")
    ),
    Sign.DATABASE_KEPT: Words(_KEPT, N_("What is written reaches it.")),
    Sign.DATABASE_NOT_KEPT: Words(
        _KEPT,
        N_("What is written does not reach it, so nothing can be changed."),
        N_("Look at the disk and at the server's log: abri doctor."),
    ),
    Sign.SCHEMA_FITS: Words(_SCHEMA, N_("Number %(name)s, as this version needs it.")),
    Sign.SCHEMA_OTHER: Words(
        _SCHEMA,
        N_("Number %(name)s: made for another version of Abri."),
        N_("Start the server again with the version that the database was made for."),
    ),
    Sign.DATA_WRITABLE: Words(_DATA, N_("It can be written.")),
    Sign.DATA_CLOSED: Words(
        _DATA,
        N_("It cannot be written, so nothing can be put in."),
        N_("Look whether its disk is there, and to which account it belongs: abri doctor."),
    ),
    Sign.KEYS_READABLE: Words(_KEYS, N_("They can be read.")),
    Sign.KEYS_CLOSED: Words(
        _KEYS,
        N_("They cannot be read: after the next start nothing would open."),
        N_("Put the keyring back from its backup, or give it back to its account: abri doctor."),
    ),
    Sign.DISK_ENOUGH: Words(_DISK, N_("%(amount)s are free.")),
    Sign.DISK_LITTLE: Words(
        _DISK, N_("%(amount)s are free: that is little."), N_("Make room before it is full.")
    ),
    Sign.DISK_FULL: Words(
        _DISK, N_("%(amount)s are free: documents are refused."), N_("Make room now.")
    ),
    Sign.CERTIFICATE_GOOD: Words(_CERTIFICATE, N_("Good until %(when)s.")),
    Sign.CERTIFICATE_SOON: Words(
        _CERTIFICATE,
        N_("Good until %(when)s only."),
        N_("Renew it: the server takes the new file without a restart."),
    ),
    Sign.CERTIFICATE_OVER: Words(
        _CERTIFICATE,
        N_("It ended on %(when)s: programs refuse to connect."),
        N_("Renew it: the server takes the new file without a restart."),
    ),
    Sign.CERTIFICATE_TO_COME: Words(
        _CERTIFICATE, N_("It counts from %(when)s on only."), N_("Look at the server's clock.")
    ),
    Sign.CERTIFICATE_UNREADABLE: Words(
        _CERTIFICATE,
        N_("It cannot be read: the server would not start again."),
        N_("Put the file back: abri doctor says what is wrong with it."),
    ),
    Sign.CERTIFICATE_NONE: Words(_CERTIFICATE, N_("None: the server talks to this machine only.")),
    Sign.AUTHORITY_GOOD: Words(_AUTHORITY, N_("Whoever signs them is good until %(when)s.")),
    Sign.AUTHORITY_SOON: Words(
        _AUTHORITY,
        N_("Whoever signs them is good until %(when)s only."),
        N_("Ask whoever signs them for their next certificate."),
    ),
    Sign.AUTHORITY_OVER: Words(
        _AUTHORITY,
        N_("One of those who sign them ended on %(when)s: nobody comes in with theirs."),
        N_("Ask whoever signs them for their next certificate."),
    ),
    Sign.AUTHORITY_UNREADABLE: Words(
        _AUTHORITY,
        N_("The file that says who signs them cannot be read."),
        N_("Put the file back: abri doctor says what is wrong with it."),
    ),
    Sign.DECISIONS_KEPT: Words(_DECISIONS, N_("It is kept.")),
    Sign.DECISIONS_OFF: Words(
        _DECISIONS,
        N_("None is kept, as policy.decisions in the settings asks."),
        N_("Name a folder there to see which rule refuses what."),
    ),
    Sign.DECISIONS_CLOSED: Words(
        _DECISIONS,
        N_("It cannot be written: what is refused now is not counted."),
        N_("Give its folder back to the server's account: abri doctor says which one."),
    ),
    Sign.DECISIONS_SEEN: Words(
        _DECISIONS,
        N_("Other accounts of the machine can read it."),
        N_("Close its folder to others: abri doctor says how."),
    ),
    Sign.DIRECTORY_FRESH: Words(_DIRECTORY, N_("Looked at as a whole on %(when)s.")),
    Sign.DIRECTORY_LATE: Words(
        _DIRECTORY,
        N_("Last looked at as a whole on %(when)s: too long ago, so its people may be out."),
        N_("Find out why it does not answer: abri directory check."),
    ),
    Sign.DIRECTORY_NEVER: Words(
        _DIRECTORY,
        N_("Never looked at as a whole yet."),
        N_("Find out why it does not answer: abri directory check."),
    ),
    Sign.DIRECTORY_AWAY: Words(
        _DIRECTORY,
        N_("It did not answer when it was last asked: its people cannot sign in."),
        N_("Find out why it does not answer: abri directory check."),
    ),
    Sign.DIRECTORY_WAITS: Words(
        _DIRECTORY,
        N_("Many people at once would lose their access, so this waits for somebody's yes."),
        N_("Look at it with abri directory show, then say yes with abri directory confirm."),
    ),
    Sign.JOB_DONE: Words(_JOB, N_("Last done on %(when)s.")),
    Sign.JOB_TO_COME: Words(_JOB, N_("Not done yet since the server was started.")),
    Sign.JOB_LATE: Words(
        _JOB, N_("Last done on %(when)s: it is late."), N_("Look at the server's log.")
    ),
    Sign.JOB_FAILED: Words(
        _JOB,
        N_("It failed on %(when)s, and is tried again."),
        N_("Look at the server's log if it goes on."),
    ),
    Sign.SESSIONS: Words(N_("People on the pages"), N_("%(amount)s are signed in.")),
    Sign.VERSION: Words(N_("Version of Abri"), N_("It is %(name)s.")),
}

FEW = 5
FEWER = N_("Fewer than five are signed in.")
"""A small number of people is not shown: it would say whether somebody is there."""

JOBS: dict[str, str] = {
    "upkeep": N_("emptying the trash, closing the record of readings"),
    "readings": N_("writing down readings"),
    "policy-notices": N_("telling owners what new rules give to others"),
    "sharing-codes": N_("forgetting sharing codes that are over"),
    "decisions": N_("removing old decisions"),
    "keys": N_("looking whether every key is here"),
    "sessions": N_("forgetting sessions that are over"),
}
