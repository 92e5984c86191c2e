"""Offers as people read them, and what binds an answer to what was read."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from davserver.domain.actions import Right
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import GrantId, NodeId, OfferId, PersonId, VaultId
from davserver.domain.nodes import Node, NodeState
from davserver.domain.offers import OfferState
from davserver.gate.shares import STRUCTURE
from davserver.gate.sharing.ledger import Ledger
from davserver.sealing.values import encode_list, micros
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.offers import OfferRow


@dataclass(frozen=True, slots=True)
class OfferView:
    """`path`: the owner's; empty when what it is about is gone, or in the trash. `to_name`: empty
    when whom it is for is gone. `runs_until`: of a renewal, how long the grant holds now. `shown`
    stands for all of this: an answer that names it is an answer to this.
    """

    id: OfferId
    giver: str
    to: str
    to_name: str
    path: str
    is_folder: bool
    right: Right
    starts: datetime | None
    until: datetime | None
    purpose: str
    renews: GrantId | None
    runs_until: datetime | None
    operator: str
    created: datetime
    expires: datetime
    state: OfferState
    shown: str

    @property
    def is_for_all(self) -> bool:
        """For a structure, which accompanies the owner from their yes on."""
        return self.to.startswith(STRUCTURE)

    @property
    def closes(self) -> datetime:
        """Until when it can be answered."""
        return self.expires if self.until is None else min(self.expires, self.until)

    @property
    def can_be_accepted(self) -> bool:
        """As far as one can see: the rules are asked when it is accepted."""
        return self.state is OfferState.WAITING and bool(self.path) and bool(self.to_name)


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that some offers name, read in a few statements."""

    owners: Mapping[VaultId, str]
    sides: Mapping[Grantee, tuple[str, str]]
    nodes: Mapping[NodeId, tuple[str, bool]]
    ends: Mapping[GrantId, datetime | None]


def views(
    ledger: Ledger, tx: Connection, rows: Sequence[OfferRow], keys: int, now: datetime
) -> list[OfferView]:
    """In the same order. `keys` is the epoch's counter, by which vaults are opened."""
    if not rows:
        return []
    tools, offers = ledger.tools, [row.offer for row in rows]
    vaults = tools.vaults.open_all(tx, {one.vault for one in offers}, keys, now)
    logins = ledger.registered.logins(tx, {one.owner for one in vaults.values()})
    renews = {one.renews for one in offers if one.renews is not None}
    grants = [row.grant for row in tools.grants.some(tx, renews)] if renews else []
    known = _Known(
        owners={one.id: logins.get(one.owner, "") for one in vaults.values()},
        sides=_sides(ledger, tx, {one.to for one in offers}),
        nodes=_nodes(tx, vaults, {one.node for one in offers if one.vault in vaults}),
        ends={one.id: one.until for one in grants if one.ended is None},
    )
    return [_view(row, known, now) for row in rows]


def _sides(
    ledger: Ledger, tx: Connection, wanted: Iterable[Grantee]
) -> dict[Grantee, tuple[str, str]]:
    """How each is written, and called."""
    every = list(wanted)
    people: set[PersonId] = {to.id for to in every if isinstance(to, ToPerson)}
    named = ledger.registered.people(tx, people).values() if people else []
    slugs = {to.id for to in every if isinstance(to, ToStructure)}
    structures = ledger.registered.structures(tx, slugs).values() if slugs else []
    found: dict[Grantee, tuple[str, str]] = {
        ToPerson(one.id): (one.login, one.name) for one in named
    }
    return found | {ToStructure(one.id): (STRUCTURE + one.slug, one.name) for one in structures}


def _nodes(
    tx: Connection, vaults: Mapping[VaultId, OpenVault], wanted: set[NodeId]
) -> dict[NodeId, tuple[str, bool]]:
    """The path of each that its owner finds on their drive, and whether it is a folder."""
    nodes = index.ancestors(tx, dict(vaults), wanted)
    found = {}
    for one in wanted:
        chain = index.chain_to(nodes, one)
        root = vaults[chain[-1].vault].root if chain else None
        if chain and chain[0].id == root and all(_lives(node) for node in chain):
            path = "/" + "/".join(node.name for node in chain[1:])
            found[one] = (path, chain[-1].is_folder)
    return found


def _lives(node: Node) -> bool:
    return node.state is NodeState.LIVE


def _view(row: OfferRow, known: _Known, now: datetime) -> OfferView:
    offer = row.offer
    to, name = known.sides.get(offer.to, ("", ""))
    path, is_folder = known.nodes.get(offer.node, ("", False))
    if offer.renews is not None and offer.renews not in known.ends:
        path = ""
    runs_until = known.ends.get(offer.renews) if offer.renews else None
    return OfferView(
        id=offer.id,
        giver=known.owners.get(offer.vault, ""),
        to=to,
        to_name=name,
        path=path,
        is_folder=is_folder,
        right=offer.right,
        starts=offer.begins(now),
        until=offer.until,
        purpose=offer.purpose,
        renews=offer.renews,
        runs_until=runs_until,
        operator=offer.operator,
        created=offer.created,
        expires=offer.expires,
        state=offer.state(now),
        shown=_shown(row.mac, path, to, name, runs_until, is_folder=is_folder),
    )


def _shown(
    mac: bytes, path: str, to: str, name: str, runs_until: datetime | None, *, is_folder: bool
) -> str:
    """The row by its MAC, and what was read beside it."""
    ends = micros(runs_until) if runs_until else None
    parts = (mac, path, to, name, ends, is_folder)
    return hashlib.sha256(encode_list(parts)).hexdigest()
