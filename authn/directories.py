"""The directories of this instance, as sign-in asks them: whatever they do not say is one neutral
Unavailable, whoever it is about.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from authn.ldap.port import Absent, BeforeTrying, DirectoryAway, Present, StaffDirectory, Wrong
from authn.single_flight import SingleFlight
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import Unavailable
from davserver.domain.events import Events
from davserver.domain.secret import Secret

RETRY_SECONDS = 30
"""What whoever meets a directory that is away is told to wait, one and all."""

NOBODY = "00000000-00000000-00000000-00000000"
"""An id that no entry has, as nsUniqueId is written; it is a UUID too."""

_PATIENCE = 60.0
_log = Events("abri.directories")

T = TypeVar("T")


def away() -> Unavailable:
    """The same for everybody: known, unknown, with a right password or a wrong one."""
    return Unavailable("the directory of a structure is away", seconds=RETRY_SECONDS)


class AskedDirectory:
    """One directory, and what this process last noticed of it. Thread-safe.

    All but `close` raise Unavailable, the same one, where the directory does not say.
    """

    def __init__(self, directory: StaffDirectory, settings: DirectorySettings) -> None:
        self.settings = settings
        self._directory = directory
        self._turn = threading.Lock()
        self._looks: SingleFlight[None] = SingleFlight(_PATIENCE)
        self._is_away = False

    @property
    def name(self) -> str:
        return self._directory.name

    @property
    def itself(self) -> StaffDirectory:
        """For whoever asks about everybody, and wants to know why it does not say."""
        return self._directory

    @property
    def is_away(self) -> bool:
        """When it was last asked; nobody is asked for this."""
        return self._is_away

    def authenticate(
        self, account: str, password: Secret, groups: Collection[str], before: BeforeTrying
    ) -> Present | Absent | Wrong:
        return self._asked(lambda: self._directory.authenticate(account, password, groups, before))

    def fetch(self, entry: str, groups: Collection[str]) -> Present | Absent:
        return self._asked(lambda: self._directory.fetch(entry, groups))

    def require_there(self) -> None:
        """Before a refusal that was decided without it: while it is away nobody gets any.

        A search costs less than `ping`, which signs in. Those who come meanwhile wait for its end.
        """
        self._looks.run(b"", lambda: self._ask_for(NOBODY))

    def _ask_for(self, entry: str) -> None:
        self.fetch(entry, ())

    def close(self) -> None:
        self._directory.close()

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            said = ask()
        except DirectoryAway as error:
            self._note(str(error))
            raise away() from error
        self._note(None)
        return said

    def _note(self, why: str | None) -> None:
        """Logs changes only: thousands of requests may meet the same outage."""
        with self._turn:
            was_away, self._is_away = self._is_away, why is not None
        if why is not None and not was_away:
            _log.warning("directory-away", directory=self.name, why=why)
        elif why is None and was_away:
            _log.warning("directory-back", directory=self.name)


class Directories:
    """All of them, by name. Close it at the end."""

    def __init__(self, opened: Iterable[AskedDirectory] = ()) -> None:
        self._all = {one.name: one for one in opened}

    def find(self, name: str) -> AskedDirectory | None:
        return self._all.get(name)

    def named(self, name: str) -> AskedDirectory:
        """Raises Unavailable for one whose section is gone from config.yaml: nothing can be known
        of its people.
        """
        found = self._all.get(name)
        if found is None:
            raise away()
        return found

    def by_name(self) -> dict[str, StaffDirectory]:
        """See `AskedDirectory.itself`."""
        return {name: one.itself for name, one in self._all.items()}

    def __len__(self) -> int:
        return len(self._all)

    @property
    def number_away(self) -> int:
        """As this process last noticed."""
        return sum(one.is_away for one in self._all.values())

    def close(self) -> None:
        for one in self._all.values():
            one.close()
