"""Staff who come from a directory, for tests below the fronts: what it says is handed over as it
would be by the client of it, everything else is real.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from authn.arrivals import Heard
from authn.directory_accounts import DirectoryAccount, find_account
from authn.ldap.port import Absent, Entry, EntryState, Present
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import NotFound
from davserver.domain.people import AccountState, Membership, Person, Structure
from davserver.gate.staff.roster import Roster, Settled
from davserver.trail.words import INSTANCE
from tests.support.drive import Drive
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import Safekeeping, safekeeping

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
        return self.settle(
            entry, self.there(entry, *groups, account=account, name=name, state=state)
        )

    def there(
        self,
        entry: str,
        *groups: str,
        account: str | None = None,
        name: str | None = None,
        state: EntryState = EntryState.ACTIVE,
    ) -> Present:
        login = account or entry
        there = Entry(f"id-{entry}", f"uid={login}", login, name or f"Name of {entry}", state)
        return Present(there, frozenset(groups))

    def with_settings(self, **changed: object) -> None:
        self.roster = Roster(self.world.tools, {LYON: directory_settings(**changed)})

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

    def everybody(self) -> list[Person]:
        """By login."""
        with self.world.db.read() as tx:
            return self.world.registered.everybody(tx)

    def memberships(self, login: str) -> list[Membership]:
        with self.world.db.read() as tx:
            person = self.world.registered.find_person(tx, login)
            return self.world.registered.memberships(tx, person.id)

    def state(self, login: str) -> AccountState:
        return self.drive(login).person.state

    def structure(self, slug: str) -> Structure:
        with self.world.db.read() as tx:
            return self.world.registered.find_structure(tx, slug)

    def drive(self, login: str) -> Drive:
        with self.world.db.read() as tx:
            return Drive(self.world, self.world.registered.find_person(tx, login))


@contextmanager
def office_on(url: str, folder: Path) -> Iterator[Office]:
    """Two structures, and groups that give places in them."""
    with safekeeping(url, folder) as world:
        world.structure("ccas")
        world.structure("other")
        map_groups(world, *LINES)
        yield Office(world)


def present(entry: str, *groups: str, state: EntryState = EntryState.ACTIVE) -> Present:
    there = Entry(f"id-{entry}", f"uid={entry}", entry, f"Name of {entry}", state)
    return Present(there, frozenset(groups))


def words(settled: tuple[Settled, ...]) -> list[str]:
    return [" ".join(filter(None, (one.became, one.says, one.structure))) for one in settled]


def told(world: Safekeeping, owner: Drive | None = None) -> list[str]:
    """What stands in the vault's trail, or in the instance's."""
    vault = INSTANCE if owner is None else world.vault_of(owner)
    with world.db.read() as tx:
        entries = world.tools.trail.entries(tx, vault, limit=1000, names=lambda _: {})
    return [one.what for one in entries]


KARIM = "karim@lyon.example"
ALL = {"/Name of amina": ["Logement", "Travail"], "/Name of bilal": ["Logement"]}
"""What karim reaches by `share_with_karim`."""


def share_with_karim(office: Office) -> Office:
    """Karim works at ccas; amina, whom it accompanies, shared with him and with it; bilal, whom
    nobody accompanies, with him.
    """
    world = office.world
    amina, bilal = world.beneficiary("amina", "fr"), world.beneficiary("bilal", "fr")
    office.says("karim", STAFF)
    karim = office.drive(KARIM)
    amina.put("/Travail/cv.txt", b"cv")
    world.share(amina, office.structure("ccas"), "/Travail")
    world.share(amina, karim, "/Logement")
    world.share(bilal, karim, "/Logement")
    world.clock.passes(minutes=1)
    return office


def reached(office: Office, login: str = KARIM) -> dict[str, list[str]]:
    """Everything at the top of their drive; nothing for whoever is blocked."""
    drive = office.drive(login)
    if drive.person.state is not AccountState.ACTIVE:
        with pytest.raises(NotFound):
            drive.names("/Name of amina")
        return {}
    return {f"/{one}": drive.names(f"/{one}") for one in drive.names("/")}
