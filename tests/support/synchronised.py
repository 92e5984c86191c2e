"""A structure's directory in a real OpenLDAP, and the people whom a synchronisation makes of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from authn.directory_syncs import SyncState, Turns, state_of
from authn.ldap.opening import open_directory
from authn.ldap.port import StaffDirectory
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.people import Membership
from davserver.gate.staff.roster import Roster
from davserver.gate.staff.synchronising import Run, Synchronising
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.staff import Staff
from tests.support.staffing import map_groups

LYON = "lyon"


@dataclass
class Town:
    """`team` works for ccas, `nights` for other; the structures are there, and nobody yet."""

    world: Safekeeping
    staff: Staff
    settings: DirectorySettings = field(init=False)

    def __post_init__(self) -> None:
        world, staff = self.world, self.staff
        self.ccas, self.other = world.structure("ccas"), world.structure("other")
        self.settings = staff.settings()
        self.directory = open_directory(LYON, self.settings, world.clock)
        self.roster = Roster(world.tools, {LYON: self.settings})
        self.sync = self.another_process()
        self.turns = Turns(world.keys, os.urandom, LYON)

    def another_process(self) -> Synchronising:
        return self.with_directory(self.directory)

    def with_directory(self, directory: StaffDirectory) -> Synchronising:
        """Asks that one, which may lie."""
        mine = {LYON: self.settings}
        return Synchronising(self.world.tools, self.roster, {LYON: directory}, mine)

    def map(self, *groups: tuple[str, str]) -> None:
        """Pairs of a group and the structure in which it makes professionals."""
        lines = (
            f"m, {LYON}, professional, {slug}, {self.staff.group(name)}" for name, slug in groups
        )
        map_groups(self.world, *lines)

    def run(self) -> Run:
        """Some minutes later."""
        self.world.clock.passes(minutes=4)
        return self.sync.run(LYON)

    def state(self) -> SyncState:
        with self.world.db.read() as tx:
            return state_of(tx, self.world.keys, LYON)

    def drive(self, account: str) -> Drive:
        with self.world.db.read() as tx:
            found = self.world.registered.find_person(tx, f"{account}@{self.settings.domain}")
        return Drive(self.world, found)

    def memberships(self, account: str) -> list[Membership]:
        with self.world.db.read() as tx:
            return self.world.registered.memberships(tx, self.drive(account).person.id)

    def works_in(self, account: str) -> set[str]:
        now = self.world.clock()
        return {one.structure.slug for one in self.memberships(account) if one.holds(now)}


def done(run: Run) -> set[tuple[str, str, str]]:
    """What was changed, as words: what, whose account, where."""
    return {
        (one.became.value, one.login.partition("@")[0], one.structure or one.says)
        for one in run.done
    }


@contextmanager
def town(url: str, folder: Path, staff: Staff) -> Iterator[Town]:
    with safekeeping(url, folder) as world:
        made = Town(world, staff)
        try:
            yield made
        finally:
            made.directory.close()
