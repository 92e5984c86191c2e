"""Looking at the directories of structures as a whole, again and again."""

from functools import partial

from authn.directories import Directories
from davserver.config import Settings
from davserver.gate.staff.directory_care import DirectoryCare
from davserver.gate.staff.roster import Roster
from davserver.gate.staff.synchronising import Synchronising
from davserver.gate.tools import Tools
from davserver.wiring.housekeeping import Chore, Housekeeping

_LOOKS = 10
"""In a term, of each process: whether everybody is to be looked at again."""


class LookingAfter:
    """A thread for each directory: one that is slow must keep no other waiting."""

    def __init__(
        self, settings: Settings, tools: Tools, roster: Roster, directories: Directories
    ) -> None:
        every = settings.directories
        synchronising = Synchronising(tools, roster, directories.by_name(), every)
        self.care = DirectoryCare(tools, roster, synchronising, every)
        self._threads = tuple(
            Housekeeping(
                [Chore("directory", one.term / _LOOKS, partial(synchronising.keep_up, name))],
                tools.clock,
                name=f"directory {name}",
            )
            for name, one in every.items()
        )

    def start(self) -> None:
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        for one in self._threads:
            one.leave()
        for one in self._threads:
            one.stop()
