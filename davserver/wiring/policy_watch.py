"""From files that somebody saves to the policy in force: one process of a machine looks.

A folder counts once nothing in it has changed for a moment, so that two files saved one after the
other are not mixed; a folder that is replaced as a whole counts at once after that moment too.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic

from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import AbriError
from davserver.domain.events import Events
from davserver.gate.policy.rulebook import Examined, Rulebook
from policies.folder import Fingerprint, Folder, fingerprint, read_folder
from policies.generations import Origin

log = Events("abri.policy")

LOOK_SECONDS = 0.25
SETTLE_SECONDS = 0.75
"""Together with a look and the reading, a change is in force within two seconds."""

_STOP_SECONDS = 5


class PolicyWatch:
    """One thread per process; of those of one machine, the one that holds `turn` works."""

    def __init__(
        self, rulebook: Rulebook, directory: Path, turn: Path, clock: Callable[[], datetime]
    ) -> None:
        self._rulebook = rulebook
        self._directory = directory
        self._turn = turn
        self._clock = clock
        self._held: int | None = None
        self._failed = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="policy-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def look(self, origin: Origin = Origin.FILES) -> Examined | None:
        """What becomes of the folder as it is now; None when somebody wrote while it was read."""
        folder = read_whole(self._directory)
        if folder is None:
            return None
        return self._rulebook.follow(folder, origin, self._clock())

    def _run(self) -> None:
        done: Fingerprint | None = None
        seen, since = fingerprint(self._directory), monotonic()
        while not self._stop.wait(LOOK_SECONDS):
            now_there = fingerprint(self._directory)
            if now_there != seen:
                seen, since = now_there, monotonic()
            elif seen != done and monotonic() - since >= SETTLE_SECONDS and self._has_turn():
                done = seen if self._looked() else None

    def _looked(self) -> bool:
        try:
            found = self.look()
        except AbriError as error:
            # The database is away, or somebody else was faster: looked at again in a moment.
            if not self._failed:
                log.warning("policy-not-looked-at", error=type(error).__name__)
            self._failed = True
            return False
        except Exception as error:  # noqa: BLE001 — or nobody would follow the files any more
            sound(Alarm.CHORE_BROKEN, chore="policy-watch", error=type(error).__name__)
            return False
        self._failed = False
        return found is not None

    def _has_turn(self) -> bool:
        """Whether this process is the one that works. Its end, however it comes, frees the turn."""
        if self._held is not None:
            return True
        try:
            one = os.open(self._turn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(one)
            return False
        self._held = one
        return True


def read_whole(directory: Path) -> Folder | None:
    """None when somebody wrote while it was read: look again."""
    before = fingerprint(directory)
    folder = read_folder(directory)
    return folder if fingerprint(directory) == before else None
