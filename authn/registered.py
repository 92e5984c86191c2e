"""Looking up people, structures, memberships and credentials. Altered rows count as absent."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from authn.credentials import CredentialKind
from authn.facts import Genuine, facts_of_person
from authn.login_name import key_to_look_up
from authn.rows import (
    CredentialRow,
    credential_from,
    fetch,
    is_genuine,
    membership_from,
    membership_of,
    person_from,
    structure_from,
)
from authn.texts import quoted
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.actions import Strength
from davserver.domain.errors import NotFound
from davserver.domain.ids import ID_BYTES, CredentialId, PersonId, StructureId, VaultId
from davserver.domain.people import (
    AccountState,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
)
from davserver.sealing.instance import InstanceKeys

NOBODY = PersonId(bytes(ID_BYTES))
"""Who acts when a command acts for the instance itself and on nobody's behalf."""

OPERATOR_LOGIN = "operator"
_AT_ONCE = 500
_CALLED = {
    CredentialKind.APP_PASSWORD: ("app password", "app-password"),
    CredentialKind.CERTIFICATE: ("client certificate", "client-certificate"),
}
"""What devices have: how it is called, and the command for it."""


class Registered:
    """Reads only. Shared between threads; each method works inside the caller's transaction."""

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._genuine = Genuine(keys)

    def find_person(self, tx: Connection, login: str) -> Person:
        """In any state. Raises NotFound."""
        key = key_to_look_up(login)
        for person in self._people(tx, t.person.c.login_key == key):
            return person
        raise NotFound(f"nobody has the login {quoted(login)}; `abri person list` shows who does")

    def people(self, tx: Connection, ids: Collection[PersonId]) -> dict[PersonId, Person]:
        """Those of `ids` who are there; one statement for each 500."""
        found = (
            person for some in _batches(ids) for person in self._people(tx, t.person.c.id.in_(some))
        )
        return {person.id: person for person in found}

    def everybody(self, tx: Connection) -> list[Person]:
        """By login."""
        return sorted(self._people(tx), key=lambda person: person.login)

    def logins(self, tx: Connection, ids: Collection[PersonId]) -> dict[PersonId, str]:
        """What the trail shows for people; `operator` for commands on nobody's behalf."""
        found = {one.id: one.login for one in self.people(tx, ids).values()}
        return found | ({NOBODY: OPERATOR_LOGIN} if NOBODY in ids else {})

    def names(self, tx: Connection, ids: Collection[PersonId]) -> dict[PersonId, str]:
        """How people call each other; an operator has no name but that."""
        found = {one.id: one.name for one in self.people(tx, ids).values()}
        return found | ({NOBODY: OPERATOR_LOGIN} if NOBODY in ids else {})

    def find_structure(self, tx: Connection, slug: str) -> Structure:
        """Raises NotFound."""
        for structure in self._structures(tx, t.structure.c.slug == slug):
            return structure
        raise NotFound(f"there is no structure {quoted(slug)}; `abri structure list` shows them")

    def structures(
        self, tx: Connection, ids: Collection[StructureId]
    ) -> dict[StructureId, Structure]:
        """Those of `ids` that are there; one statement for each 500."""
        found = (
            one
            for some in _batches(ids)
            for one in self._structures(tx, t.structure.c.id.in_(some))
        )
        return {one.id: one for one in found}

    def all_structures(self, tx: Connection) -> list[Structure]:
        """By slug."""
        return sorted(self._structures(tx), key=lambda one: one.slug)

    def memberships(self, tx: Connection, person: PersonId) -> list[Membership]:
        """Past, present and coming ones, oldest first; two statements."""
        found = fetch(tx, select(t.membership).where(t.membership.c.person_id == person))
        ids = [row["structure_id"] for row in found]
        structures = {
            row["id"]: row
            for row in fetch(tx, select(t.structure).where(t.structure.c.id.in_(ids)))
        }
        genuine = (
            membership_from(self._keys, row, structures[row["structure_id"]])
            for row in found
            if row["structure_id"] in structures
        )
        return sorted((one for one in genuine if one), key=lambda one: one.starts)

    def staff(self, tx: Connection, structure: StructureId, now: datetime) -> list[Person]:
        """Who works there now and may sign in; two statements."""
        there, ends = t.membership.c.structure_id == structure, t.membership.c.ends
        holds = and_(t.membership.c.starts <= to_us(now), or_(ends.is_(None), ends > to_us(now)))
        found = fetch(tx, select(t.membership).where(there, holds))
        ids = {
            PersonId(row["person_id"]) for row in found if is_genuine(self._keys, t.membership, row)
        }
        everybody = self.people(tx, ids).values()
        return [one for one in everybody if one.state is AccountState.ACTIVE]

    def members(
        self, tx: Connection, structure: Structure, since: datetime
    ) -> list[tuple[Person, Membership]]:
        """Every place there that was not over at `since`, with whose it is, whatever the state of
        the account; two statements, and one more for each 500 people.
        """
        there, ends = t.membership.c.structure_id == structure.id, t.membership.c.ends
        lasting = or_(ends.is_(None), ends > to_us(since))
        rows = fetch(tx, select(t.membership).where(there, lasting))
        genuine = [row for row in rows if is_genuine(self._keys, t.membership, row)]
        people = self.people(tx, {PersonId(row["person_id"]) for row in genuine})
        return [
            (people[row["person_id"]], membership_of(row, structure))
            for row in genuine
            if row["person_id"] in people
        ]

    def devices(
        self, tx: Connection, person: PersonId, kind: CredentialKind
    ) -> list[CredentialRow]:
        """Their app passwords or certificates, revoked and expired ones too, oldest first."""
        return self._credentials(tx, person, kind)

    def app_passwords(self, tx: Connection, person: PersonId) -> list[CredentialRow]:
        return self.devices(tx, person, CredentialKind.APP_PASSWORD)

    def password(self, tx: Connection, person: PersonId) -> CredentialRow | None:
        found = self._credentials(tx, person, CredentialKind.PASSWORD)
        return found[0] if found else None

    def find_device(
        self, tx: Connection, credential: CredentialId, kind: CredentialKind
    ) -> CredentialRow:
        """Raises NotFound."""
        wanted = (t.credential.c.id == credential, t.credential.c.kind == kind.value)
        rows = fetch(tx, select(t.credential).where(*wanted))
        found = credential_from(self._keys, rows[0]) if rows else None
        if found is None:
            called, group = _CALLED[kind]
            raise NotFound(
                f"there is no {called} {credential.hex()}; `abri {group} list LOGIN` shows them"
            )
        return found

    def vault_of(self, tx: Connection, person: PersonId, now: datetime) -> VaultId | None:
        return facts_of_person(tx, self._genuine, person, None, now).vault

    def operator_for(self, tx: Connection, login: str, operator: str, now: datetime) -> Principal:
        """Somebody at the machine who acts on behalf of `login`, in whatever state the account is.

        `operator` is their name as the trail shows it. Raises NotFound.
        """
        person = self.find_person(tx, login)
        facts = facts_of_person(tx, self._genuine, person.id, None, now)
        return Principal(
            person=person,
            credential=None,
            strength=Strength.CERT,
            read_only=False,
            memberships=facts.memberships,
            vault=facts.vault,
            epoch=facts.epoch,
            operator=operator,
            paused=facts.paused,
        )

    def instance_operator(self, tx: Connection, operator: str, now: datetime) -> Principal:
        """Somebody at the machine who acts on nobody's behalf: adds people, checks vaults."""
        facts = facts_of_person(tx, self._genuine, NOBODY, None, now)
        itself = Person(
            NOBODY, OPERATOR_LOGIN, operator, Role.ADMINISTRATOR, AccountState.ACTIVE, "en"
        )
        return Principal(
            person=itself,
            credential=None,
            strength=Strength.CERT,
            read_only=False,
            memberships=(),
            vault=None,
            epoch=facts.epoch,
            operator=operator,
        )

    def _people(self, tx: Connection, *where: ColumnElement[bool]) -> Iterator[Person]:
        for row in fetch(tx, select(t.person).where(*where)):
            person = person_from(self._keys, row)
            if person is not None:
                yield person

    def _structures(self, tx: Connection, *where: ColumnElement[bool]) -> Iterator[Structure]:
        for row in fetch(tx, select(t.structure).where(*where)):
            structure = structure_from(self._keys, row)
            if structure is not None:
                yield structure

    def _credentials(
        self, tx: Connection, person: PersonId, kind: CredentialKind
    ) -> list[CredentialRow]:
        mine = (t.credential.c.person_id == person, t.credential.c.kind == kind.value)
        rows = fetch(tx, select(t.credential).where(*mine))
        found = (credential_from(self._keys, row) for row in rows)
        return sorted((one for one in found if one), key=lambda one: one.created)


def _batches(ids: Collection[Any]) -> Iterator[list[Any]]:
    """Databases bound how many values one statement may carry."""
    every = sorted(ids)
    for at in range(0, len(every), _AT_ONCE):
        yield every[at : at + _AT_ONCE]
