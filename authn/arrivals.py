"""What sign-in asks of the layer above: to act on what a directory said about somebody.

`davserver.gate` implements it, because people come, change and leave with an entry in the trail.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from authn.ldap.port import Absent, Present


@dataclass(frozen=True, slots=True)
class Heard:
    """What `directory` said about the person with the id `entry` at `at`."""

    directory: str
    entry: str
    said: Present | Absent
    at: datetime


class Arrivals(Protocol):
    """Shared between threads."""

    def groups(self, directory: str) -> frozenset[str]:
        """The groups of that directory that give somebody a place, by the policy in force.

        Raises Unavailable when no policy could be loaded: then nobody has lost their place.
        """
        ...

    def heard(self, heard: Heard) -> None:
        """Adds the person, brings them up to date, blocks them or lets them back in: one
        transaction, recorded in the trail. Where nothing is new it only notes the moment, and not
        even that on a full disk.

        Raises Unavailable when the database is away, BadInput for a person whom Abri cannot add
        (their name cannot be a login): it says why, for administrators.
        """
        ...
