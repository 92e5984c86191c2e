"""Reading a trail: entries opened for the vault's owner, or what they say of rows."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from davserver.db.clock import from_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.tables import trail, trail_actor
from davserver.domain.alarms import Alarm, sound
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import Damaged
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.sealing.trail import ActorKey, TrailKeys
from davserver.trail.entry import Actor, Draft, Payload, unpacked_rows
from davserver.trail.words import PERSON_DETAILS, RowStamp

Names = Callable[[Collection[PersonId]], Mapping[PersonId, str]]
"""Gives the logins of people who are still known."""

ERASED = "erased"
"""What an entry says when its content was erased: only that there was one."""

DAMAGED = "damaged"
"""What an entry says when it does not open as it was sealed."""

_FOR_ALL = ("strength", "operator")

_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Which entries are asked for. `full`: with address and credential too, for investigations;
    the owner of a vault need not know from where a professional works.
    """

    limit: int
    before: int | None
    full: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of one person, without a name or a path. `grant`: by which they did it."""

    at: datetime
    what: str
    node: NodeId | None
    grant: GrantId | None
    count: int


def written(tx: Connection, keys: TrailKeys, vault: VaultId, page: Page) -> list[TrailEntry]:
    """The last entries, oldest first; logins are not filled in yet."""
    wanted = select(trail).where(trail.c.vault_id == vault)
    if page.before is not None:
        wanted = wanted.where(trail.c.seq < page.before)
    found = tx.execute(wanted.order_by(trail.c.seq.desc()).limit(page.limit)).mappings().all()
    rows = [dict(row) for row in reversed(found)]
    actors = _actor_keys(tx, keys, {row["actor_id"] for row in rows} - {None})
    opened = (_opened(keys, vault, row, actors) for row in rows)
    return [
        _shown(row["seq"], row["at"], one, full=page.full)
        for row, one in zip(rows, opened, strict=True)
    ]


def since(
    tx: Connection, keys: TrailKeys, vaults: Collection[VaultId], at: int
) -> dict[VaultId, list[TrailEntry]]:
    """All that was appended from then on (µs), oldest first; logins are not filled in."""
    these = trail.c.vault_id.in_(ids_of(tx.dialect.name, "ids"))
    wanted = select(trail).where(these, trail.c.at >= at).order_by(trail.c.vault_id, trail.c.seq)
    given = {"ids": as_value(tx, vaults)}
    rows = [dict(row) for row in tx.execute(wanted, given).mappings()]
    actors = _actor_keys(tx, keys, {row["actor_id"] for row in rows} - {None})
    found: dict[VaultId, list[TrailEntry]] = {one: [] for one in vaults}
    for row in rows:
        vault = VaultId(row["vault_id"])
        opened = _opened(keys, vault, row, actors)
        found[vault].append(_shown(row["seq"], row["at"], opened, full=False))
    return found


def by_person(
    tx: Connection, keys: TrailKeys, vault: VaultId, person: PersonId, at: int
) -> list[Deed]:
    """What somebody themselves did in that vault since then (µs), oldest first."""
    theirs = (trail.c.vault_id == vault, trail.c.actor_id == person, trail.c.at >= at)
    wanted = select(trail).where(*theirs).order_by(trail.c.seq)
    rows = [dict(row) for row in tx.execute(wanted).mappings()]
    actors = _actor_keys(tx, keys, {person} if rows else set())
    opened = ((row["at"], _opened(keys, vault, row, actors)) for row in rows)
    return [deed(moment, one) for moment, one in opened if is_by(one, person)]


def by_operators(tx: Connection, keys: TrailKeys, vault: VaultId, at: int, among: int) -> int:
    """How many of the last `among` entries are since then (µs), and made by a command in somebody's
    name. Only that is opened of them.
    """
    part = select(trail.c.seq, trail.c.at, trail.c.actor_id, trail.c.actor_ct)
    wanted = part.where(trail.c.vault_id == vault).order_by(trail.c.seq.desc()).limit(among)
    # Asked for those since then, a database would look for more of them through all of the trail.
    rows = [dict(row) for row in tx.execute(wanted).mappings() if row["at"] >= at]
    actors = _actor_keys(tx, keys, {row["actor_id"] for row in rows} - {None})
    return sum(_is_by_operator(vault, row, actors) for row in rows)


def _is_by_operator(
    vault: VaultId, row: Mapping[str, Any], actors: Mapping[PersonId, ActorKey]
) -> bool:
    """No where that does not open: whoever reads the entry sees so."""
    if row["actor_id"] is None:
        return False
    try:
        return bool(_actor(vault, row, actors).operator)
    except Damaged:
        return False


def is_by(draft: Draft, person: PersonId) -> bool:
    """Not where a command acted in their name: somebody else did it."""
    return draft.person == person and not draft.actor.operator


def deed(at: int, draft: Draft) -> Deed:
    payload = draft.payload
    return Deed(
        at=from_us(at if payload.first is None else payload.first),
        what=payload.what,
        node=NodeId(bytes.fromhex(payload.node)) if payload.node else None,
        grant=GrantId(bytes.fromhex(payload.grant)) if payload.grant else None,
        count=payload.count,
    )


def pending(draft: Draft, page: Page) -> TrailEntry:
    """A read window that is not closed yet, as the entry that it becomes. It has no number: 0."""
    return _shown(0, 0, draft, full=page.full)


def with_names(entries: Sequence[TrailEntry], names: Names) -> list[TrailEntry]:
    """Logins for the ids of who acted and in details. Whoever was forgotten stays nameless."""
    people = {entry.who for entry in entries if entry.who is not None}
    for entry in entries:
        people.update(_people_in(entry.details))
    known = names(people) if people else {}
    return [_named(entry, known) for entry in entries]


def last_stamps(tx: Connection, vault: VaultId) -> dict[tuple[str, bytes], RowStamp]:
    """By table and id, what the trail last said of each row. Verify the trail first: a stamp is
    worth what its chain is. Raises Damaged.
    """
    stamps: dict[tuple[str, bytes], RowStamp] = {}
    wanted = select(trail.c.rows).where(trail.c.vault_id == vault, trail.c.rows.is_not(None))
    options = {"yield_per": _AT_A_TIME}
    # Closed on the way out of an error too: PostgreSQL would keep the cursor.
    with tx.execute(wanted.order_by(trail.c.seq), execution_options=options) as found:
        for packed in found.scalars():
            stamps.update({(stamp.table, stamp.id): stamp for stamp in unpacked_rows(packed)})
    return stamps


def erased(tx: Connection, vault: VaultId | None) -> int:
    """How many entries have lost their content. No flaw, but `trail verify` says it: whoever
    writes to the database can erase, though not unseen.
    """
    wanted = select(func.count()).where(trail.c.payload_ct.is_(None))
    if vault is not None:
        wanted = wanted.where(trail.c.vault_id == vault)
    return tx.execute(wanted).scalar_one()


def _actor_keys(
    tx: Connection, keys: TrailKeys, people: Collection[PersonId]
) -> dict[PersonId, ActorKey]:
    if not people:
        return {}
    wanted = select(trail_actor.c.person_id, trail_actor.c.key_ct)
    found = tx.execute(wanted.where(trail_actor.c.person_id.in_(people)))
    return {PersonId(one): keys.open_actor_key(PersonId(one), sealed) for one, sealed in found}


def _opened(
    keys: TrailKeys, vault: VaultId, row: Mapping[str, Any], actors: Mapping[PersonId, ActorKey]
) -> Draft:
    """What opens of an entry. One altered part hides neither the other nor other entries, and
    nobody is named whose own part does not open; `trail verify` says which entry it is.
    """
    person, actor = row["actor_id"], Actor()
    try:
        payload = _payload(keys, vault, row)
    except Damaged:
        sound(Alarm.ROW_DAMAGED, table=trail.name, vault=vault.hex(), seq=row["seq"])
        return Draft(vault, Payload(DAMAGED), None, actor)
    if person is not None:
        try:
            actor = _actor(vault, row, actors)
        except Damaged:
            sound(Alarm.ROW_DAMAGED, table=trail.name, vault=vault.hex(), seq=row["seq"])
            payload = replace(payload, details={**payload.details, DAMAGED: "actor"})
            person = None
    return Draft(vault, payload, person, actor)


def _payload(keys: TrailKeys, vault: VaultId, row: Mapping[str, Any]) -> Payload:
    if row["payload_ct"] is None:
        return Payload(ERASED)
    return Payload.decode(keys.open_payload(vault, row["seq"], row["payload_ct"]))


def _actor(vault: VaultId, row: Mapping[str, Any], actors: Mapping[PersonId, ActorKey]) -> Actor:
    key = actors.get(row["actor_id"])
    if key is None or row["actor_ct"] is None:
        raise Damaged("an actor without their own part of an entry")
    return Actor.decode(key.open(vault, row["seq"], row["actor_ct"]))


def _shown(seq: int, at: int, draft: Draft, *, full: bool) -> TrailEntry:
    payload, actor = draft.payload, draft.actor
    first = at if payload.first is None else payload.first
    last = first if payload.last is None else payload.last
    more = {"last": from_us(last).isoformat()} if last != first else {}
    more |= {name: text for name, text in actor.fields().items() if full or name in _FOR_ALL}
    return TrailEntry(
        seq=seq,
        at=from_us(first),
        what=payload.what,
        who=draft.person,
        who_login="",
        node=payload.node,
        path=payload.path,
        reason=payload.reason,
        count=payload.count,
        details={**payload.details, **{name: text for name, text in more.items() if text}},
    )


def _people_in(details: Mapping[str, str]) -> Iterable[PersonId]:
    return (PersonId(bytes.fromhex(details[key])) for key in PERSON_DETAILS & set(details))


def _named(entry: TrailEntry, known: Mapping[PersonId, str]) -> TrailEntry:
    people = {
        key: known.get(PersonId(bytes.fromhex(entry.details[key])), "")
        for key in PERSON_DETAILS & set(entry.details)
    }
    login = "" if entry.who is None else known.get(entry.who, "")
    return replace(entry, who_login=login, details={**entry.details, **people})
