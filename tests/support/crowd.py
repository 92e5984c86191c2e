"""Rows in masses: people, vaults, nodes and grants put straight into the tables.

Each row is a true one, sealed and MACed as the program would; only the trail does not tell how
they were made. Made one by one, as users do it, they would take hours.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert

from authn.register import NewPerson, Register
from davserver.db import tables
from davserver.db.clock import to_us
from davserver.domain.actions import Category, Right
from davserver.domain.affiliations import Affiliation, AffiliationState
from davserver.domain.grants import Grant, Grantee, ToPerson, ToStructure
from davserver.domain.ids import (
    AffiliationId,
    GrantId,
    NodeId,
    PersonId,
    StructureId,
    VaultId,
)
from davserver.domain.nodes import Content, Kind, Node, NodeState
from davserver.domain.people import Person, Role
from davserver.sealing.instance import InstanceKeys
from davserver.vault import affiliations
from davserver.vault.grants.rows import GrantRow, seal_row
from davserver.vault.nodes.rows import OpenVault, sealed_columns
from davserver.vault.staging import Staged
from davserver.vault.vault import Vaults

Rows = list[dict[str, Any]]
QUOTA = 10_000_000_000
ALLOWANCE = 1_000_000_000
SHARED = Category.HOUSING
"""What the shipped policy shows to a whole structure."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """`Crowd` makes rows; `put` writes them. `now` is when everything was made."""

    keys: InstanceKeys
    vaults: Vaults
    now: datetime

    def person(self, tx: Connection, login: str, role: Role = Role.BENEFICIARY) -> Person:
        new = NewPerson(login, role, f"Name of {login}", "fr")
        return Register(self.keys, os.urandom).add_person(tx, new, self.now)[0]

    def vault(self, tx: Connection, owner: PersonId, template: str = "none") -> OpenVault:
        return self.vaults.create(tx, owner, QUOTA, template, self.now)[0]

    def node(
        self,
        vault: OpenVault,
        parent: NodeId,
        name: str,
        content: Content | None = None,
        category: Category | None = None,
    ) -> Node:
        return Node(
            id=NodeId(os.urandom(16)), vault=vault.id, space=vault.space, parent=parent,
            kind=Kind.FILE if content else Kind.FOLDER, state=NodeState.LIVE, name=name, twin=0,
            category=category, content=content, etag=os.urandom(16), row_version=1,
            epoch=vault.epoch, maker=vault.owner, author=vault.owner, created=self.now,
            modified=self.now, made_at=self.now,
        )  # fmt: skip

    def grant(
        self,
        node: Node,
        to: Grantee,
        folder: str,
        right: Right = Right.WRITE,
        parent: GrantId | None = None,
    ) -> Grant:
        return Grant(
            id=GrantId(os.urandom(16)), vault=node.vault, node=node.id, to=to, right=right,
            starts=self.now, until=None, ended=None, folder=folder, name=node.name,
            allowance=ALLOWANCE, created=self.now, parent=parent,
        )  # fmt: skip

    def affiliated(self, tx: Connection, vault: VaultId, structure: StructureId) -> None:
        new = Affiliation(
            id=AffiliationId(os.urandom(16)), vault=vault, structure=structure,
            state=AffiliationState.CONFIRMED, confirmed=self.now, ends=None, ended=None,
            ended_by=None, last_activity=self.now,
        )  # fmt: skip
        affiliations.store(tx, self.keys, new)

    def node_rows(self, vault: OpenVault, nodes: Sequence[Node]) -> Rows:
        return [sealed_columns(vault, node) for node in nodes]

    def grant_rows(self, grants: Sequence[Grant], by: PersonId) -> Rows:
        return [seal_row(self.keys, GrantRow(one, by, None, "", 1, b""))[1] for one in grants]

    def change_rows(self, vault: OpenVault, folders: Sequence[NodeId]) -> Rows:
        """As if something that is shared had changed in each of them."""
        tag, at = vault.index.category_tag(SHARED), to_us(self.now)
        return [{"folder_id": one, "tag": tag, "count": 1, "at": at} for one in folders]


def blob_row(staged: Staged) -> dict[str, Any]:
    return staged.columns | {"state": "live", "lease_until": None, "charged_to": None}


def put(tx: Connection, table: Table, rows: Rows) -> None:
    if rows:
        tx.execute(insert(table), rows)


@dataclass(frozen=True, slots=True)
class Clientele:
    """Beneficiaries who each share `items` folders: every second one with the structure, where
    there is one, the others with the professional.
    """

    professional: PersonId
    structure: StructureId | None
    items: int
    right: Right = Right.WRITE

    def of(self, crowd: Crowd, tx: Connection, logins: Sequence[str]) -> list[Grant]:
        """Makes them, and gives the grants."""
        nodes: Rows = []
        changes: Rows = []
        rows: Rows = []
        made: list[Grant] = []
        for login in logins:
            vault = crowd.vault(tx, crowd.person(tx, login).id)
            own = [
                crowd.node(vault, vault.root, f"{n:03}", category=SHARED) for n in range(self.items)
            ]
            if self.structure is not None:
                crowd.affiliated(tx, vault.id, self.structure)
            grants = [
                crowd.grant(node, self._to(n), login, self.right) for n, node in enumerate(own)
            ]
            nodes += crowd.node_rows(vault, own)
            changes += crowd.change_rows(vault, [vault.root, *(node.id for node in own)])
            rows += crowd.grant_rows(grants, vault.owner)
            made += grants
        put(tx, tables.node, nodes)
        put(tx, tables.folder_change, changes)
        put(tx, tables.grant, rows)
        return made

    def _to(self, number: int) -> Grantee:
        if self.structure is not None and number % 2:
            return ToStructure(self.structure)
        return ToPerson(self.professional)
