"""What a check can find. Nothing is ever deleted or mended on a finding: people decide that.

Findings name rows and blobs by their ids, never documents: whoever checks vaults need not read what
is in them.
"""

from dataclasses import dataclass
from enum import StrEnum

from davserver.domain.ids import VaultId


class Flaw(StrEnum):
    """Stable codes that scripts may rely on; FLAW_TEXTS says them in words."""

    LOCKED_UP = "locked-up"
    FORGED = "forged"
    ALTERED = "altered"
    NO_ROOT = "no-root"
    NO_FOLDER = "no-folder"
    CIRCLE = "circle"
    MISPLACED = "misplaced"
    STRAY = "stray"
    WRONG_SUM = "wrong-sum"
    OLD_ROW = "old-row"
    CHANGED_ROW = "changed-row"
    UNTOLD_ROW = "untold-row"
    RETURNED_ROW = "returned-row"
    VANISHED_ROW = "vanished-row"
    NO_TELLING = "no-telling"
    NO_BLOB_ROW = "no-blob-row"
    UNFIT_BLOB_ROW = "unfit-blob-row"
    SHARED_BLOB = "shared-blob"
    UNNAMED_BLOB = "unnamed-blob"
    LOST_BLOB = "lost-blob"
    WRONG_LENGTH = "wrong-length"
    WRONG_DIGEST = "wrong-digest"
    WRONG_CONTENT = "wrong-content"
    UNKNOWN_BYTES = "unknown-bytes"
    LOCK_ASTRAY = "lock-astray"


FLAW_TEXTS: dict[Flaw, str] = {
    Flaw.LOCKED_UP: "the vault does not open: its keys are missing or were tampered with",
    Flaw.FORGED: "the row was not written by Abri, or was changed since: it counts as absent",
    Flaw.ALTERED: "the row does not open as it was sealed: it counts as absent",
    Flaw.NO_ROOT: "the vault's first folder is missing",
    Flaw.NO_FOLDER: "the folder that holds it is missing or damaged: nobody can reach it",
    Flaw.CIRCLE: "folders lie in each other: nobody can reach them",
    Flaw.MISPLACED: "it belongs to another vault, file or kind of thing than its row says",
    Flaw.STRAY: "it belongs to nothing that exists",
    Flaw.WRONG_SUM: "the space counted as used is not what is stored",
    Flaw.OLD_ROW: "an older state of the row was put back",
    Flaw.CHANGED_ROW: "the row is not the one that the trail tells of",
    Flaw.UNTOLD_ROW: "the trail knows nothing of the row",
    Flaw.RETURNED_ROW: "the trail says that the row was removed, but it is there",
    Flaw.VANISHED_ROW: "the row is gone, and the trail does not say that it was removed",
    Flaw.NO_TELLING: "the trail cannot be compared: see `abri trail verify`",
    Flaw.NO_BLOB_ROW: "the row of its content is missing",
    Flaw.UNFIT_BLOB_ROW: "the row of the content does not say what it should",
    Flaw.SHARED_BLOB: "two rows name the same content",
    Flaw.UNNAMED_BLOB: "no file or version names this content",
    Flaw.LOST_BLOB: "the stored bytes are missing",
    Flaw.WRONG_LENGTH: "the stored bytes are of the wrong length",
    Flaw.WRONG_DIGEST: "the stored bytes are not those that were stored",
    Flaw.WRONG_CONTENT: "the content does not open, or is not what was written",
    Flaw.UNKNOWN_BYTES: "there are stored bytes that no row knows",
    Flaw.LOCK_ASTRAY: "the lock is on nothing that can be locked, or by nobody",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw. `table` and `id` (hexadecimal) say where; `vault` is None for the instance's own
    rows. `note` adds numbers and column names, never what somebody wrote.
    """

    flaw: Flaw
    vault: VaultId | None
    table: str
    id: str
    note: str = ""

    @property
    def text(self) -> str:
        return FLAW_TEXTS[self.flaw] + (f" ({self.note})" if self.note else "")


def shown(value: object) -> str:
    """An id as a finding prints it, whatever somebody wrote into its column."""
    return value.hex() if isinstance(value, bytes) else repr(value)[:64]
