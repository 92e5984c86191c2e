"""Who comes, changes, leaves and comes back by what the directories of structures say of them.

Sign-in calls `heard`, and the synchronisation `settle` for each person: one transaction each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from authn.arrivals import Heard
from authn.directory_accounts import DirectoryAccount, confirmation, find_account
from authn.ldap.port import Absent, Present
from authn.login_name import login_key
from authn.notes import note_if_possible
from authn.register import Register
from authn.registered import Registered
from authn.staff_names import StaffNames
from authn.staff_register import StaffRegister
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import BadInput, Damaged, Unavailable
from davserver.domain.events import Events
from davserver.gate.people.resting import Resting
from davserver.gate.staff.roster_plan import Chart, Known, Plan, plan
from davserver.gate.staff.settling import Became, Settled, Settling, shown
from davserver.gate.tools import Tools
from policies import generations
from policies.directory_groups import Place
from policies.in_force import owners_only

__all__ = ["Became", "Roster", "Settled"]

log = Events("abri.directory")

_NOTED_EVERY = timedelta(seconds=10)
"""Somebody with many programs signs in several times a second."""


@dataclass(frozen=True, slots=True)
class _Look:
    known: Known
    plan: Plan


class Roster:
    """Shared between threads: `authn.arrivals.Arrivals`."""

    def __init__(self, tools: Tools, directories: Mapping[str, DirectorySettings]) -> None:
        self._tools = tools
        self._directories = directories
        self._names = StaffNames(directories)
        self._people = Registered(tools.keys)
        self._register = Register(tools.keys, tools.entropy)
        self._staff = StaffRegister(tools.keys, tools.entropy)

    def groups(self, directory: str) -> frozenset[str]:
        """The groups of that directory that give somebody a place, by the policy in force.

        Raises Unavailable where the policy says nothing about directories.
        """
        with self._tools.db.read() as tx:
            return frozenset(one.group for one in self.places(tx, directory))

    def places(self, tx: Connection, directory: str) -> tuple[Place, ...]:
        """Those lines of directory-groups.csv that count, in file order. Raises Unavailable."""
        snapshot = self._tools.policy.judge(tx, generations.number_in_force(tx)).snapshot
        groups = snapshot.directory_groups
        if snapshot is owners_only() or groups is None:
            raise Unavailable("no policy in force says which groups of directories give a place")
        return groups.of(directory, self._directories[directory].roles)

    def heard(self, heard: Heard) -> None:
        """As `settle`, in its own transaction; where nothing is new the moment alone is noted, on a
        disk that has room for it.

        Raises Unavailable, and BadInput for whoever cannot be added.
        """
        try:
            with self._tools.db.read() as tx:
                look = self._look(tx, heard)
            if look is not None and look.plan.is_empty:
                self._confirm(look.known.account, heard.at)
            elif look is not None:
                self._tools.db.write(lambda tx: self.settle(tx, heard))
        except BadInput:
            # The reason names people: whoever synchronises is told it.
            log.warning("directory-person-left-out", directory=heard.directory, entry=heard.entry)
            raise
        except IntegrityError:
            raise Unavailable("somebody else changed this account at the same moment") from None

    def settle(self, tx: Connection, heard: Heard) -> tuple[Settled, ...]:
        """Makes the person what the directory said they are, recorded in the trail, and gives what
        was changed; nothing where all is as it should be.

        Raises Unavailable where no policy says who has a place; BadInput for whoever cannot be
        added: the text is for administrators.
        """
        look = self._look(tx, heard)
        if look is None or look.plan.is_empty:
            return ()
        now = self._tools.clock()
        before = self._moved(tx, look)
        settling = Settling(
            self._tools, self._staff, tx, heard.directory, heard.entry, heard.at, now
        )
        settling.do(look.known, look.plan)
        for one in shown(look.plan, look.known, before):
            log.info("directory-person", became=one.became.value, structure=one.structure)
        return shown(look.plan, look.known, before)

    def foreseen(self, tx: Connection, heard: Heard) -> tuple[Settled, ...]:
        """What `settle` would change, and what it would leave as it should not be. Reads only."""
        look = self._look(tx, heard)
        if look is None:
            return ()
        return shown(look.plan, look.known, self._moved(tx, look))

    def _look(self, tx: Connection, heard: Heard) -> _Look | None:
        """None where nothing is to be done: something newer is known, or nobody is there."""
        now = self._tools.clock()
        try:
            account = find_account(tx, self._tools.keys, heard.directory, heard.entry)
        except Damaged as error:
            raise BadInput(str(error)) from error
        if account is None and isinstance(heard.said, Absent):
            return None
        if account is not None and heard.at < account.confirmed:
            return None
        chart = self.chart(tx, heard.directory)
        known = self._known(tx, account, heard.said, chart)
        return _Look(known, plan(known, heard.said, chart, now))

    def chart(self, tx: Connection, directory: str) -> Chart:
        places = self.places(tx, directory)
        structures = {one.slug: one for one in self._people.all_structures(tx)}
        return Chart(directory, self._names, places, structures)

    def _known(
        self,
        tx: Connection,
        account: DirectoryAccount | None,
        said: Present | Absent,
        chart: Chart,
    ) -> Known:
        login = None if isinstance(said, Absent) else chart.login_of(said.entry)
        if account is None:
            return Known(taken=login is not None and self._register.is_taken(tx, login))
        person = self._people.people(tx, {account.person}).get(account.person)
        if person is None:
            raise BadInput("the row of this person was altered: see the log")
        is_other = login is not None and login_key(login) != login_key(person.login)
        return Known(
            person,
            account,
            tuple(self._people.memberships(tx, person.id)),
            taken=login is not None and is_other and self._register.is_taken(tx, login),
        )

    def _moved(self, tx: Connection, look: _Look) -> list[Settled]:
        """The grants by name that rest for it, and those that rest no more."""
        person, plan_ = look.known.person, look.plan
        if person is None:
            return []
        resting = Resting(self._tools, tx, self._tools.clock())
        rest = [
            Settled(Became.GRANT_RESTS, person.id, person.login, grant.hex(), structure.slug)
            for grant, structure in resting.would_rest(person.id, plan_.left)
        ]
        here = plan_.here if plan_.begins else frozenset()
        resumed = resting.would_resume(person.id, here)
        slugs = self._people.structures(tx, {one.structure for one in resumed})
        return rest + [
            Settled(
                Became.GRANT_RESUMES,
                person.id,
                person.login,
                one.grant.hex(),
                slugs[one.structure].slug,
            )
            for one in resumed
        ]

    def _confirm(self, account: DirectoryAccount | None, at: datetime) -> None:
        """That is all a sign-in writes, and none fails for want of it."""
        if account is not None and at - account.confirmed >= _NOTED_EVERY:
            statement = confirmation(self._tools.keys, account, at)
            note_if_possible(self._tools.db, statement, "confirmation")
