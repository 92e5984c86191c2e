"""Staff who come from a directory, for tests below the fronts: what it says is handed over as it
would be by the client of it, everything else is real.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from authn.arrivals import Heard
from authn.directory_accounts import DirectoryAccount, find_account
from authn.ldap.port import Absent, Entry, EntryState, Present
from davserver.config.directory_settings import DirectorySettings
from davserver.gate.roster import Roster, Settled
from tests.support.drive import Drive
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import Safekeeping

LYON = "lyon"
STAFF = "cn=staff,ou=groups,dc=lyon,dc=example"
OTHERS = "cn=others,ou=groups,dc=lyon,dc=example"
HEADS = "cn=heads,ou=groups,dc=lyon,dc=example"
ROOTS = "cn=roots,ou=groups,dc=lyon,dc=example"
LINES = (
    f"m, lyon, professional, ccas, {STAFF}",
    f"m, lyon, professional, other, {OTHERS}",
    f"m, lyon, manager, ccas, {HEADS}",
)


def directory_settings(**changed: object) -> DirectorySettings:
    """Of a directory that nobody calls."""
    settings = DirectorySettings(
        kind="openldap",
        servers=("ldaps://ldap.invalid",),
        domain="lyon.example",
        people="ou=people,dc=lyon,dc=example",
        groups="ou=groups,dc=lyon,dc=example",
    )
    return replace(settings, **changed)  # type: ignore[arg-type]


def map_groups(world: Safekeeping, *lines: str) -> None:
    """The shipped rules, with these lines of directory-groups.csv."""
    files = shipped_files()
    files["directory-groups.csv"] = "".join(f"{one}\n" for one in lines).encode()
    put_in_force(world.tools, files)


@dataclass
class Office:
    """The directory `lyon` and what it says of people, one after the other."""

    world: Safekeeping
    roster: Roster = field(init=False)

    def __post_init__(self) -> None:
        self.roster = Roster(self.world.tools, {LYON: directory_settings()})

    def says(
        self,
        entry: str,
        *groups: str,
        account: str | None = None,
        name: str | None = None,
        state: EntryState = EntryState.ACTIVE,
    ) -> tuple[Settled, ...]:
        """`entry` stands for an id; the account is called like it where nothing else is said."""
        login = account or entry
        there = Entry(f"id-{entry}", f"uid={login}", login, name or f"Name of {entry}", state)
        return self.settle(entry, Present(there, frozenset(groups)))

    def misses(self, entry: str) -> tuple[Settled, ...]:
        return self.settle(entry, Absent.ABSENT)

    def settle(self, entry: str, said: Present | Absent) -> tuple[Settled, ...]:
        heard = self.heard(entry, said)
        with self.world.db.read() as tx:
            foreseen = self.roster.foreseen(tx, heard)
        done = self.world.db.write(lambda tx: self.roster.settle(tx, heard))
        assert not done or done == foreseen
        return done

    def heard(self, entry: str, said: Present | Absent, at: datetime | None = None) -> Heard:
        return Heard(LYON, f"id-{entry}", said, at or self.world.clock())

    def account(self, entry: str) -> DirectoryAccount | None:
        with self.world.db.read() as tx:
            return find_account(tx, self.world.keys, LYON, f"id-{entry}")

    def drive(self, login: str) -> Drive:
        with self.world.db.read() as tx:
            return Drive(self.world, self.world.directory.find_person(tx, login))
