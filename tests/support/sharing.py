"""An instance with real vaults and people to share with, for tests of grants below the fronts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from authn.credentials import Password, password_bytes
from davserver.db import tables
from davserver.domain.actions import Right
from davserver.domain.drive import TrailEntry
from davserver.domain.grants import Grant, Grantee, ToStructure
from davserver.domain.ids import GrantId, NodeId
from davserver.domain.people import Person, Principal, Role, Structure
from davserver.gate.affiliations.affiliating import affirm
from davserver.gate.tools import Limits, Tools
from davserver.sealing.keyring import LocalKeyring
from davserver.trail import Readings, Trail
from davserver.vault import key_generations
from davserver.vault.blobs.disk import DiskBlobStore
from davserver.vault.grants.grants import GrantBook, Naming
from davserver.vault.grants.rows import GrantRow
from davserver.vault.nodes import child_rows
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.staging import Staging
from davserver.vault.unlock import Unlock
from davserver.vault.vault import Vaults
from policies.in_force import InForce
from tests.support.accounts import HOME, NOON, Accounts, accounts_in
from tests.support.rules import in_force_from_the_start

QUOTA = 10_000_000
PASSWORD = "cinq chevaux sous la pluie"


@dataclass
class Shelter:
    """Beneficiaries with vaults from the French template. `book` makes grants without asking
    anybody; `tools` are for the gate.
    """

    accounts: Accounts
    vaults: Vaults
    blobs: DiskBlobStore
    data: Path
    now: datetime = NOON
    book: GrantBook = field(init=False)

    def __post_init__(self) -> None:
        self.db = self.accounts.db
        self.book = GrantBook(self.accounts.keys)
        self.trail = Trail(self.accounts.keys)
        self.tools = Tools(
            db=self.db,
            login=self.accounts.login,
            policy=InForce(self.accounts.keys),
            vaults=self.vaults,
            grants=self.book,
            trail=self.trail,
            readings=Readings(
                self.db,
                self.trail,
                self.accounts.keys.trail,
                self.data / "readings",
                os.urandom,
            ),
            staging=Staging(self.db, self.blobs, os.urandom),
            blobs=self.blobs,
            keys=self.accounts.keys,
            entropy=os.urandom,
            clock=lambda: self.now,
            limits=Limits(),
        )
        in_force_from_the_start(self.tools)
        with self.db.read() as tx:
            self.tools.policy.current(tx)

    def signed_in(self, login: str) -> Principal:
        """Somebody who proved their password now; they get one if they have none."""
        with self.db.read() as tx:
            person = self.accounts.registered.find_person(tx, login)
            known = self.accounts.registered.password(tx, person.id)
        if known is None:
            self.accounts.set_password(person, PASSWORD)
        credential = Password(login, password_bytes(PASSWORD))
        return self.accounts.login.sign_in(credential, HOME, self.now)

    def operator(self, behalf: str | None = None) -> Principal:
        registered = self.accounts.registered
        with self.db.read() as tx:
            if behalf is None:
                return registered.instance_operator(tx, "root", self.now)
            return registered.operator_for(tx, behalf, "root", self.now)

    def revocations(self) -> int:
        with self.db.read() as tx:
            return tx.execute(select(tables.epoch.c.revocation)).scalar_one()

    def told(self, vault: OpenVault) -> list[TrailEntry]:
        with self.db.read() as tx:
            logins = self.accounts.registered.logins
            names = partial(logins, tx)
            return self.trail.entries(tx, vault.id, limit=100, names=names)

    def beneficiary(self, login: str) -> OpenVault:
        """A vault with the template's folders."""
        person = self.accounts.add(login, Role.BENEFICIARY)
        vault, _ = self.db.write(
            lambda tx: self.vaults.create(tx, person.id, QUOTA, "fr", self.now)
        )
        return vault

    def professional(self, login: str, *structures: Structure) -> Person:
        person = self.accounts.add(login, Role.PROFESSIONAL)
        for one in structures:
            self.joins(person, one)
        return person

    def joins(self, person: Person, structure: Structure, ends: datetime | None = None) -> None:
        self.accounts.add_membership(person, structure, NOON - timedelta(days=1), ends)

    def node(self, vault: OpenVault, name: str) -> NodeId:
        with self.db.read() as tx:
            (node,) = (n for n in child_rows.children(tx, vault, vault.root) if n.name == name)
        return node.id

    def share(
        self,
        vault: OpenVault,
        what: str,
        to: Grantee,
        *,
        owner_name: str = "Amina Benali",
        called: str | None = None,
        **facts: object,
    ) -> GrantRow:
        """`what` is a folder of the template; `called`: the name that it is shared under."""
        node = self.node(vault, what)

        def make(tx: object) -> GrantRow:
            if isinstance(to, ToStructure):
                owner = self.accounts.registered.people(tx, {vault.owner})[vault.owner]
                who = self.accounts.registered.operator_for(tx, owner.login, "root", self.now)
                affirm(tx, self.tools, who, vault.id, to.id, self.now)
            naming = Naming(vault.id, owner_name, node, called or what, to)
            folder, name = self.book.free_names(tx, naming, self.now)
            grant = Grant(
                id=GrantId(os.urandom(16)), vault=vault.id, node=node, to=to, right=Right.READ,
                starts=self.now, until=None, ended=None, folder=folder, name=name,
                allowance=1000, created=self.now,
            )  # fmt: skip
            changed = replace(grant, **facts)
            return self.book.insert(tx, changed, by=vault.owner, purpose="")

        return self.db.write(make)

    def shared_as(self, row: GrantRow) -> str:
        return f"/{row.grant.folder}/{row.grant.name}"

    def tamper(self, grant: GrantId, **columns: object) -> None:
        table = tables.grant
        changed = table.update().where(table.c.id == grant).values(columns)
        self.db.write(lambda tx: tx.execute(changed))

    def grant_columns(self, grant: GrantId) -> dict[str, object]:
        with self.db.read() as tx:
            wanted = select(tables.grant).where(tables.grant.c.id == grant)
            return dict(tx.execute(wanted).mappings().one())


@contextmanager
def shelter(url: str, folder: Path) -> Iterator[Shelter]:
    data = folder / "data"
    data.mkdir()
    keyring = LocalKeyring.create(folder / "keyring", data, os.urandom, NOON)
    with accounts_in(url) as accounts:
        accounts.db.write(lambda tx: key_generations.add(tx, keyring.generations()))
        unlock = Unlock(keyring, accounts.keys, os.urandom)
        yield Shelter(accounts, Vaults(unlock, os.urandom), DiskBlobStore(data / "blobs"), data)
