"""Vaults: making one, and opening one."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert

from davserver.db.tables import node as node_table
from davserver.domain.errors import BadInput
from davserver.domain.ids import Entropy, NodeId, PersonId, VaultId
from davserver.domain.nodes import Kind, Node, NodeState
from davserver.vault.nodes.rows import OpenVault, sealed_columns
from davserver.vault.stamps import Stamp, node_written
from davserver.vault.templates import TEMPLATES
from davserver.vault.unlock import Readable, Unlock
from davserver.vault.writing import Changed, make_root


class Vaults:
    """One per process, shared between threads."""

    def __init__(self, unlock: Unlock, entropy: Entropy) -> None:
        self._unlock = unlock
        self._entropy = entropy

    def create(
        self, tx: Connection, owner: PersonId, quota: int, template: str, now: datetime
    ) -> tuple[OpenVault, tuple[Stamp, ...]]:
        """A new vault with the folders of `template` (a key of TEMPLATES), and the rows written.

        `quota` in bytes. Raises BadInput for an unknown template.
        """
        if template not in TEMPLATES:
            raise BadInput(f"template: one of {', '.join(TEMPLATES)}, not “{template}”")
        vault, mac = self._unlock.create(tx, owner, quota, now)
        stamps = [Stamp("vault", vault.id, 0, mac)]
        made = make_root(tx, vault, owner, self._entropy, now)
        stamps += made.stamps
        stamps += self._fill(tx, vault, made, template, now)
        return vault, tuple(stamps)

    def _fill(
        self, tx: Connection, vault: OpenVault, root: Changed, template: str, now: datetime
    ) -> list[Stamp]:
        folders = [
            Node(
                id=NodeId(self._entropy(16)), vault=vault.id, space=vault.space,
                parent=root.node.id, kind=Kind.FOLDER, state=NodeState.LIVE, name=name, twin=0,
                category=category, content=None, etag=self._entropy(16), row_version=1,
                epoch=vault.epoch, maker=vault.owner, author=vault.owner, created=now,
                modified=now, made_at=now, origin="template",
            )
            for name, category in TEMPLATES[template]
        ]  # fmt: skip
        rows = [sealed_columns(vault, folder) for folder in folders]
        if rows:
            tx.execute(insert(node_table), rows)
        return [node_written(row) for row in rows]

    def open(self, tx: Connection, vault: VaultId, keys: int, now: datetime) -> OpenVault:
        """See `Unlock.vault`."""
        return self._unlock.vault(tx, vault, keys, now)

    def open_all(
        self, tx: Connection, vaults: Collection[VaultId], keys: int, now: datetime
    ) -> dict[VaultId, OpenVault]:
        """See `Unlock.vaults`."""
        return self._unlock.vaults(tx, vaults, keys, now)

    def readable(
        self, tx: Connection, vaults: Collection[VaultId], *, categories: bool
    ) -> dict[VaultId, Readable]:
        """See `Unlock.readable`."""
        return self._unlock.readable(tx, vaults, categories=categories)

    def open_anew(self, tx: Connection, vault: VaultId) -> OpenVault:
        """See `Unlock.anew`."""
        return self._unlock.anew(tx, vault)
