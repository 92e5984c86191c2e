"""One document of each vault, opened: the quickest proof that keys, rows and contents fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from davserver.db import tables as t
from davserver.domain.errors import AbriError, Damaged
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.nodes import Content
from davserver.gate.tools import Tools
from davserver.vault.contents import open_content
from davserver.vault.nodes import index

_ENOUGH = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Probe:
    """`fault` is empty where the vault and one of its documents open; `is_empty`: it has none."""

    vault: VaultId
    is_empty: bool
    fault: str


class Probing:
    """Nobody sees a document, nothing is changed: no entry in a trail."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def probes(self, now: datetime) -> Iterator[Probe]:
        """One for each vault. At most the first MiB of a document is read. Raises Unavailable."""
        with self._tools.db.read() as tx:
            keys = tx.execute(select(t.epoch.c["keys"])).scalar_one()
            vaults = tx.execute(select(t.vault.c.id).where(t.vault.c.erased_at.is_(None)))
            ids = [VaultId(one) for one in vaults.scalars()]
        for vault in ids:
            try:
                is_empty = self._opens_nothing(vault, keys, now)
            except AbriError as error:
                yield Probe(vault, is_empty=False, fault=str(error) or type(error).__name__)
            else:
                yield Probe(vault, is_empty=is_empty, fault="")

    def _opens_nothing(self, vault: VaultId, keys: int, now: datetime) -> bool:
        """True for a vault without documents, False once one was opened. Raises what is wrong."""
        with self._tools.db.read() as tx:
            opened = self._tools.vaults.open(tx, vault, keys, now)
            wanted = (
                select(t.node.c.id)
                .where(t.node.c.vault_id == vault)
                .where(t.node.c.kind == "file", t.node.c.state == "live")
                .limit(1)
            )
            found = tx.execute(wanted).scalar()
            if found is None:
                return True
            node = index.one(tx, opened, NodeId(found))
            if node is None or node.content is None:
                raise Damaged(f"the row of document {found.hex()} does not open")
            self._read(tx, vault, node.content)
        return False

    def _read(self, tx: Connection, vault: VaultId, content: Content) -> None:
        source = open_content(tx, self._tools.blobs, vault, content)
        try:
            for _ in source.read(0, min(content.size, _ENOUGH)):
                pass
        finally:
            source.close()
