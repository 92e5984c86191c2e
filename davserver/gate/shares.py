"""Grants as people read them: logins for ids, paths for nodes, a word for the state."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from authn.directory import Directory
from davserver.domain.drive import GrantView
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import NodeId, VaultId
from davserver.gate.tools import Tools
from davserver.vault import index
from davserver.vault.grant_rows import GrantRow
from davserver.vault.rows import OpenVault

STRUCTURE = "structure:"
"""Before a structure's slug, where a grantee is written as text."""

_AT_ONCE = 500


class GrantState(StrEnum):
    UPCOMING = "upcoming"
    LIVE = "live"
    EXPIRED = "expired"
    ENDED = "ended"


def state_of(grant: Grant, now: datetime) -> GrantState:
    if grant.ended is not None:
        return GrantState.ENDED
    if grant.until is not None and grant.until <= now:
        return GrantState.EXPIRED
    return GrantState.LIVE if grant.starts <= now else GrantState.UPCOMING


class Shares:
    def __init__(self, tools: Tools, directory: Directory) -> None:
        self._tools = tools
        self._directory = directory

    def views(
        self, tx: Connection, rows: Sequence[GrantRow], keys: int, now: datetime
    ) -> list[GrantView]:
        """In the same order. `keys` is the epoch's counter, by which vaults are opened."""
        views: list[GrantView] = []
        for at in range(0, len(rows), _AT_ONCE):
            some = rows[at : at + _AT_ONCE]
            names, paths = self._names(tx, some), self._paths(tx, some, keys, now)
            views += [_view(row, names, paths, now) for row in some]
        return views

    def owner_login(self, tx: Connection, vault: VaultId, keys: int, now: datetime) -> str:
        """Raises NotFound."""
        owner = self._tools.vaults.open(tx, vault, keys, now).owner
        found = self._directory.logins(tx, {owner}).get(owner)
        if found is None:
            raise NotFound("the account of this vault's owner is damaged: see the log")
        return found

    def _names(self, tx: Connection, rows: Sequence[GrantRow]) -> dict[bytes, str]:
        """Of givers and grantees, by id."""
        grantees = [row.grant.to for row in rows]
        people = {to.id for to in grantees if isinstance(to, ToPerson)} | {row.by for row in rows}
        structures = {to.id for to in grantees if isinstance(to, ToStructure)}
        names: dict[bytes, str] = {}
        names.update(self._directory.logins(tx, people).items())
        for one in self._directory.structures(tx, structures).values():
            names[one.id] = STRUCTURE + one.slug
        return names

    def _paths(
        self, tx: Connection, rows: Sequence[GrantRow], keys: int, now: datetime
    ) -> dict[NodeId, str]:
        """The owners' paths, by node. A vault that does not open leaves its paths out."""
        vaults: dict[VaultId, OpenVault] = {}
        for vault in {row.grant.vault for row in rows}:
            with suppress(NotFound):
                vaults[vault] = self._tools.vaults.open(tx, vault, keys, now)
        wanted = {row.grant.node for row in rows if row.grant.vault in vaults}
        nodes = index.ancestors(tx, vaults, wanted)
        return {
            node: "/" + "/".join(one.name for one in index.chain_to(nodes, node)[1:])
            for node in wanted & set(nodes)
        }


def _view(
    row: GrantRow, names: Mapping[bytes, str], paths: Mapping[NodeId, str], now: datetime
) -> GrantView:
    grant = row.grant
    return GrantView(
        id=grant.id,
        vault=grant.vault,
        giver=names.get(row.by, ""),
        to=names.get(grant.to.id, ""),
        path=paths.get(grant.node, ""),
        right=grant.right,
        starts=grant.starts,
        until=grant.until,
        ended=grant.ended,
        state=state_of(grant, now).value,
        seen_at=f"/{grant.folder}/{grant.name}",
    )
