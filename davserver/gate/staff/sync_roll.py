"""Everybody of one directory at once: what it says of them beside what the database has, so that a
synchronisation costs a few statements for each 500 people and not some for each.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.arrivals import Heard
from authn.directory_accounts import Standing
from authn.directory_people import Holder, holders, taken
from authn.ldap.port import Absent, Entry, Present, StaffDirectory
from authn.login_name import login_key
from davserver.domain.errors import AlreadyThere, BadInput
from davserver.domain.ids import PersonId
from davserver.domain.people import AccountState, Membership, source_of
from davserver.gate.staff.roster_plan import Chart, Known, Plan, plan
from davserver.gate.staff.settling import Settled, remarks
from davserver.gate.staff.sync_guard import Loss
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class Found:
    """One person, and what becomes of them. `was_named`: a group named them; otherwise what the
    directory says of them is not known yet.
    """

    heard: Heard
    known: Known
    plan: Plan
    was_named: bool

    @property
    def person(self) -> PersonId | None:
        return self.known.person.id if self.known.person else None

    @property
    def remarks(self) -> list[Settled]:
        """What is not as it should be, whether or not anything changes."""
        person = self.known.person
        login = person.login if person else self.plan.joins.login if self.plan.joins else ""
        return remarks(self.plan, self.person, login)

    @property
    def losses(self) -> Iterable[Loss]:
        person, account = self.known.person, self.known.account
        if person is None or account is None:
            return
        for one in self.plan.ends:
            yield Loss(person.id, one.structure.id)
        blocked = self.plan.offer.role is None and account.standing is Standing.ACTIVE
        if blocked and not self.plan.ends:
            yield Loss(person.id, None)


@dataclass(frozen=True, slots=True)
class Roll:
    """`places`: all that people have by this directory now. `problems`: of whom nothing can be
    decided, and why, for administrators.
    """

    found: tuple[Found, ...]
    places: frozenset[Loss]
    problems: tuple[str, ...]

    @property
    def losses(self) -> frozenset[Loss]:
        return frozenset(loss for one in self.found for loss in one.losses)


def everybody(
    directory: StaffDirectory, groups: Collection[str], between: Callable[[], None]
) -> dict[str, Present]:
    """By the ids of their entries, all who are in any of the groups. `between` is called after each
    page. Raises DirectoryAway: then nobody was heard; without any group too, if it is away.
    """
    if not groups:
        directory.ping()
    entries: dict[str, Entry] = {}
    theirs: dict[str, set[str]] = {}
    for group in sorted(groups):
        for page in directory.page(group):
            for entry in page:
                entries[entry.id] = entry
                theirs.setdefault(entry.id, set()).add(group)
            between()
    return {one: Present(entry, frozenset(theirs[one])) for one, entry in entries.items()}


def call_roll(
    tx: Connection,
    keys: InstanceKeys,
    chart: Chart,
    named: Mapping[str, Present],
    at: datetime,
    now: datetime,
) -> Roll:
    """`named`: whom groups named at `at`. Whoever has an account and was not named counts as absent
    for now: before anything happens to them they are asked about.
    """
    known = _known(tx, keys, chart, named)
    found: list[Found] = []
    problems: list[str] = []
    for entry, said in _said(known, named, now).items():
        account = known[entry].account
        if account is not None and at < account.confirmed:
            # A sign-in knows better.
            continue
        if account is not None and known[entry].person is None:
            problems.append(f"entry {entry}: the row of this person was altered: see the log")
            continue
        heard = Heard(chart.directory, entry, said, at)
        try:
            became = plan(known[entry], said, chart, now)
        except (BadInput, AlreadyThere) as error:
            problems.append(f"entry {entry}: {error}")
            continue
        found.append(Found(heard, known[entry], became, entry in named))
    places = {place for one in known.values() for place in _places(one, chart, now)}
    return Roll(tuple(found), frozenset(places), tuple(problems))


def _said(
    known: Mapping[str, Known], named: Mapping[str, Present], now: datetime
) -> dict[str, Present | Absent]:
    missing = (
        entry for entry, one in known.items() if entry not in named and _has_something(one, now)
    )
    return {**named, **dict.fromkeys(missing, Absent.ABSENT)}


def _has_something(one: Known, now: datetime) -> bool:
    """Whoever is out already is not asked about again."""
    if one.account is None or one.person is None:
        return False
    active = AccountState.ACTIVE
    is_in = one.person.state is active or one.account.standing is Standing.ACTIVE
    return is_in or bool(_running(one, one.account.directory, now))


def _places(one: Known, chart: Chart, now: datetime) -> Iterator[Loss]:
    if one.person is None or one.account is None:
        return
    running = _running(one, chart.directory, now)
    for membership in running:
        yield Loss(one.person.id, membership.structure.id)
    if not running and one.account.standing is Standing.ACTIVE:
        yield Loss(one.person.id, None)


def _running(one: Known, directory: str, now: datetime) -> list[Membership]:
    theirs = [each for each in one.memberships if each.source == source_of(directory)]
    return [each for each in theirs if each.ends is None or each.ends > now]


def _known(
    tx: Connection, keys: InstanceKeys, chart: Chart, named: Mapping[str, Present]
) -> dict[str, Known]:
    """Of everybody who has an account, or was named."""
    has = holders(tx, keys, chart.directory)
    others = dict(_other_logins(has, chart, named))
    gone = taken(tx, others.values())
    is_taken = {entry for entry, login in others.items() if login_key(login) in gone}
    known = {
        entry: Known(one.person, one.account, one.memberships, entry in is_taken)
        for entry, one in has.items()
    }
    new = (entry for entry in named if entry not in has)
    return known | {entry: Known(taken=entry in is_taken) for entry in new}


def _other_logins(
    has: Mapping[str, Holder], chart: Chart, named: Mapping[str, Present]
) -> Iterator[tuple[str, str]]:
    """What those are to be called who are called something else, or nothing, until now."""
    for entry, said in named.items():
        login = chart.login_of(said.entry)
        person = has[entry].person if entry in has else None
        if login is not None and (person is None or login_key(person.login) != login_key(login)):
            yield entry, login
