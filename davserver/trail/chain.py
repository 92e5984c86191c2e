"""Appending: sealed entries, each tied to the one before it by a keyed link (crypto-review A3, A9).

Three statements, however many entries: read the heads and actors' keys, move the heads, add the
entries. The head moves first: on PostgreSQL two writers then meet at its row, where the second one
is told to run again, and not at the entries' key.
"""

import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, literal, select, union_all

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import trail, trail_actor, trail_head
from davserver.db.upserts import PerDialect
from davserver.domain.errors import Damaged
from davserver.domain.ids import Entropy, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.sealing.keys import new_key
from davserver.sealing.trail import FIRST_LINK, ActorKey, TrailKeys, entry_hash
from davserver.trail.entry import Actor, Payload

_ACTOR = -1
"""Stands where a head has its number: marks the rows of the other table in one result."""


@lean(frozen=True, slots=True)
class Draft:
    """An entry that has no number yet. `rows` is packed; `person` None: nobody in particular."""

    vault: VaultId
    payload: Payload
    person: PersonId | None
    actor: Actor
    rows: bytes | None = None


@lean(frozen=True, slots=True)
class Head:
    """The last entry of a chain."""

    seq: int
    link: bytes


_NO_ENTRY = Head(0, FIRST_LINK)


class Chain:
    """Heads and keys are read each time, so that any process may append."""

    def __init__(self, keys: TrailKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy
        self._actors = _OpenedKeys(keys)

    def append(self, tx: Connection, drafts: Sequence[Draft], now: datetime) -> list[int]:
        """The numbers of the new entries. Raises Damaged when a chain's head is not genuine or its
        entries do not end where it says: nothing is done that could not be recorded.
        """
        people = {draft.person for draft in drafts if draft.person is not None}
        heads, actors = self._state(tx, {draft.vault for draft in drafts}, people, now)
        new = people - actors.keys()
        if new:
            self._add_actors(tx, actors, new, now)
        rows, numbers, at = [], [], to_us(now)
        for draft in drafts:
            before = heads.get(draft.vault, _NO_ENTRY)
            row = self._row(draft, before, actors, at)
            heads[draft.vault] = Head(row["seq"], row["link"])
            rows.append(row)
            numbers.append(row["seq"])
        self._move(tx, heads)
        _NEW_ENTRY.must_add(tx, rows, _goes_on)
        return numbers

    def _state(
        self,
        tx: Connection,
        vaults: Collection[VaultId],
        people: Collection[PersonId],
        now: datetime,
    ) -> tuple[dict[VaultId, Head], dict[PersonId, ActorKey]]:
        heads, actors = {}, {}
        for key, seq, value, mac in _rows_of(tx, vaults, people):
            if seq == _ACTOR:
                person = PersonId(key)
                actors[person] = self._actors.opened(person, value, now)
            else:
                vault = VaultId(key)
                heads[vault] = genuine_head(self._keys, vault, seq, value, mac)
        return heads, actors

    def _add_actors(
        self,
        tx: Connection,
        actors: dict[PersonId, ActorKey],
        new: Collection[PersonId],
        now: datetime,
    ) -> None:
        rows = []
        for person in sorted(new):
            sealed = self._keys.seal_actor_key(person, new_key(self._entropy))
            actors[person] = self._keys.open_actor_key(person, sealed)
            rows.append({"person_id": person, "key_ct": sealed, "created": to_us(now)})
        tx.execute(_NEW_ACTOR[tx.dialect.name], rows)

    def _row(
        self, draft: Draft, before: Head, actors: Mapping[PersonId, ActorKey], at: int
    ) -> dict[str, Any]:
        vault, seq, person = draft.vault, before.seq + 1, draft.person
        payload = self._keys.seal_payload(vault, seq, draft.payload.encode())
        actor = None
        if person is not None:
            actor = actors[person].seal(vault, seq, draft.actor.encode())
        row: dict[str, Any] = {
            "vault_id": vault,
            "seq": seq,
            "at": at,
            "prev": before.link,
            "payload_hash": entry_hash((payload,)),
            "actor_hash": entry_hash((person, actor)),
            "rows": draft.rows,
            "payload_ct": payload,
            "actor_id": person,
            "actor_ct": actor,
        }
        row["link"] = link_of(self._keys, row)
        return row

    def _move(self, tx: Connection, heads: Mapping[VaultId, Head]) -> None:
        # In one order, or two writers of the same two chains would wait for each other.
        rows = [
            {
                "vault_id": vault,
                "seq": head.seq,
                "head": head.link,
                "mac": self._keys.head_mac(vault, head.seq, head.link),
            }
            for vault, head in sorted(heads.items())
        ]
        _MOVED_HEAD[tx.dialect.name].run_for(tx, rows)


class _OpenedKeys:
    """Actors' keys as they were opened from their rows a moment ago: to open one and derive from it
    takes as long as all else that an entry needs. A key counts only while its row says the very
    same; none is kept much longer than a minute, so that what was erased is soon nowhere.
    """

    def __init__(self, keys: TrailKeys) -> None:
        self._keys = keys
        self._opened: dict[tuple[PersonId, bytes], ActorKey] = {}
        self._since = _LONG_AGO

    def opened(self, person: PersonId, sealed: bytes, now: datetime) -> ActorKey:
        """Raises Damaged."""
        if len(self._opened) >= _MOST_OPENED or not self._since <= now < self._since + _KEPT:
            self._opened, self._since = {}, now
        found = self._opened.get((person, sealed))
        if found is None:
            found = self._opened[person, sealed] = self._keys.open_actor_key(person, sealed)
        return found


_KEPT = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_OPENED = 256


def link_of(keys: TrailKeys, row: Mapping[str, Any]) -> bytes:
    """What ties an entry to `prev`: over hashes, so that each part of it can be erased."""
    proof = entry_hash((row["at"], row["rows"], row["payload_hash"], row["actor_hash"]))
    return keys.link(row["prev"], row["vault_id"], row["seq"], proof)


def genuine_head(keys: TrailKeys, vault: VaultId, seq: int, link: bytes, mac: bytes) -> Head:
    """Raises Damaged when the row was not written by us."""
    if not hmac.compare_digest(keys.head_mac(vault, seq, link), mac):
        raise Damaged("the head of a trail is not genuine: see `abri trail verify`")
    return Head(seq, link)


def _rows_of(
    tx: Connection, vaults: Collection[VaultId], people: Collection[PersonId]
) -> list[tuple[bytes, int, bytes, bytes]]:
    if len(vaults) == 1 == len(people):
        asked = {"vault": next(iter(vaults)), "person": next(iter(people))}
        return _STATE_OF_ONE.tuples(tx, asked)
    several = {"vaults": list(vaults), "people": list(people)}
    return [(r[0], r[1], r[2], r[3]) for r in tx.execute(_STATE, several)]


def _goes_on() -> Damaged:
    # The head was moved first, so this cannot be another writer: rows lie beyond the head.
    return Damaged("a trail goes on behind its head: see `abri trail verify`")


def _state() -> Any:
    """Heads and actors' keys in one result."""
    heads = select(trail_head.c.vault_id, trail_head.c.seq, trail_head.c.head, trail_head.c.mac)
    key = trail_actor.c.key_ct
    actors = select(trail_actor.c.person_id, literal(_ACTOR), key, key)
    return union_all(
        heads.where(trail_head.c.vault_id.in_(bindparam("vaults", expanding=True))),
        actors.where(trail_actor.c.person_id.in_(bindparam("people", expanding=True))),
    )


def _state_of_one() -> Prepared:
    """The same for one vault and one person, as nearly all entries need it."""
    heads = select(trail_head.c.vault_id, trail_head.c.seq, trail_head.c.head, trail_head.c.mac)
    key = trail_actor.c.key_ct
    actors = select(trail_actor.c.person_id, literal(_ACTOR), key, key.label("mac"))
    return Prepared(
        union_all(
            heads.where(trail_head.c.vault_id == bindparam("vault")),
            actors.where(trail_actor.c.person_id == bindparam("person")),
        )
    )


def _new_actor(insert: Any) -> Any:
    return insert(trail_actor).on_conflict_do_nothing(index_elements=["person_id"])


def _moved_head(insert: Any) -> Prepared:
    new = insert(trail_head)
    changed = {name: new.excluded[name] for name in ("seq", "head", "mac")}
    moved = new.on_conflict_do_update(index_elements=["vault_id"], set_=changed)
    return Prepared(moved, [column.name for column in trail_head.c])


# Built once: building a statement costs more than running it.
_STATE = _state()
_STATE_OF_ONE = _state_of_one()
_NEW_ENTRY = Prepared(trail.insert(), [column.name for column in trail.c])
_NEW_ACTOR = PerDialect(_new_actor)
_MOVED_HEAD = PerDialect(_moved_head)
