"""What sign-in needs to let in the staff of structures by their directories."""

from dataclasses import dataclass, field

from authn.arrivals import Arrivals, Heard
from authn.directories import Directories, away
from authn.guesses import Guesses
from authn.staff_ask import StaffAsk
from authn.staff_check import StaffCheck
from authn.staff_names import NO_DIRECTORIES, StaffNames
from authn.throttle import Throttle
from davserver.db.database import Database
from davserver.domain.ids import Entropy
from davserver.sealing.instance import InstanceKeys


class NobodyComes:
    """The arrivals of an instance without directories."""

    def groups(self, _directory: str) -> frozenset[str]:
        raise away()

    def heard(self, _heard: Heard) -> None:
        raise away()


@dataclass(frozen=True, slots=True)
class Staff:
    """Of which directories, by which names, and who acts on what they say."""

    names: StaffNames = NO_DIRECTORIES
    directories: Directories = field(default_factory=Directories)
    arrivals: Arrivals = field(default_factory=NobodyComes)

    def check(
        self, db: Database, keys: InstanceKeys, throttle: Throttle, entropy: Entropy
    ) -> StaffCheck:
        guesses = Guesses(db, keys)
        ask = StaffAsk(guesses, self.arrivals)
        return StaffCheck(self.directories, ask, guesses, throttle, entropy)
