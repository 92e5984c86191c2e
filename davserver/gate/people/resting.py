"""Grants by name that rest while whoever has them works no more where they did: a mover's.

A beneficiary gave them to somebody of a structure that accompanies them. When that person goes on
elsewhere the grants stay, give nothing, and give exactly what they gave once the person is back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.db.prepared import settle
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged, NotFound
from davserver.domain.grants import ToPerson
from davserver.domain.ids import ID_BYTES, GrantId, PersonId, StructureId, SuspensionId, VaultId
from davserver.domain.people import Structure
from davserver.gate.acting import row_stamps
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.shares import Shares, rests
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import affiliations
from davserver.vault.grants import suspensions
from davserver.vault.grants.rows import GrantRow
from davserver.vault.grants.suspensions import Suspension
from davserver.vault.locks.ends import forget_granted
from davserver.vault.outline import owners_of
from davserver.vault.stamps import Stamp

_NOTICE = {What.GRANT_REST: NoticeKind.GRANTS_REST, What.GRANT_RESUME: NoticeKind.GRANTS_RESUME}


@dataclass(frozen=True, slots=True)
class Moved:
    """One grant that rests from now on, or no more; `structure` is why."""

    grant: GrantId
    vault: VaultId
    structure: str


@dataclass(frozen=True, slots=True)
class Resting:
    """Inside the transaction that ends or begins somebody's place."""

    tools: Tools
    tx: Connection
    now: datetime

    def would_rest(
        self, person: PersonId, left: Sequence[Structure]
    ) -> list[tuple[GrantId, Structure]]:
        """Their grants by name, from beneficiaries of these structures, that rest not yet."""
        if not left:
            return []
        slugs = {one.id: one for one in left}
        tied: dict[VaultId, Structure] = {}
        keys = self.tools.keys
        for one in affiliations.of_structures(self.tx, keys, slugs.keys()):
            if one.is_live(self.now):
                tied.setdefault(one.vault, slugs[one.structure])
        given = self.tools.grants.given_to(self.tx, ToPerson(person), self.now)
        awake = [row.grant for row in given if row.grant.vault in tied and not row.resting]
        return [(one.id, tied[one.vault]) for one in awake]

    def rest(self, person: PersonId, left: Sequence[Structure]) -> list[Moved]:
        stamps: dict[GrantId, tuple[Stamp, Structure]] = {}
        for grant, structure in self.would_rest(person, left):
            identity = SuspensionId(self.tools.entropy(ID_BYTES))
            one = Suspension(identity, grant, person, structure.id, self.now)
            stamps[grant] = suspensions.store(self.tx, self.tools.keys, one), structure
            self.tools.grants.rest(self.tx, grant, resting=True)
        forget_granted(self.tx, stamps.keys())
        return self._told(What.GRANT_REST, person, stamps)

    def would_resume(self, person: PersonId, here: Collection[StructureId]) -> list[Suspension]:
        """Of grants that are over the row stays: nothing begins again."""
        rows = suspensions.of_person(self.tx, person) if here else []
        found = [one for one in rows if one.structure in here]
        known = self.tools.grants.some(self.tx, [one.grant for one in found]) if found else []
        resting = {row.grant.id for row in known if rests(row, self.now)}
        return [one for one in found if one.grant in resting]

    def resume(self, person: PersonId, here: Collection[StructureId]) -> list[Moved]:
        found = self.would_resume(person, here)
        if not found:
            return []
        registered = Registered(self.tools.keys)
        structures = registered.structures(self.tx, {one.structure for one in found})
        stamps = suspensions.remove(self.tx, found)
        for one in found:
            self.tools.grants.rest(self.tx, one.grant, resting=False)
        pairs = zip(found, stamps, strict=True)
        gone = {one.grant: (stamp, structures[one.structure]) for one, stamp in pairs}
        return self._told(What.GRANT_RESUME, person, gone)

    def _told(
        self, what: What, person: PersonId, stamps: dict[GrantId, tuple[Stamp, Structure]]
    ) -> list[Moved]:
        """In the trail of each vault, and to its owner."""
        rows = self.tools.grants.some(self.tx, stamps.keys())
        by_vault: dict[VaultId, list[GrantRow]] = {}
        for row in rows:
            by_vault.setdefault(row.grant.vault, []).append(row)
        owners = owners_of(self.tx, by_vault.keys())
        for vault, some in by_vault.items():
            events = self._events(what, person, some, stamps)
            tell_in_vault(self.tools, self.tx, events, self.now)
            slugs = sorted({stamps[row.grant.id][1].slug for row in some})
            says = {"who": person.hex(), "structure": ",".join(slugs), "grants": str(len(some))}
            tell(self.tx, self.tools, _NOTICE[what], {owners[vault]}, says, self.now)
        moved = ((row.grant, stamps[row.grant.id][1].slug) for row in rows)
        return [Moved(grant.id, grant.vault, slug) for grant, slug in moved]

    def _events(
        self,
        what: What,
        person: PersonId,
        rows: Sequence[GrantRow],
        stamps: dict[GrantId, tuple[Stamp, Structure]],
    ) -> list[Event]:
        keys = Registered(self.tools.keys).instance_operator(self.tx, "", self.now).epoch.keys
        shares = Shares(self.tools, Registered(self.tools.keys))
        views = shares.views(self.tx, rows, keys, self.now)
        return [
            Event(
                vault=row.grant.vault,
                what=what,
                who=None,
                node=row.grant.node,
                path=view.path,
                grant=row.grant.id,
                rows=row_stamps([stamps[row.grant.id][0], _stamp(row)]),
                details={
                    "to-person": person.hex(),
                    "structure": stamps[row.grant.id][1].slug,
                    "right": row.grant.right.value,
                },
            )
            for row, view in zip(rows, views, strict=True)
        ]


def _stamp(row: GrantRow) -> Stamp:
    return Stamp("grant", row.grant.id, row.version, row.mac)


def tell_in_vault(tools: Tools, tx: Connection, events: Sequence[Event], now: datetime) -> None:
    """Of one vault. Where its trail was tampered with nothing can be done in that vault; somebody
    who leaves is out of all the others nevertheless.
    """
    try:
        with tx.begin_nested():
            tools.trail.record_all(tx, events, now)
            settle(tx)
    except (Damaged, NotFound):
        sound(Alarm.TRAIL_NOT_TOLD, vault=events[0].vault and events[0].vault.hex())
