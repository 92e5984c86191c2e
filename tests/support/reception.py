"""Staff who sign in through a real directory, below the fronts; the real roster writes down who
they are in Abri.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from authn.credentials import AppPassword, Credential, from_login_and_secret, new_app_password
from authn.directories import AskedDirectory, Directories
from authn.ldap.opening import open_directory
from authn.login import Login
from authn.register import NewDevice, Register
from authn.staff import Staff as StaffOfLogin
from authn.staff_names import StaffNames
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.people import AccountState, Person, Principal
from davserver.gate.staff.roster import Roster
from policies.in_force import InForce
from tests.support.accounts import HOME
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.staff import PASSWORD, Staff
from tests.support.staffing import map_groups

CCAS = "ccas"
TEAM = "team"


@dataclass
class Desk:
    """Where people of the directory `ccas` come in, a group of which gives a place in `ccas`."""

    world: Safekeeping
    settings: DirectorySettings
    open: ExitStack = field(repr=False)

    def __post_init__(self) -> None:
        self.login = self.process()

    def process(self, *, configured: bool = True) -> Login:
        """Another worker: same database, connections and memories of its own."""
        every = {CCAS: self.settings} if configured else {}
        tools = replace(self.world.tools, policy=InForce(self.world.keys))
        roster = Roster(tools, every)
        clock = self.world.clock
        directories = Directories(
            AskedDirectory(open_directory(name, one, clock), one) for name, one in every.items()
        )
        self.open.callback(directories.close)
        known = StaffOfLogin(StaffNames(every), directories, roster)
        return Login(self.world.db, self.world.keys, self.world.tools.entropy, staff=known)

    def sign_in(
        self,
        login: str,
        secret: str = PASSWORD,
        *,
        at: str = HOME,
        by: Login | None = None,
    ) -> Principal:
        return self.present(from_login_and_secret(login, secret), at=at, by=by)

    def present(
        self, credential: Credential, *, at: str = HOME, by: Login | None = None
    ) -> Principal:
        return (by or self.login).sign_in(credential, at, self.world.clock())

    def device(self, login: str) -> AppPassword:
        """An app password of somebody who came once."""
        made = new_app_password(login, self.world.tools.entropy)
        register = Register(self.world.keys, self.world.tools.entropy)
        who, new = self.person(login).id, NewDevice("Téléphone", False, None)
        now = self.world.clock()
        self.world.db.write(lambda tx: register.add_app_password(tx, who, made, new, now))
        return made

    def person(self, login: str) -> Person:
        with self.world.db.read() as tx:
            return self.world.registered.find_person(tx, login)

    def state(self, login: str) -> AccountState:
        return self.person(login).state


@dataclass(kw_only=True)
class Reception(Desk):
    """With an OpenLDAP behind it, whose group is `team`."""

    staff: Staff

    def hires(self, *accounts: str) -> None:
        """People of the directory, in the team."""
        self.staff.add(*accounts)
        for one in accounts:
            self.staff.put_in(TEAM, self.staff.person(one))

    def failures(self, account: str) -> int:
        """How many wrong passwords the directory has counted since the last right one."""
        return len(self.staff.server.values(self.staff.person(account), "pwdFailureTime"))

    @contextmanager
    def binds(self) -> Iterator[list[int]]:
        """How many the directory has answered meanwhile, as the only item of the list."""
        before = self.staff.server.binds()
        found: list[int] = []
        yield found
        # Whoever counts binds too.
        found.append(self.staff.server.binds() - before - 1)


@contextmanager
def reception(url: str, folder: Path, staff: Staff, **settings: object) -> Iterator[Reception]:
    staff.add_group(TEAM)
    with _world(url, folder, staff.group(TEAM)) as (world, opened):
        yield Reception(world, staff.settings(**settings), opened, staff=staff)


@contextmanager
def desk(url: str, folder: Path, settings: DirectorySettings, group: str) -> Iterator[Desk]:
    """For a directory of another kind."""
    with _world(url, folder, group) as (world, opened):
        yield Desk(world, settings, opened)


@contextmanager
def _world(url: str, folder: Path, group: str) -> Iterator[tuple[Safekeeping, ExitStack]]:
    with safekeeping(url, folder) as world, ExitStack() as opened:
        world.structure(CCAS)
        map_groups(world, f"m, {CCAS}, professional, {CCAS}, {group}")
        yield world, opened
