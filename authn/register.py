"""Adding and changing people, structures, memberships and credentials, inside a transaction.

Each method gives the stamp that its trail entry carries. None decides whether it may be done: the
gate does, and records it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from authn.credentials import AppPassword, CredentialKind
from authn.known_key import Certificate
from authn.login_name import login_key
from authn.row_writing import genuine_row, insert_row, update_row
from authn.rows import CredentialRow, Stamp, sealed_profile
from authn.session_ends import end_sessions
from authn.verifiers import app_password_phc, certificate_phc
from davserver.db import tables as t
from davserver.db.clock import to_us, to_us_or_none
from davserver.domain.ids import (
    ID_BYTES,
    CredentialId,
    Entropy,
    MembershipId,
    PersonId,
    StructureId,
)
from davserver.domain.people import (
    LOCAL,
    AccountState,
    Membership,
    Person,
    Role,
    Structure,
    StructureKind,
)
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Clean values (`authn.login_name`, `authn.texts`)."""

    login: str
    role: Role
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class NewStructure:
    """Clean values (`authn.texts`)."""

    slug: str
    name: str
    kind: StructureKind
    time_zone: str


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What an app password or a certificate is for. `until`: excluded, UTC."""

    label: str
    read_only: bool
    until: datetime | None


class Register:
    """Shared between threads; each method works inside the caller's writing transaction."""

    def __init__(self, keys: InstanceKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    def is_taken(self, tx: Connection, login: str) -> bool:
        """Altered rows take a login too: the database knows it once."""
        same = t.person.c.login_key == login_key(login)
        return tx.execute(select(t.person.c.id).where(same)).first() is not None

    def is_slug_taken(self, tx: Connection, slug: str) -> bool:
        same = t.structure.c.slug == slug
        return tx.execute(select(t.structure.c.id).where(same)).first() is not None

    def add_structure(
        self, tx: Connection, new: NewStructure, now: datetime
    ) -> tuple[Structure, Stamp]:
        """Whoever calls has looked whether the slug is taken."""
        structure = Structure(
            StructureId(self._entropy(ID_BYTES)), new.slug, new.name, new.kind, new.time_zone
        )
        row = {
            "id": structure.id,
            "slug": new.slug,
            "name": new.name,
            "kind": new.kind.value,
            "time_zone": new.time_zone,
            "created": to_us(now),
        }
        return structure, insert_row(tx, self._keys, t.structure, row)

    def add_person(self, tx: Connection, new: NewPerson, now: datetime) -> tuple[Person, Stamp]:
        """Whoever calls has looked whether the login is taken. A credential comes apart."""
        person = PersonId(self._entropy(ID_BYTES))
        row = {
            "id": person,
            "login": new.login,
            "login_key": login_key(new.login),
            "role": new.role.value,
            "state": AccountState.ACTIVE.value,
            "language": new.language,
            "profile_ct": sealed_profile(self._keys, person, 1, new.name),
            "profile_version": 1,
            "generation": 1,
            "created": to_us(now),
            "changed": to_us(now),
        }
        made = Person(person, new.login, new.name, new.role, AccountState.ACTIVE, new.language)
        return made, insert_row(tx, self._keys, t.person, row)

    def set_state(
        self, tx: Connection, person: PersonId, state: AccountState, now: datetime
    ) -> Stamp:
        """Their sessions end when they are blocked: nobody goes on with one when they are back.

        Raises NotFound. Whoever blocks somebody bumps the epoch too (`bump_revocation`).
        """
        if state is not AccountState.ACTIVE:
            end_sessions(tx, self._keys, person, now)
        row = genuine_row(tx, self._keys, t.person, person)
        changes = {
            "state": state.value,
            "generation": row["generation"] + 1,
            "changed": to_us(now),
        }
        return update_row(tx, self._keys, t.person, row, changes, row["generation"] + 1)

    def set_password(
        self,
        tx: Connection,
        person: PersonId,
        before: CredentialRow | None,
        phc: str,
        now: datetime,
    ) -> Stamp:
        """`before` is the present password's row. Its next generation ends what it had opened."""
        if before is None:
            return self._add_credential(
                tx,
                CredentialId(self._entropy(ID_BYTES)),
                {"person_id": person, "kind": CredentialKind.PASSWORD.value},
                phc,
                now,
            )
        row = genuine_row(tx, self._keys, t.credential, before.id)
        generation = row["generation"] + 1
        changes = {
            "generation": generation,
            "verifier_ct": self._keys.seal_password_hash(before.id, generation, phc),
        }
        return update_row(tx, self._keys, t.credential, row, changes, generation)

    def add_app_password(
        self,
        tx: Connection,
        person: PersonId,
        password: AppPassword,
        device: NewDevice,
        now: datetime,
    ) -> Stamp:
        """A second one of its id is refused by the table: ids are drawn at random."""
        values = {
            "person_id": person,
            "kind": CredentialKind.APP_PASSWORD.value,
            "label_ct": self._keys.seal_label(password.id, 1, device.label),
            "read_only": device.read_only,
            "expires_at": to_us_or_none(device.until),
        }
        phc = app_password_phc(password.secret)
        return self._add_credential(tx, password.id, values, phc, now)

    def add_certificate(
        self,
        tx: Connection,
        person: PersonId,
        certificate: Certificate,
        device: NewDevice,
        now: datetime,
    ) -> tuple[CredentialId, Stamp]:
        """Whoever calls has looked whether it `is_registered`: its key gives the id."""
        credential = certificate.credential(self._keys)
        values = {
            "person_id": person,
            "kind": CredentialKind.CERTIFICATE.value,
            "label_ct": self._keys.seal_label(credential, 1, device.label),
            "read_only": device.read_only,
            "expires_at": to_us_or_none(device.until),
        }
        phc = certificate_phc(certificate.key)
        return credential, self._add_credential(tx, credential, values, phc, now)

    def is_registered(self, tx: Connection, certificate: Certificate) -> bool:
        """Revoked and altered rows count too: a key that was taken back stays out."""
        same = t.credential.c.id == certificate.credential(self._keys)
        return tx.execute(select(t.credential.c.id).where(same)).first() is not None

    def revoke(self, tx: Connection, device: CredentialRow, now: datetime) -> Stamp:
        """Raises NotFound. The row stays, so that the trail and lists can name the device."""
        row = genuine_row(tx, self._keys, t.credential, device.id)
        generation = row["generation"] + 1
        changes = {
            "generation": generation,
            "label_ct": self._keys.seal_label(device.id, generation, device.label),
            "revoked_at": to_us(now),
            # What was accepted is thrown away: the row could be replayed, its verifier not.
            "verifier_ct": self._keys.seal_password_hash(device.id, generation, ""),
        }
        return update_row(tx, self._keys, t.credential, row, changes, generation)

    def add_membership(
        self,
        tx: Connection,
        person: Person,
        structure: Structure,
        starts: datetime,
        ends: datetime | None,
    ) -> tuple[Membership, Stamp]:
        """It holds from `starts` (included) to `ends` (excluded), UTC; None: until it is ended."""
        membership = Membership(MembershipId(self._entropy(ID_BYTES)), structure, starts, ends)
        row = {
            "id": membership.id,
            "person_id": person.id,
            "structure_id": structure.id,
            "role": person.role.value,
            "starts": to_us(starts),
            "ends": to_us_or_none(ends),
            "source": LOCAL,
            "confirmed_at": to_us(starts),
        }
        return membership, insert_row(tx, self._keys, t.membership, row)

    def end_membership(self, tx: Connection, membership: MembershipId, ends: datetime) -> Stamp:
        """From `ends` on it does not hold any more. Raises NotFound."""
        row = genuine_row(tx, self._keys, t.membership, membership)
        return update_row(tx, self._keys, t.membership, row, {"ends": to_us(ends)}, 2)

    def _add_credential(
        self,
        tx: Connection,
        credential: CredentialId,
        values: dict[str, Any],
        phc: str,
        now: datetime,
    ) -> Stamp:
        row = {
            "id": credential,
            "label_ct": None,
            "read_only": False,
            "expires_at": None,
            "generation": 1,
            "verifier_ct": self._keys.seal_password_hash(credential, 1, phc),
            "created": to_us(now),
            "revoked_at": None,
            "last_used_day": None,
        }
        return insert_row(tx, self._keys, t.credential, row | values)


def bump_revocation(tx: Connection) -> None:
    """Tells every process that somebody lost something: running transfers are judged again."""
    tx.execute(update(t.epoch).values(revocation=t.epoch.c.revocation + 1))
