"""What somebody who runs Abri must know: each alarm, and what to do about it. One table, complete
by test, in the code and in docs/alarms.md.
"""

import logging
from enum import StrEnum
from typing import Final

from davserver.domain.events import FACTS, ROOT

NAME: Final = f"{ROOT}.alarm"
"""Of the logger: a line of it has `alarm`, what to do, beside its facts."""

TO_DO: Final = "abri_to_do"
"""The attribute of a log record that says what to do."""


OVER: Final = "alarm-over"


class Alarm(StrEnum):
    DISK_FULL = "disk-full"
    DISK_FAILED = "disk-failed"
    DISK_NEARLY_FULL = "disk-nearly-full"
    DATA_CLOSED = "data-closed"
    DATABASE_AWAY = "database-away"
    KEYS_CLOSED = "keys-closed"
    KEY_MISSING = "key-missing"
    NOT_OPENED = "not-opened"
    CERTIFICATE_ENDS = "certificate-ends"
    CERTIFICATE_OVER = "certificate-over"
    CERTIFICATE_UNUSABLE = "certificate-unusable"
    POLICY_UNUSABLE = "policy-unusable"
    DECISIONS_LOST = "decisions-lost"
    CHORE_BROKEN = "chore-broken"
    CHANGES_PAUSED = "changes-paused"
    ROW_MAC_WRONG = "row-mac-wrong"
    ROW_DAMAGED = "row-damaged"
    VERIFIER_ALTERED = "verifier-altered"
    JOURNAL_DAMAGED = "journal-damaged"
    TRASH_DAMAGED = "trash-damaged"
    VAULT_DAMAGED = "vault-damaged"
    DEAD_BLOB_NAMED = "dead-blob-named"
    READ_WINDOWS_NOT_CLOSED = "read-windows-not-closed"
    REQUESTS_NOT_FORGOTTEN = "requests-not-forgotten"
    OFFERS_NOT_FORGOTTEN = "offers-not-forgotten"
    AFFILIATION_NOT_ENDED = "affiliation-not-ended"
    TRAIL_NOT_TOLD = "trail-not-told"


_CHECK = "abri vault check says which rows and what it means for people (docs/checking.md)"
_VERIFY = "abri trail verify says which trail; writing goes on once it is genuine (docs/trail.md)"

ALARMS: Final[dict[Alarm, str]] = {
    Alarm.DISK_FULL: "make room now: what needs it is refused with 507; df -h and df -i tell",
    Alarm.DISK_FAILED: "look at dmesg, and whether the disk is mounted read-only; abri doctor",
    Alarm.DISK_NEARLY_FULL: "make room: uploads are refused when it is full",
    Alarm.DATA_CLOSED: "mount the data folder again, or give it back to this account; abri doctor",
    Alarm.DATABASE_AWAY: "start the database, or look at its disk and its log; abri doctor",
    Alarm.KEYS_CLOSED: "put the keyring back before the next start: no worker opens without it",
    Alarm.KEY_MISSING: "copy the keyring here from where abri keys add was run; abri doctor",
    Alarm.NOT_OPENED: "abri doctor says what cannot be opened: workers cannot start",
    Alarm.CERTIFICATE_ENDS: "put the next one into its file: no restart is needed",
    Alarm.CERTIFICATE_OVER: "connections are refused: put the next one into its file; no restart",
    Alarm.CERTIFICATE_UNUSABLE: "abri doctor says why: no worker starts with these files",
    Alarm.POLICY_UNUSABLE: "only owners are served: abri policy status, then abri policy apply",
    Alarm.DECISIONS_LOST: "the decision log could not be written; abri doctor",
    Alarm.CHORE_BROKEN: "a fault of Abri: report it with this line; it is tried again",
    Alarm.CHANGES_PAUSED: "abri vault undo takes the changes back, abri vault resume allows them",
    Alarm.ROW_MAC_WRONG: f"somebody wrote to the database; {_CHECK}",
    Alarm.ROW_DAMAGED: f"somebody wrote to the database, or its disk failed; {_CHECK}",
    Alarm.VERIFIER_ALTERED: f"somebody wrote to the database; {_CHECK}",
    Alarm.JOURNAL_DAMAGED: "the file is kept as .damaged; look at the disk (docs/trail.md)",
    Alarm.TRASH_DAMAGED: f"it stays in the trash; {_CHECK}",
    Alarm.VAULT_DAMAGED: f"it is locked up; {_CHECK}",
    Alarm.DEAD_BLOB_NAMED: f"its bytes are kept; {_CHECK}",
    Alarm.READ_WINDOWS_NOT_CLOSED: _VERIFY,
    Alarm.REQUESTS_NOT_FORGOTTEN: _VERIFY,
    Alarm.OFFERS_NOT_FORGOTTEN: _VERIFY,
    Alarm.AFFILIATION_NOT_ENDED: _VERIFY,
    Alarm.TRAIL_NOT_TOLD: _VERIFY,
}
"""What to do."""

_WARNINGS: Final = frozenset({Alarm.CHANGES_PAUSED, Alarm.DISK_NEARLY_FULL, Alarm.CERTIFICATE_ENDS})
"""Nothing is broken yet. All others are errors."""

_logger = logging.getLogger(NAME)


def sound(alarm: Alarm, **facts: object) -> None:
    """No fact may be what a client sent, nor a name. Whoever runs the process sees to it that the
    same line does not come again and again (`admin.logs`).
    """
    level = logging.WARNING if alarm in _WARNINGS else logging.ERROR
    _logger.log(level, alarm.value, extra={FACTS: facts, TO_DO: ALARMS[alarm]})


def is_over(alarm: Alarm, where: str = "") -> None:
    """What was sounded does not hold any more; `where`: what its `of` was."""
    facts = {"of": alarm.value, **({"where": where} if where else {})}
    _logger.info(OVER, extra={FACTS: facts})
