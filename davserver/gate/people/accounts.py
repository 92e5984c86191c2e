"""What is done to accounts in one transaction: each function looks, checks, changes, records."""

from dataclasses import dataclass
from datetime import datetime

from authn.credentials import AppPassword, CredentialKind
from authn.directory_accounts import (
    DirectoryAccount,
    Standing,
    account_of,
    known_accounts,
)
from authn.register import NewDevice, NewPerson, NewStructure, bump_revocation
from authn.rows import CredentialRow
from authn.texts import quoted
from davserver.domain.errors import AlreadyThere, BadInput
from davserver.domain.ids import CredentialId, VaultId
from davserver.domain.people import AccountState, Membership, Person, Role, Structure
from davserver.gate.people import memberships
from davserver.gate.people.desk import Change, Desk
from davserver.gate.people.memberships import STAFF, Departure, Span
from davserver.trail import Event, RowStamp, What
from davserver.vault.locks.ends import forget_person


@dataclass(frozen=True, slots=True)
class Arrival:
    """A person with everything that comes with them. `phc`: the hash of their password. `template`
    and `quota` (bytes) are for the vault of a beneficiary.
    """

    person: NewPerson
    structures: tuple[str, ...]
    phc: str | None
    template: str
    quota: int


@dataclass(frozen=True, slots=True)
class PersonView:
    """Everything that is known of an account, but no document."""

    person: Person
    vault: VaultId | None
    has_password: bool
    memberships: tuple[Membership, ...]
    app_passwords: tuple[CredentialRow, ...]
    account: DirectoryAccount | None
    """In the directory of a structure, for those who come from one."""
    certificates: tuple[CredentialRow, ...]


def add_structure(desk: Desk, new: NewStructure) -> Structure:
    """Raises AlreadyThere, Barred."""
    rule = desk.allow()
    if desk.register.is_slug_taken(desk.tx, new.slug):
        raise AlreadyThere(f"there is a structure {quoted(new.slug)}; choose another short name")
    structure, stamp = desk.register.add_structure(desk.tx, new, desk.now)
    desk.record(Change(What.STRUCTURE_ADD, rule, (stamp,), {"structure": new.slug}))
    return structure


def add_person(desk: Desk, arrival: Arrival) -> Person:
    """With their password, memberships and vault. Raises AlreadyThere, NotFound, Barred."""
    rule, new = desk.allow(), arrival.person
    if desk.register.is_taken(desk.tx, new.login):
        raise AlreadyThere(f"the login {quoted(new.login)} is taken; choose another")
    person, stamp = desk.register.add_person(desk.tx, new, desk.now)
    stamps = [stamp]
    if arrival.phc is not None:
        stamps.append(desk.register.set_password(desk.tx, person.id, None, arrival.phc, desk.now))
    span = Span(desk.now, None)
    places = (_workplace(desk, person, slug) for slug in dict.fromkeys(arrival.structures))
    stamps += [memberships.enter(desk, person, place, span)[1] for place in places]
    details = {"person": person.id.hex(), "role": person.role.value}
    desk.record(Change(What.PERSON_ADD, rule, tuple(stamps), details))
    if person.role is Role.BENEFICIARY:
        _give_vault(desk, person, arrival, rule)
    return person


def set_state(desk: Desk, login: str, state: AccountState) -> Person:
    """Their locks end. Nothing happens, and nothing is recorded, when it is so already. `ACTIVE`
    gives somebody of a directory what it gives them: that may be nothing.
    """
    rule = desk.allow()
    person = desk.registered.find_person(desk.tx, login)
    if state is AccountState.ACTIVE:
        state = unblocked(account_of(desk.tx, desk.tools.keys, person.id))
    if person.state is not state:
        stamp = desk.register.set_state(desk.tx, person.id, state, desk.now)
        bump_revocation(desk.tx)
        forget_person(desk.tx, person.id)
        out = state is AccountState.ADMINISTRATOR_BLOCKED
        what = What.PERSON_DISABLE if out else What.PERSON_ENABLE
        still = state is AccountState.DIRECTORY_BLOCKED
        details = {"state": state.value} if still else {}
        desk.record(Change(what, rule, (stamp,), details), person)
    return desk.registered.find_person(desk.tx, login)


def unblocked(account: DirectoryAccount | None) -> AccountState:
    """What an account is that no administrator blocks: as its directory says, if it has one."""
    blocked = account is not None and account.standing is not Standing.ACTIVE
    return AccountState.DIRECTORY_BLOCKED if blocked else AccountState.ACTIVE


def local_account(desk: Desk, login: str) -> tuple[Person, str]:
    """As `Desk.account`. Raises BadInput for somebody whose password is a directory's business."""
    person, rule = desk.account(login)
    account = account_of(desk.tx, desk.tools.keys, person.id)
    if account is not None:
        raise BadInput(
            f"{quoted(person.login)} has their password in the directory {account.directory}: it "
            "is changed there. For one device there are app passwords: abri app-password add"
        )
    return person, rule


def set_password(desk: Desk, login: str, phc: str) -> None:
    person, rule = local_account(desk, login)
    before = desk.registered.password(desk.tx, person.id)
    stamp = desk.register.set_password(desk.tx, person.id, before, phc, desk.now)
    bump_revocation(desk.tx)
    desk.record(Change(What.PASSWORD, rule, (stamp,), {}), person)


def add_app_password(desk: Desk, made: AppPassword, device: NewDevice) -> None:
    person, rule = desk.account(made.login)
    stamp = desk.register.add_app_password(desk.tx, person.id, made, device, desk.now)
    details = {"credential": made.id.hex(), "read-only": "yes" if device.read_only else "no"}
    desk.record(Change(What.APP_PASSWORD_ADD, rule, (stamp,), details), person)


def app_passwords(desk: Desk, login: str) -> list[CredentialRow]:
    person, _ = desk.account(login)
    return desk.registered.app_passwords(desk.tx, person.id)


def revoke_app_password(desk: Desk, credential: CredentialId) -> None:
    """Nothing happens, and nothing is recorded, when it is revoked already."""
    row, person, rule = desk.device(credential, CredentialKind.APP_PASSWORD)
    if row.revoked is not None:
        return
    stamp = desk.register.revoke(desk.tx, row, desk.now)
    bump_revocation(desk.tx)
    details = {"credential": row.id.hex()}
    desk.record(Change(What.APP_PASSWORD_REVOKE, rule, (stamp,), details), person)


def add_membership(desk: Desk, login: str, slug: str, span: Span) -> Membership:
    rule = desk.allow()
    person = desk.registered.find_person(desk.tx, login)
    return memberships.join(desk, rule, person, _workplace(desk, person, slug), span)


def end_membership(desk: Desk, login: str, slug: str, ends: datetime) -> None:
    """As `memberships.leave`."""
    rule = desk.allow()
    person = desk.registered.find_person(desk.tx, login)
    structure = desk.registered.find_structure(desk.tx, slug)
    memberships.leave(desk, rule, person, structure, ends)


def departure(desk: Desk, login: str, slug: str, ends: datetime) -> Departure:
    desk.allow()
    person = desk.registered.find_person(desk.tx, login)
    structure = desk.registered.find_structure(desk.tx, slug)
    return memberships.departure(desk, person, structure, ends)


def view(desk: Desk, login: str) -> PersonView:
    person, _ = desk.account(login)
    return PersonView(
        person=person,
        vault=desk.registered.vault_of(desk.tx, person.id, desk.now),
        has_password=desk.registered.password(desk.tx, person.id) is not None,
        account=known_accounts(desk.tx, desk.tools.keys, person.id).get(person.id),
        memberships=tuple(desk.registered.memberships(desk.tx, person.id)),
        app_passwords=tuple(desk.registered.app_passwords(desk.tx, person.id)),
        certificates=tuple(desk.registered.devices(desk.tx, person.id, CredentialKind.CERTIFICATE)),
    )


def _workplace(desk: Desk, person: Person, slug: str) -> Structure:
    if person.role not in STAFF:
        raise BadInput(f"a {person.role.value} belongs to no structure; leave {quoted(slug)} out")
    return desk.registered.find_structure(desk.tx, slug)


def _give_vault(desk: Desk, person: Person, arrival: Arrival, rule: str) -> None:
    """Its own trail begins with how it was made."""
    vault, stamps = desk.tools.vaults.create(
        desk.tx, person.id, arrival.quota, arrival.template, desk.now
    )
    rows = tuple(RowStamp(one.table, one.id, one.version, one.hash) for one in stamps)
    event = Event(vault.id, What.VAULT_CREATE, desk.who, rule=rule, rows=rows)
    desk.tools.trail.record(desk.tx, event, desk.now)
