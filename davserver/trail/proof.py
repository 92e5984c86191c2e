"""Whether a trail is whole: needs the trail's keys only, opens nothing (DESIGN §5.2)."""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, true

from davserver.db.tables import trail, trail_head
from davserver.db.tables import vault as vault_table
from davserver.domain.errors import BadInput, Damaged
from davserver.domain.ids import ID_BYTES, VaultId
from davserver.sealing.keys import MAC_BYTES
from davserver.sealing.trail import FIRST_LINK, TrailKeys, entry_hash
from davserver.trail.chain import genuine_head, link_of
from davserver.trail.words import INSTANCE

_AT_A_TIME = 1000


class Flaw(StrEnum):
    """What can be wrong with a trail, as a code and as FLAW_TEXTS say it."""

    MISSING = "missing"
    CHANGED = "changed"
    CUT = "cut"
    BEHIND = "behind"
    FORGED_HEAD = "forged-head"
    NO_HEAD = "no-head"
    NO_TRAIL = "no-trail"
    ROLLED_BACK = "rolled-back"


FLAW_TEXTS: dict[Flaw, str] = {
    Flaw.MISSING: "entries before this one are missing",
    Flaw.CHANGED: "the entry was changed, moved, or belongs to another trail",
    Flaw.CUT: "the end is missing: the trail went on at least up to this entry",
    Flaw.BEHIND: "there are entries after the last one that the head knows",
    Flaw.FORGED_HEAD: "the head was not written by Abri",
    Flaw.NO_HEAD: "the head is missing",
    Flaw.NO_TRAIL: "the vault has no trail at all",
    Flaw.ROLLED_BACK: "an exported head knows another entry here: an older state was put back",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw. `seq` is the number of the entry where it shows."""

    vault: VaultId
    seq: int
    flaw: Flaw

    @property
    def text(self) -> str:
        return FLAW_TEXTS[self.flaw]


@dataclass(frozen=True, slots=True)
class ExportedHead:
    """A head as it was when it was carried off the machine."""

    vault: VaultId
    seq: int
    link: bytes

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "ExportedHead":
        """From what `fields` gave. Raises BadInput."""
        try:
            vault, link = bytes.fromhex(fields["vault"]), bytes.fromhex(fields["link"])
            seq = int(fields["seq"])
        except (KeyError, TypeError, ValueError):
            raise BadInput("an exported head needs vault, seq and link") from None
        if len(vault) != ID_BYTES or len(link) != MAC_BYTES or seq < 1:
            raise BadInput("an exported head needs vault, seq and link")
        return cls(VaultId(vault), seq, link)

    def fields(self) -> dict[str, Any]:
        """As it goes into a JSON file."""
        return {"vault": self.vault.hex(), "seq": self.seq, "link": self.link.hex()}


def heads(tx: Connection, keys: TrailKeys) -> list[ExportedHead]:
    """All genuine heads, to be kept elsewhere; the others are findings of `findings`."""
    found = tx.execute(select(trail_head).order_by(trail_head.c.vault_id)).mappings()
    return [
        ExportedHead(VaultId(row["vault_id"]), row["seq"], row["head"])
        for row in map(dict, found)
        if _is_genuine(keys, row)
    ]


def findings(
    tx: Connection, keys: TrailKeys, vault: VaultId | None, exported: Iterable[ExportedHead]
) -> Iterator[Finding]:
    """All flaws of one trail, or of all; none means whole, up to the end that the heads name."""
    facts = _facts(tx, vault, exported)
    for vault_id, rows in groupby(_entries(tx, vault), key=lambda row: row["vault_id"]):
        yield from _flaws(keys, facts.pop(vault_id, _Facts()), _as_id(vault_id), rows)
    for vault_id, left in facts.items():
        yield from _flaws(keys, left, _as_id(vault_id), ())


@dataclass(slots=True)
class _Facts:
    """What is known of a trail beside its entries."""

    head: Mapping[str, Any] | None = None
    exported: list[ExportedHead] = field(default_factory=list)


def _facts(
    tx: Connection, vault: VaultId | None, exported: Iterable[ExportedHead]
) -> dict[bytes, _Facts]:
    """By vault, in a stable order, every trail that there must be."""
    facts: dict[bytes, _Facts] = {}
    for vault_id in tx.execute(select(vault_table.c.id).order_by(vault_table.c.id)).scalars():
        if vault in {None, vault_id}:
            facts[vault_id] = _Facts()
    wanted = select(trail_head).where(_of(trail_head.c.vault_id, vault))
    for row in tx.execute(wanted.order_by(trail_head.c.vault_id)).mappings():
        facts.setdefault(row["vault_id"], _Facts()).head = dict(row)
    for one in exported:
        if vault in {None, one.vault}:
            facts.setdefault(one.vault, _Facts()).exported.append(one)
    return facts


def _entries(tx: Connection, vault: VaultId | None) -> Iterable[Mapping[str, Any]]:
    wanted = select(trail).where(_of(trail.c.vault_id, vault))
    wanted = wanted.order_by(trail.c.vault_id, trail.c.seq)
    found = tx.execute(wanted, execution_options={"yield_per": _AT_A_TIME})
    return (dict(row) for row in found.mappings())


def _flaws(
    keys: TrailKeys, facts: _Facts, vault: VaultId, rows: Iterable[Mapping[str, Any]]
) -> Iterator[Finding]:
    last, before = 0, FIRST_LINK
    for row in rows:
        seq = row["seq"]
        if not isinstance(seq, int):
            yield Finding(vault, last + 1, Flaw.CHANGED)
            continue
        if seq != last + 1:
            yield Finding(vault, seq, Flaw.MISSING)
        elif row["prev"] != before:
            yield Finding(vault, seq, Flaw.CHANGED)
        if not _holds(keys, row):
            yield Finding(vault, seq, Flaw.CHANGED)
        last, before = seq, row["link"]
        if any(one.seq == seq and one.link != before for one in facts.exported):
            yield Finding(vault, seq, Flaw.ROLLED_BACK)
    yield from _end(keys, facts, vault, last, before)


def _end(
    keys: TrailKeys, facts: _Facts, vault: VaultId, last: int, link: bytes
) -> Iterator[Finding]:
    head = facts.head
    if head is None:
        yield Finding(vault, last, Flaw.NO_HEAD if last else Flaw.NO_TRAIL)
    elif not _is_genuine(keys, head):
        yield Finding(vault, last, Flaw.FORGED_HEAD)
    elif head["seq"] != last:
        cut = head["seq"] > last
        yield Finding(vault, max(head["seq"], last), Flaw.CUT if cut else Flaw.BEHIND)
    elif head["head"] != link:
        yield Finding(vault, last, Flaw.CHANGED)
    for one in facts.exported:
        if one.seq > last:
            yield Finding(vault, one.seq, Flaw.ROLLED_BACK)


def _holds(keys: TrailKeys, row: Mapping[str, Any]) -> bool:
    """Whether the entry is the one that was linked. Parts that were erased are not asked for."""
    payload, actor = row["payload_ct"], (row["actor_id"], row["actor_ct"])
    try:
        return (
            hmac.compare_digest(link_of(keys, row), row["link"])
            and (payload is None or entry_hash((payload,)) == row["payload_hash"])
            and (actor == (None, None) or entry_hash(actor) == row["actor_hash"])
        )
    except (Damaged, TypeError, ValueError):
        # SQLite keeps any type in any column: whoever writes there may have.
        return False


def _is_genuine(keys: TrailKeys, row: Mapping[str, Any]) -> bool:
    try:
        genuine_head(keys, VaultId(row["vault_id"]), row["seq"], row["head"], row["mac"])
    except (Damaged, TypeError, ValueError):
        return False
    return True


def _of(column: ColumnElement[bytes], vault: VaultId | None) -> ColumnElement[bool]:
    return true() if vault is None else column == vault


def _as_id(value: object) -> VaultId:
    """A chain's id as it stands in a finding, whatever somebody wrote into the column."""
    if isinstance(value, bytes) and len(value) == ID_BYTES:
        return VaultId(value)
    return INSTANCE
