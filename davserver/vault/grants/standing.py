"""What a grant stands on, judged from present facts (DESIGN §2.1): a structure's on its
affiliation, a re-share on the grant that was shared on and on whoever shared it.

Nothing is stored for it: when what it stands on is over, so is the grant, in the next statement.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, and_, select

from davserver.db import tables as t
from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none
from davserver.db.dependencies import PEOPLE
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.query_cache import cached
from davserver.domain.actions import GIVEN
from davserver.domain.affiliations import Affiliation
from davserver.domain.grants import Grant, ToPerson, ToStructure
from davserver.domain.ids import GrantId, PersonId, StructureId
from davserver.domain.people import AccountState
from davserver.sealing.instance import InstanceKeys
from davserver.vault.grants.rows import GrantRow


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A genuine grant, with the affiliation of its vault and structure if it is a structure's."""

    row: GrantRow
    affiliation: Affiliation | None

    def bounded(self, now: datetime) -> Grant | None:
        """The grant with the end that its affiliation sets; None where that does not cover it."""
        grant = self.row.grant
        if isinstance(grant.to, ToPerson):
            return grant
        if self.affiliation is None or not self.affiliation.covers(grant.created, now):
            return None
        return replace(grant, until=_earlier(grant.until, self.affiliation.over_at))


def steady_until(held: Iterable[HeldGrant], now: datetime) -> datetime | None:
    """The first moment after `now` at which time alone may make others of these live: one begins
    or ends, or the affiliation that it stands on. None: nothing does; `now` itself where people
    count too, whose accounts and places are no facts of a grant.
    """
    moments: list[datetime | None] = []
    for one in held:
        grant, affiliation = one.row.grant, one.affiliation
        if grant.parent is not None:
            return now
        moments += (grant.starts, grant.until)
        if affiliation is not None:
            moments += (affiliation.confirmed, affiliation.over_at)
    return min((at for at in moments if at is not None and at > now), default=None)


Load = Callable[[Collection[GrantId]], list[HeldGrant]]
"""Grants by id, in one statement."""


def live(
    tx: Connection, keys: InstanceKeys, held: Sequence[HeldGrant], load: Load, now: datetime
) -> list[Grant]:
    """Those that are live now, each with its effective end. Two more statements where there are
    re-shares among them, none otherwise.
    """
    bounded = [(one.row.by, one.bounded(now)) for one in held]
    present = [(by, grant) for by, grant in bounded if grant is not None and grant.is_live(now)]
    if all(grant.parent is None for _, grant in present):
        return [grant for _, grant in present]
    parents = _parents(load, present, now)
    reach = _Reach(tx, keys, {by for by, grant in present if grant.parent}, parents.values())
    return [
        one
        for by, grant in present
        if (one := _standing(grant, by, parents, reach, now)) is not None
    ]


def _parents(
    load: Load, present: Iterable[tuple[PersonId, Grant]], now: datetime
) -> dict[GrantId, Grant]:
    """The live ones. What was itself re-shared is no parent: nothing is re-shared twice."""
    wanted = {grant.parent for _, grant in present if grant.parent}
    found = (one.bounded(now) for one in load(wanted))
    return {one.id: one for one in found if one and one.parent is None and one.is_live(now)}


def _standing(
    grant: Grant,
    by: PersonId,
    parents: dict[GrantId, Grant],
    reach: "_Reach",
    now: datetime,
) -> Grant | None:
    if grant.parent is None:
        return grant
    parent = parents.get(grant.parent)
    if (
        parent is None
        or parent.vault != grant.vault
        or not GIVEN[grant.right] <= GIVEN[parent.right]
    ):
        return None
    holds, ends = reach.of(by, parent, now)
    if not holds:
        return None
    until = _earlier(_earlier(grant.until, parent.until), ends)
    return replace(grant, until=until, within=parent.node)


class _Reach:
    """Whether whoever re-shared still has the grant that they shared on: their account, and their
    place in the structure that it was given to.
    """

    def __init__(
        self,
        tx: Connection,
        keys: InstanceKeys,
        people: Collection[PersonId],
        parents: Iterable[Grant],
    ) -> None:
        structures = {one.to.id for one in parents if isinstance(one.to, ToStructure)}
        # Of whoever shared, and not of whoever asks: it tells nobody what another looked at.
        question = ("makers", frozenset(people), frozenset(structures))
        asked = {"people": as_value(tx, people), "structures": as_value(tx, structures)}
        self._active: set[PersonId] = set()
        self._spans: dict[tuple[PersonId, StructureId], list[tuple[datetime, datetime | None]]] = {}
        makers = _makers_statement(tx.dialect.name)
        for row in cached(tx, PEOPLE, question, lambda: makers.all(tx, asked)):
            self._learn(keys, row)

    def _learn(self, keys: InstanceKeys, row: Any) -> None:
        person = _genuine(keys, t.person, row)
        if person is None or person["state"] != AccountState.ACTIVE.value:
            return
        who = PersonId(person["id"])
        self._active.add(who)
        place = _genuine(keys, t.membership, row)
        if place is not None:
            span = (from_us(place["starts"]), from_us_or_none(place["ends"]))
            self._spans.setdefault((who, StructureId(place["structure_id"])), []).append(span)

    def of(self, who: PersonId, parent: Grant, now: datetime) -> tuple[bool, datetime | None]:
        """Whether they have it now, and until when (None: nothing ends it)."""
        if who not in self._active:
            return False, None
        if isinstance(parent.to, ToPerson):
            return parent.to.id == who, None
        spans = self._spans.get((who, parent.to.id), [])
        ends = [end for start, end in spans if start <= now and (end is None or now < end)]
        if not ends:
            return False, None
        bounded = [end for end in ends if end is not None]
        return True, max(bounded) if len(bounded) == len(ends) else None


def _labelled(table: Table) -> list[Any]:
    return [column.label(f"{table.name}__{column.name}") for column in table.columns]


@cache
def _makers_statement(dialect: str) -> Prepared:
    theirs = and_(
        t.membership.c.person_id == t.person.c.id,
        t.membership.c.structure_id.in_(ids_of(dialect, "structures")),
    )
    return Prepared(
        select(*_labelled(t.person), *_labelled(t.membership))
        .select_from(t.person.outerjoin(t.membership, theirs))
        .where(t.person.c.id.in_(ids_of(dialect, "people")))
    )


def _genuine(keys: InstanceKeys, table: Table, row: Any) -> dict[str, Any] | None:
    """One table's part of a joined row; None where there is none, or it was altered."""
    part = {column.name: row[f"{table.name}__{column.name}"] for column in table.columns}
    if part["id"] is None:
        return None
    return part if keys.row_is_genuine(table.name, covered(table, part), part["row_mac"]) else None


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
