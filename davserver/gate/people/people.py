"""People, structures, memberships and credentials, as commands (and later pages) change them."""

from dataclasses import dataclass
from datetime import datetime

from authn.credentials import new_app_password, password_bytes, shown
from authn.directory_accounts import DirectoryAccount, account_of, known_accounts
from authn.login_name import clean_login
from authn.password_rules import check_new_password
from authn.passwords import hash_password
from authn.register import NewDevice, NewPerson, NewStructure, Register
from authn.registered import Registered
from authn.rows import CredentialRow
from authn.staff_names import NO_DIRECTORIES, StaffNames
from authn.texts import clean_language, clean_slug, clean_text, clean_time_zone
from davserver.domain.errors import BadInput
from davserver.domain.ids import CredentialId, PersonId
from davserver.domain.people import (
    AccountState,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
    StructureKind,
)
from davserver.gate.people import accounts, client_certificates
from davserver.gate.people.accounts import Arrival, PersonView
from davserver.gate.people.desk import Desk, Front
from davserver.gate.people.memberships import Departure, Span
from davserver.gate.tools import Tools


@dataclass(frozen=True, slots=True)
class PersonToAdd:
    """As typed. `structures` are slugs; `template` counts for beneficiaries only; without a
    `password` only app passwords open the account.
    """

    login: str
    role: Role
    name: str
    structures: tuple[str, ...] = ()
    template: str = "fr"
    password: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class MadeAppPassword:
    """`text` is shown once: only its verifier is kept."""

    id: CredentialId
    text: str


@dataclass(frozen=True, slots=True)
class CertificateToAdd:
    """`name`: what its owner calls the card or device; None for the name inside of it. `until`:
    excluded, UTC.
    """

    name: str | None = None
    read_only: bool = False
    until: datetime | None = None


class People:
    """Each method that changes something is one transaction, with its entry in the trail.

    `who` is an administrator, somebody at the machine (`operator`), or for credentials the person.
    All raise Refused or NotFound when `who` may not do it, NotSignedIn when `who` lost their
    account meanwhile, and BadInput, which says what is wrong and what to do.
    """

    def __init__(self, tools: Tools, quota: int, names: StaffNames = NO_DIRECTORIES) -> None:
        """`quota` in bytes, of each new vault. `names`: those of directories cannot be given."""
        self._tools = tools
        self._quota = quota
        self._names = names
        self._front = Front(tools, Registered(tools.keys), Register(tools.keys, tools.entropy))

    def operator(self, name: str, now: datetime) -> Principal:
        """Somebody at the machine, under the name that the trail shall show."""
        with self._tools.db.read() as tx:
            return self._front.registered.instance_operator(tx, name, now)

    def operator_for(self, login: str, name: str, now: datetime) -> Principal:
        """Somebody at the machine who acts on behalf of `login`. Raises NotFound."""
        with self._tools.db.read() as tx:
            return self._front.registered.operator_for(tx, login, name, now)

    # ── structures ──────────────────────────────────────────────────────────────────────────────

    def add_structure(
        self,
        who: Principal,
        slug: str,
        name: str,
        kind: StructureKind,
        now: datetime,
        *,
        time_zone: str = "Europe/Paris",
    ) -> Structure:
        """Raises AlreadyThere."""
        new = NewStructure(
            clean_slug(slug), clean_text(name, "name"), kind, clean_time_zone(time_zone)
        )
        return self._front.change(who, now, lambda desk: accounts.add_structure(desk, new))

    def structures(self, who: Principal, now: datetime) -> list[Structure]:
        """By slug."""

        def work(desk: Desk) -> list[Structure]:
            desk.allow()
            return desk.registered.all_structures(desk.tx)

        return self._front.look(who, now, work)

    # ── people ──────────────────────────────────────────────────────────────────────────────────

    def add_person(self, who: Principal, new: PersonToAdd, now: datetime) -> Person:
        """A beneficiary gets a vault with the folders of the template; everybody starts active.

        Raises AlreadyThere, and NotFound for a structure that is not there: nothing is added then.
        """
        login, name = clean_login(new.login), clean_text(new.name, "name")
        self._names.require_local(login)
        arrival = Arrival(
            person=NewPerson(login, new.role, name, clean_language(new.language)),
            structures=new.structures,
            phc=None if new.password is None else self._hash(new.password, login, name),
            template=new.template,
            quota=self._quota,
        )
        return self._front.change(who, now, lambda desk: accounts.add_person(desk, arrival))

    def people(self, who: Principal, now: datetime) -> list[Person]:
        """By login, in whatever state."""

        def work(desk: Desk) -> list[Person]:
            desk.allow()
            return desk.registered.everybody(desk.tx)

        return self._front.look(who, now, work)

    def accounts(self, who: Principal, now: datetime) -> dict[PersonId, DirectoryAccount]:
        """Of those who come from directories: what these last said, and when."""

        def work(desk: Desk) -> dict[PersonId, DirectoryAccount]:
            desk.allow()
            return known_accounts(desk.tx, desk.tools.keys)

        return self._front.look(who, now, work)

    def show(self, who: Principal, login: str, now: datetime) -> PersonView:
        return self._front.look(who, now, lambda desk: accounts.view(desk, login))

    def disable(self, who: Principal, login: str, now: datetime) -> Person:
        """They are out at their next request; running transfers end. Nothing of theirs is lost."""
        blocked = AccountState.ADMINISTRATOR_BLOCKED
        return self._front.change(who, now, lambda desk: accounts.set_state(desk, login, blocked))

    def enable(self, who: Principal, login: str, now: datetime) -> Person:
        """With their password, app passwords, memberships and grants as they were; somebody of a
        directory with what it gives them now.
        """
        active = AccountState.ACTIVE
        return self._front.change(who, now, lambda desk: accounts.set_state(desk, login, active))

    # ── credentials ─────────────────────────────────────────────────────────────────────────────

    def set_password(self, who: Principal, login: str, password: str, now: datetime) -> None:
        """Whoever signed in with the one before is out; app passwords stay."""
        person, _ = self._front.look(who, now, lambda desk: accounts.local_account(desk, login))
        # Outside of the transaction: the database must not wait for a slow hash.
        phc = self._hash(password, person.login, person.name)
        self._front.change(who, now, lambda desk: accounts.set_password(desk, login, phc))

    def keeps_password(self, who: Principal, now: datetime) -> bool:
        """Whether Abri itself knows the password of `who`; a directory's people change theirs
        there.
        """

        def work(desk: Desk) -> bool:
            desk.allow(desk.me)
            return account_of(desk.tx, desk.tools.keys, who.id) is None

        return self._front.look(who, now, work)

    def add_app_password(
        self,
        who: Principal,
        login: str,
        device: str,
        now: datetime,
        *,
        read_only: bool = False,
        until: datetime | None = None,
    ) -> MadeAppPassword:
        """For one device, named so that its owner knows it. `until`: excluded, UTC."""
        _require_to_come(until, now)
        new = NewDevice(clean_text(device, "device name"), read_only, until)
        made = new_app_password(login, self._tools.entropy)
        self._front.change(who, now, lambda desk: accounts.add_app_password(desk, made, new))
        return MadeAppPassword(made.id, shown(made))

    def app_passwords(self, who: Principal, login: str, now: datetime) -> list[CredentialRow]:
        """Revoked and expired ones too, oldest first."""
        return self._front.look(who, now, lambda desk: accounts.app_passwords(desk, login))

    def revoke_app_password(self, who: Principal, credential: CredentialId, now: datetime) -> None:
        """The device is out at its next request. Raises NotFound."""
        self._front.change(who, now, lambda desk: accounts.revoke_app_password(desk, credential))

    def add_certificate(
        self,
        who: Principal,
        login: str,
        certificate: bytes,
        now: datetime,
        device: CertificateToAdd,
    ) -> CredentialId:
        """`certificate`: a file's content, PEM or DER. Its key lets the person in until `until`,
        with any certificate that is good itself. Raises AlreadyThere.
        """
        from authn.certificates import person_certificate  # noqa: PLC0415 — for a rare deed alone

        found = person_certificate(certificate, now)
        _require_to_come(device.until, now)
        label = clean_text(device.name or found.name, "certificate name")
        new = NewDevice(label, device.read_only, device.until)
        return self._front.change(
            who, now, lambda desk: client_certificates.add(desk, login, found, new)
        )

    def certificates(self, who: Principal, login: str, now: datetime) -> list[CredentialRow]:
        """Revoked and expired ones too, oldest first."""
        return self._front.look(who, now, lambda desk: client_certificates.every(desk, login))

    def revoke_certificate(self, who: Principal, credential: CredentialId, now: datetime) -> None:
        """Its key is out at its next request, for good. Raises NotFound."""
        self._front.change(who, now, lambda desk: client_certificates.revoke(desk, credential))

    # ── memberships ─────────────────────────────────────────────────────────────────────────────

    def add_membership(
        self,
        who: Principal,
        login: str,
        slug: str,
        now: datetime,
        *,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> Membership:
        """From `starts` (included, else now) to `ends` (excluded), UTC. Raises AlreadyThere."""
        span = Span(starts or now, ends)
        return self._front.change(
            who, now, lambda desk: accounts.add_membership(desk, login, slug, span)
        )

    def end_membership(
        self, who: Principal, login: str, slug: str, now: datetime, *, on: datetime | None = None
    ) -> Departure:
        """From `on` (else now) what the structure was granted is out of their reach: at their next
        request, and in the middle of a transfer. It goes on for the others.
        """
        ends = on or now
        self._front.change(who, now, lambda desk: accounts.end_membership(desk, login, slug, ends))
        return self._front.look(who, now, lambda desk: accounts.departure(desk, login, slug, ends))

    def _hash(self, password: str, login: str, name: str) -> str:
        check_new_password(password, login, name)
        return hash_password(password_bytes(password), self._tools.entropy)


def _require_to_come(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise BadInput(f"until {until.isoformat()}: that is over; choose a moment to come")
