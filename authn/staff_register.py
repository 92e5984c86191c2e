"""Writing down who comes from a directory, inside a transaction: their person, the account that
they have there, the credential that stands for its password, their memberships.

As in `authn.register`, each method gives stamps for the trail and decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from authn.credentials import CredentialKind
from authn.directory_accounts import DirectoryAccount, Standing
from authn.login_name import login_key
from authn.register import NewPerson, Register
from authn.row_writing import genuine_row, insert_row, update_row
from authn.rows import Row, Stamp, fetch, is_genuine, sealed_profile
from authn.session_ends import end_sessions
from davserver.db import tables as t
from davserver.db.authority import told
from davserver.db.clock import to_us
from davserver.domain.ids import ID_BYTES, CredentialId, Entropy, MembershipId, PersonId
from davserver.domain.people import AccountState, Membership, Person, Role, Structure, source_of
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class Renewed:
    """What is new about somebody; None where nothing is."""

    login: str | None = None
    name: str | None = None
    role: Role | None = None
    state: AccountState | None = None

    def __bool__(self) -> bool:
        return self != NOTHING_NEW


NOTHING_NEW = Renewed()


class StaffRegister:
    """Shared between threads."""

    def __init__(self, keys: InstanceKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy
        self._register = Register(keys, entropy)

    def add(
        self, tx: Connection, new: NewPerson, directory: str, entry: str, now: datetime
    ) -> tuple[Person, tuple[Stamp, ...]]:
        """A person whose account in the directory is in order."""
        person, stamp = self._register.add_person(tx, new, now)
        return person, (
            stamp,
            self._add_credential(tx, person.id, now),
            self._add_account(tx, person.id, directory, entry, now),
        )

    def renew(self, tx: Connection, person: PersonId, new: Renewed, now: datetime) -> Stamp:
        """Raises NotFound. Whoever blocks somebody bumps the epoch too."""
        row = genuine_row(tx, self._keys, t.person, person)
        generation = row["generation"] + 1
        changes: dict[str, Any] = {"generation": generation, "changed": to_us(now)}
        if new.login is not None:
            changes |= {"login": new.login, "login_key": login_key(new.login)}
        if new.name is not None:
            version = row["profile_version"] + 1
            profile = sealed_profile(self._keys, person, version, new.name)
            changes |= {"profile_ct": profile, "profile_version": version}
        if new.role is not None:
            changes["role"] = new.role.value
        if new.state is not None:
            changes["state"] = new.state.value
            if new.state is not AccountState.ACTIVE:
                end_sessions(tx, self._keys, person, now)
        return update_row(tx, self._keys, t.person, row, changes, generation)

    def stands(
        self, tx: Connection, account: DirectoryAccount, standing: Standing, now: datetime
    ) -> Stamp:
        """What the directory says of them from now on."""
        row = genuine_row(tx, self._keys, t.directory_account, account.id)
        at, generation = to_us(now), row["generation"] + 1
        changes = {
            "state": standing.value,
            "since": at,
            "confirmed_at": max(at, row["confirmed_at"]),
            "generation": generation,
        }
        update_row(tx, self._keys, t.directory_account, row, changes, generation)
        return self._told({**row, **changes})

    def move_credential(self, tx: Connection, person: PersonId) -> tuple[Stamp, ...]:
        """Whoever signed in through the directory is out, for good."""
        kind = CredentialKind.DIRECTORY.value
        mine = (t.credential.c.person_id == person, t.credential.c.kind == kind)
        return tuple(
            self._moved(tx, row)
            for row in fetch(tx, select(t.credential).where(*mine))
            if is_genuine(self._keys, t.credential, row)
        )

    def join(
        self,
        tx: Connection,
        person: Person,
        structures: tuple[Structure, ...],
        directory: str,
        now: datetime,
    ) -> list[tuple[Membership, Stamp]]:
        """Memberships from now on, with ids in the order of `structures`: whom somebody acts for is
        told by the oldest, then by the smallest id.
        """
        ids = sorted(MembershipId(self._entropy(ID_BYTES)) for _ in structures)
        source = source_of(directory)
        made = [
            Membership(one, structure, now, None, source)
            for one, structure in zip(ids, structures, strict=True)
        ]
        return [(one, self._insert_membership(tx, person, one)) for one in made]

    def end_membership(self, tx: Connection, membership: MembershipId, now: datetime) -> Stamp:
        return self._register.end_membership(tx, membership, now)

    def _insert_membership(self, tx: Connection, person: Person, one: Membership) -> Stamp:
        row = {
            "id": one.id,
            "person_id": person.id,
            "structure_id": one.structure.id,
            "role": person.role.value,
            "starts": to_us(one.starts),
            "ends": None,
            "source": one.source,
            "confirmed_at": to_us(one.starts),
        }
        return insert_row(tx, self._keys, t.membership, row)

    def _add_credential(self, tx: Connection, person: PersonId, now: datetime) -> Stamp:
        credential = CredentialId(self._entropy(ID_BYTES))
        row = {
            "id": credential,
            "person_id": person,
            "kind": CredentialKind.DIRECTORY.value,
            "label_ct": None,
            # No verifier: the password is the directory's business.
            "verifier_ct": self._keys.seal_password_hash(credential, 1, ""),
            "read_only": False,
            "generation": 1,
            "created": to_us(now),
            "expires_at": None,
            "revoked_at": None,
            "last_used_day": None,
        }
        return insert_row(tx, self._keys, t.credential, row)

    def _add_account(
        self, tx: Connection, person: PersonId, directory: str, entry: str, now: datetime
    ) -> Stamp:
        row = {
            "id": self._entropy(ID_BYTES),
            "person_id": person,
            "directory": directory,
            "entry_id": entry,
            "state": Standing.ACTIVE.value,
            "since": to_us(now),
            "confirmed_at": to_us(now),
            "generation": 1,
        }
        insert_row(tx, self._keys, t.directory_account, row)
        return self._told(row)

    def _moved(self, tx: Connection, row: Row) -> Stamp:
        generation = row["generation"] + 1
        changes = {
            "generation": generation,
            "verifier_ct": self._keys.seal_password_hash(row["id"], generation, ""),
        }
        return update_row(tx, self._keys, t.credential, row, changes, generation)

    def _told(self, row: Row) -> Stamp:
        """Confirmations leave no entry, so that the trail knows the row without them."""
        table = t.directory_account
        mac = self._keys.row_mac(table.name, told(table, row))
        return Stamp(table.name, row["id"], row["generation"], mac)
