"""Who: people, structures, memberships, and the principal of one request."""

from dataclasses import dataclass, field
from datetime import datetime

from davserver.domain.actions import Strength
from davserver.domain.ids import CredentialId, MembershipId, PersonId, StructureId, VaultId
from davserver.domain.lean import lean
from davserver.domain.tallies import Tally
from davserver.domain.words import Word


class Role(Word):
    BENEFICIARY = "beneficiary"
    PROFESSIONAL = "professional"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class StructureKind(Word):
    CCAS = "ccas"
    ASSOCIATION = "association"
    SHELTER = "shelter"
    HEALTH_STRUCTURE = "health-structure"


class AccountState(Word):
    ACTIVE = "active"
    ADMINISTRATOR_BLOCKED = "administrator-blocked"
    DIRECTORY_BLOCKED = "directory-blocked"


@dataclass(frozen=True, slots=True)
class Structure:
    id: StructureId
    slug: str
    name: str
    kind: StructureKind
    time_zone: str


LOCAL = "local"
"""A membership's source: made here, not taken from a directory of the structure."""

_DIRECTORY = "directory:"


def source_of(directory: str) -> str:
    """The source of memberships that a group of this directory gives."""
    return f"{_DIRECTORY}{directory}"


def directory_of(source: str) -> str:
    """The directory that gave a membership; empty for one that was made here."""
    return source.removeprefix(_DIRECTORY) if source.startswith(_DIRECTORY) else ""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in a structure, from `starts` (included) to `ends` (excluded), UTC."""

    id: MembershipId
    structure: Structure
    starts: datetime
    ends: datetime | None
    source: str = LOCAL

    def holds(self, now: datetime) -> bool:
        return self.starts <= now and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    login: str
    name: str
    role: Role
    state: AccountState
    language: str


@lean(frozen=True, slots=True)
class Epoch:
    """The three counters that every request reads first (DESIGN §2.1)."""

    revocation: int
    policy: int
    keys: int


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """The client certificate of a request: its credential in the generation that was seen, and when
    the certificate itself is over (included, UTC).
    """

    id: CredentialId
    generation: int
    until: datetime


@lean(frozen=True, slots=True)
class Principal:
    """Who is asking, how that was proved, and from where. Made by `authn` for one request.

    `memberships` holds only those that hold now. `operator` is set when a command acts on
    somebody's behalf: the trail and the person are told.
    """

    person: Person
    credential: CredentialId | None
    strength: Strength
    read_only: bool
    memberships: tuple[Membership, ...]
    vault: VaultId | None
    epoch: Epoch
    address: str | None = None
    operator: str | None = None
    generation: int = 0
    """Of the credential at sign-in: whoever signed in with an older password is out."""
    certificate: ShownCertificate | None = None
    """Where one was shown: `credential` is it, or the password beside it."""
    paused: frozenset[VaultId] = frozenset()
    """Other people's vaults in which their changes are paused, after too many within a minute."""
    tally: Tally | None = field(default=None, compare=False, repr=False)
    """Where the answers of this request are counted, if it is one that the decision log tells."""
    id: PersonId = field(init=False, compare=False, repr=False)
    """Of the person. A field and no property: a change asks for it fifteen times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.person.id)

    @property
    def structures(self) -> tuple[StructureId, ...]:
        return tuple([m.structure.id for m in self.memberships])
