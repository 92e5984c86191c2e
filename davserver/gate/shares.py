"""Grants as people read them: logins for ids, paths for nodes, a word for the state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.domain.drive import GrantView
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import GrantId, NodeId, VaultId
from davserver.gate.tools import Tools
from davserver.vault.grants import suspensions
from davserver.vault.grants.rows import GrantRow
from davserver.vault.grants.suspensions import Suspension
from davserver.vault.nodes import index

STRUCTURE = "structure:"
"""Before a structure's slug, where a grantee is written as text."""

_AT_ONCE = 500


class GrantState(StrEnum):
    UPCOMING = "upcoming"
    LIVE = "live"
    SUSPENDED = "suspended"
    """It would be live, but what it stands on does not hold: the affiliation of its structure, or
    the grant that was shared on, or the account of whoever shared it on.
    """
    RESTING = "resting"
    """It would be live or upcoming, but whoever has it works no more where they did."""
    EXPIRED = "expired"
    ENDED = "ended"


OVER = frozenset({GrantState.ENDED, GrantState.EXPIRED})


def state_of(grant: Grant, now: datetime) -> GrantState:
    """As far as its own row goes."""
    if grant.ended is not None:
        return GrantState.ENDED
    if grant.until is not None and grant.until <= now:
        return GrantState.EXPIRED
    return GrantState.LIVE if grant.starts <= now else GrantState.UPCOMING


def rests(row: GrantRow, now: datetime) -> bool:
    return row.resting and state_of(row.grant, now) not in OVER


class Shares:
    def __init__(self, tools: Tools, registered: Registered) -> None:
        self._tools = tools
        self._registered = registered

    def views(
        self, tx: Connection, rows: Sequence[GrantRow], keys: int, now: datetime
    ) -> list[GrantView]:
        """In the same order. `keys` is the epoch's counter, by which vaults are opened."""
        views: list[GrantView] = []
        for at in range(0, len(rows), _AT_ONCE):
            some = rows[at : at + _AT_ONCE]
            names, paths = self._names(tx, some), self._paths(tx, some, keys, now)
            resting = self._resting(tx, some, now)
            states = self.states(tx, some, now)
            called, left = self._called(tx, some), self._left(tx, resting)
            views += [
                replace(
                    _view(row, names, paths, states[row.grant.id]),
                    to_name=called.get(row.grant.to.id, ""),
                    **left.get(row.grant.id, {}),
                )
                for row in some
            ]
        return views

    def states(
        self, tx: Connection, rows: Sequence[GrantRow], now: datetime
    ) -> dict[GrantId, GrantState]:
        """Of each, by its own dates and by what it stands on. One statement at most."""
        states = {row.grant.id: state_of(row.grant, now) for row in rows}
        states |= {row.grant.id: GrantState.RESTING for row in rows if rests(row, now)}
        leaning = {
            row.grant.id
            for row in rows
            if states[row.grant.id] is GrantState.LIVE
            and (row.grant.parent or isinstance(row.grant.to, ToStructure))
        }
        live = {one.id for one in self._tools.grants.live_among(tx, leaning, now)}
        return states | dict.fromkeys(leaning - live, GrantState.SUSPENDED)

    def _resting(
        self, tx: Connection, rows: Sequence[GrantRow], now: datetime
    ) -> dict[GrantId, Suspension]:
        """One statement, where there is any."""
        ids = [row.grant.id for row in rows if rests(row, now)]
        return suspensions.of_grants(tx, ids) if ids else {}

    def _left(
        self, tx: Connection, resting: Mapping[GrantId, Suspension]
    ) -> dict[GrantId, dict[str, Any]]:
        """Of each grant that rests: the structure that they left, and when."""
        known = self._registered.structures(tx, {one.structure for one in resting.values()})
        return {
            grant: {
                "left": known[one.structure].slug if one.structure in known else "",
                "left_at": one.since,
            }
            for grant, one in resting.items()
        }

    def owner_login(self, tx: Connection, vault: VaultId, keys: int, now: datetime) -> str:
        """Raises NotFound."""
        owner = self._tools.vaults.open(tx, vault, keys, now).owner
        found = self._registered.logins(tx, {owner}).get(owner)
        if found is None:
            raise NotFound("the account of this vault's owner is damaged: see the log")
        return found

    def _names(self, tx: Connection, rows: Sequence[GrantRow]) -> dict[bytes, str]:
        """Of givers and grantees, by id."""
        grantees = [row.grant.to for row in rows]
        people = {to.id for to in grantees if isinstance(to, ToPerson)} | {row.by for row in rows}
        structures = {to.id for to in grantees if isinstance(to, ToStructure)}
        names: dict[bytes, str] = {}
        names.update(self._registered.logins(tx, people).items())
        for one in self._registered.structures(tx, structures).values():
            names[one.id] = STRUCTURE + one.slug
        return names

    def _called(self, tx: Connection, rows: Sequence[GrantRow]) -> dict[bytes, str]:
        """The grantees' names, by id."""
        grantees = [row.grant.to for row in rows]
        people = {to.id for to in grantees if isinstance(to, ToPerson)}
        structures = {to.id for to in grantees if isinstance(to, ToStructure)}
        found: dict[bytes, str] = {}
        found.update({one.id: one.name for one in self._registered.people(tx, people).values()})
        known = self._registered.structures(tx, structures).values()
        return found | {one.id: one.name for one in known}

    def _paths(
        self, tx: Connection, rows: Sequence[GrantRow], keys: int, now: datetime
    ) -> dict[NodeId, str]:
        """The owners' paths, by node. A vault that does not open leaves its paths out."""
        vaults = self._tools.vaults.open_all(tx, {row.grant.vault for row in rows}, keys, now)
        wanted = {row.grant.node for row in rows if row.grant.vault in vaults}
        nodes = index.ancestors(tx, vaults, wanted)
        return {
            node: "/" + "/".join(one.name for one in index.chain_to(nodes, node)[1:])
            for node in wanted & set(nodes)
        }


def _view(
    row: GrantRow, names: Mapping[bytes, str], paths: Mapping[NodeId, str], state: GrantState
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
        state=state.value,
        seen_at=f"/{grant.folder}/{grant.name}",
        purpose=row.purpose,
        parent=grant.parent,
    )
