"""What becomes of one person by what their directory said of them: worked out, nothing done.

Pure: what the database has, what the policy says and what the directory said come in; a plan goes
out. Whatever cannot be decided is BadInput, and changes nobody's state.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from authn.directory_accounts import DirectoryAccount, Standing
from authn.ldap.port import Absent, Entry, EntryState, Present
from authn.login_name import clean_login
from authn.register import NewPerson
from authn.staff_names import StaffNames
from authn.staff_register import NOTHING_NEW, Renewed
from authn.texts import clean_text, quoted
from davserver.domain.errors import BadInput
from davserver.domain.ids import StructureId
from davserver.domain.people import (
    AccountState,
    Membership,
    Person,
    Role,
    Structure,
    source_of,
)
from policies.directory_groups import Place

LANGUAGE = "fr"
"""Of whoever joins: no directory tells which language somebody reads."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What one directory's groups give. `structures`: those of the instance, by slug."""

    directory: str
    names: StaffNames
    places: tuple[Place, ...]
    structures: Mapping[str, Structure]

    def login(self, entry: Entry) -> str:
        """Raises BadInput for an account whose name cannot be part of a login."""
        if "@" in entry.account:
            raise BadInput(
                f"account {quoted(entry.account)}: with an @ in it nobody can sign in as "
                f"{quoted(self.names.login(self.directory, entry.account))}; rename it there"
            )
        return clean_login(self.names.login(self.directory, entry.account))

    def login_of(self, entry: Entry) -> str | None:
        """None for such an account."""
        try:
            return self.login(entry)
        except BadInput:
            return None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has of somebody; nobody, no account, nothing where they are new.

    `memberships`: past and coming ones too. `taken`: somebody else has their login.
    """

    person: Person | None = None
    account: DirectoryAccount | None = None
    memberships: tuple[Membership, ...] = ()
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What they are to have: `role` None where they are to have nothing. `others`: lines that fit,
    and give another role than the first one; `unknown`: structures that are not there.
    """

    standing: Standing
    role: Role | None = None
    structures: tuple[Structure, ...] = ()
    others: tuple[Place, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`standing` None: as it was. `left`: structures where they work no more, while they go on
    elsewhere; `here`: where they work then.
    """

    offer: Offer
    joins: NewPerson | None = None
    standing: Standing | None = None
    renewed: Renewed = NOTHING_NEW
    begins: tuple[Structure, ...] = ()
    ends: tuple[Membership, ...] = ()
    left: tuple[Structure, ...] = ()
    here: frozenset[StructureId] = frozenset()
    kept_login: str = ""
    """The login that they should have, and cannot."""

    @property
    def is_empty(self) -> bool:
        """Whether they are as they should be."""
        nothing = self.joins is None and self.standing is None and not self.renewed
        return nothing and not self.begins and not self.ends


def plan(known: Known, said: Present | Absent, chart: Chart, now: datetime) -> Plan:
    """Raises BadInput for whoever cannot be added, and where no structure of theirs is there."""
    offer = offered(said, chart)
    if known.person is None or known.account is None:
        return _joining(known, said, offer, chart)
    standing = offer.standing if offer.standing is not known.account.standing else None
    renewed, kept_login = _renewed(known, known.person, said, offer, chart)
    source = source_of(chart.directory)
    theirs = [one for one in known.memberships if one.source == source]
    running = [one for one in theirs if one.ends is None or one.ends > now]
    wanted = {one.id for one in offer.structures}
    covered = {one.structure.id for one in running}
    others = {one.structure.id for one in known.memberships if one not in theirs and one.holds(now)}
    here = frozenset(wanted | others) if offer.role else frozenset[StructureId]()
    before = running or _last_together(theirs)
    left = {one.structure.id: one.structure for one in before if one.structure.id not in here}
    return Plan(
        offer,
        standing=standing,
        renewed=renewed,
        begins=_by_age([one for one in offer.structures if one.id not in covered], theirs),
        ends=tuple(one for one in running if one.structure.id not in wanted),
        left=tuple(left.values()) if here else (),
        here=here,
        kept_login=kept_login,
    )


def offered(said: Present | Absent, chart: Chart) -> Offer:
    """Raises BadInput where a group gives a place in structures that are all not there: a slip in
    the files throws nobody out.
    """
    if isinstance(said, Absent):
        return Offer(Standing.ABSENT)
    if said.entry.state is not EntryState.ACTIVE:
        return Offer(Standing(said.entry.state.value))
    fitting = [one for one in chart.places if one.group in said.groups]
    if not fitting:
        return Offer(Standing.NO_GROUP)
    role = fitting[0].role
    slugs = dict.fromkeys(one.structure for one in fitting if one.role is role and one.structure)
    structures = tuple(chart.structures[slug] for slug in slugs if slug in chart.structures)
    unknown = tuple(slug for slug in slugs if slug not in chart.structures)
    if unknown and not structures:
        told = ", ".join(map(quoted, unknown))
        raise BadInput(
            f"directory-groups.csv gives them a place in {told}, and there is no such structure: "
            "correct the file, or add it with `abri structure add`"
        )
    others = tuple(one for one in fitting if one.role is not role)
    return Offer(Standing.ACTIVE, role, structures, others, unknown)


def _joining(known: Known, said: Present | Absent, offer: Offer, chart: Chart) -> Plan:
    if offer.role is None or isinstance(said, Absent):
        return Plan(offer)
    login = chart.login(said.entry)
    if known.taken:
        raise BadInput(
            f"the login {quoted(login)} is somebody else's: that account was made here, or belongs "
            "to another entry of the directory"
        )
    name = _name(said.entry) or said.entry.account
    return Plan(
        offer,
        joins=NewPerson(login, offer.role, name, LANGUAGE),
        begins=offer.structures,
        here=frozenset(one.id for one in offer.structures),
    )


def _renewed(
    known: Known, person: Person, said: Present | Absent, offer: Offer, chart: Chart
) -> tuple[Renewed, str]:
    """With the login that they should have, and cannot."""
    if isinstance(said, Absent):
        return Renewed(state=_state(person, offer)), ""
    wanted = chart.login_of(said.entry)
    free = wanted is not None and not known.taken
    is_new = wanted != person.login
    called = _name(said.entry)
    renewed = Renewed(
        login=wanted if is_new and free else None,
        name=called if called != person.name else None,
        role=offer.role if offer.role is not person.role else None,
        state=_state(person, offer),
    )
    return renewed, (wanted or said.entry.account) if is_new and not free else ""


def _state(person: Person, offer: Offer) -> AccountState | None:
    """An administrator's block stays, whatever the directory says."""
    wanted = AccountState.ACTIVE if offer.role else AccountState.DIRECTORY_BLOCKED
    blocked_here = person.state is AccountState.ADMINISTRATOR_BLOCKED
    return None if blocked_here or person.state is wanted else wanted


def _name(entry: Entry) -> str | None:
    """None where it is none that could be shown to people."""
    try:
        return clean_text(entry.name, "name")
    except BadInput:
        return None


def _last_together(theirs: Collection[Membership]) -> list[Membership]:
    """Where they worked when they left it all at once."""
    last = max((one.ends for one in theirs if one.ends), default=None)
    return [one for one in theirs if one.ends == last]


def _by_age(begins: Collection[Structure], theirs: Collection[Membership]) -> tuple[Structure, ...]:
    """Those where they were before first, in that order: whom they act for stays the same."""
    last = {one.structure.id: one for one in sorted(theirs, key=lambda one: one.starts)}
    age = {where: (one.starts, one.id) for where, one in last.items()}
    again = sorted((one for one in begins if one.id in age), key=lambda one: age[one.id])
    return (*again, *(one for one in begins if one.id not in age))
