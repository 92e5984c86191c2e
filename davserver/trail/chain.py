"""Appending: sealed entries, each tied to the one before it by a keyed link (DESIGN §5.2, §5.3).

Three statements, however many entries: read the heads and actors' keys, move the heads, add the
entries; of one entry PostgreSQL does the latter in one. The head moves first: on PostgreSQL two
writers then meet at its row, where the second one is told to run again, and not at the entries'
key.
"""

import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    bindparam,
    literal,
    literal_column,
    select,
    text,
    union_all,
)

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import trail, trail_actor, trail_head
from davserver.db.upserts import PerDialect
from davserver.domain.errors import Damaged
from davserver.domain.ids import Entropy, PersonId, VaultId
from davserver.sealing.keys import new_key
from davserver.sealing.trail import FIRST_LINK, ActorKey, TrailKeys, Unsealed, entry_hash

_ACTOR = -1
"""Stands where a head has its number: marks the rows of the other table in one result."""

_NO_ENTRY = (0, FIRST_LINK)
_Head = tuple[int, bytes]
"""Number and link of a chain's last entry."""


class Chain:
    """Heads and keys are read each time, so that any process may append."""

    def __init__(self, keys: TrailKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy
        self._actors = _OpenedKeys(keys)
        self._written: dict[VaultId, tuple[int, bytes, bytes]] = {}
        """Heads, whole, as this process moved them. One that is read and is the very same needs no
        other proof; none is taken from here unread, nor does it matter whether it was undone.
        """

    def prefetch(self, tx: Connection, vault: VaultId, person: PersonId) -> None:
        """Something of theirs will be appended there by `append_one`."""
        _STATE_OF_ONE.prefetch(tx, {"vault": vault, "person": person})

    def append_one(self, tx: Connection, entry: Unsealed, now: datetime) -> int:
        """As `append`, for one: nearly all that is recorded, so that what several need is left out.
        Gives its number.
        """
        vault, person, at = entry.vault, entry.person, to_us(now)
        ((sealed, seq, link, mac),) = _STATE_OF_ONE.tuples(tx, {"vault": vault, "person": person})
        if seq is None:
            seq, link = _NO_ENTRY
        elif (seq, link, mac) != self._written.get(vault):
            genuine_head(self._keys, vault, seq, link, mac)
        if person is None:
            actor = None
        elif sealed is None:
            actor = self._new_actors(tx, (person,), at)[person]
        else:
            actor = self._actors.opened(person, sealed, at)
        row = self._keys.seal_entry(entry, actor, seq + 1, link, at)
        if tx.dialect.name == "postgresql":
            _HEAD_AND_ENTRY.must_add(tx, (row,), _goes_on)
        else:
            _MOVED_HEAD[tx.dialect.name].send(tx, row)
            _NEW_ENTRY.must_add(tx, (row,), _goes_on)
        if len(self._written) >= _MOST_WRITTEN:
            self._written = {}
        self._written[vault] = (row["seq"], row["head"], row["mac"])
        return int(row["seq"])

    def append(self, tx: Connection, entries: Sequence[Unsealed], now: datetime) -> list[int]:
        """The numbers of the new entries. Raises Damaged when a chain's head is not genuine or its
        entries do not end where it says: nothing is done that could not be recorded.
        """
        if not entries:
            return []
        rows, moved, at = [], {}, to_us(now)
        people = {entry.person for entry in entries if entry.person is not None}
        heads, actors = self._state(tx, {entry.vault for entry in entries}, people, at)
        new = people - actors.keys()
        if new:
            actors |= self._new_actors(tx, new, at)
        for entry in entries:
            vault, person = entry.vault, entry.person
            seq, link = heads.get(vault, _NO_ENTRY)
            actor = None if person is None else actors[person]
            row = self._keys.seal_entry(entry, actor, seq + 1, link, at)
            heads[vault], moved[vault] = (row["seq"], row["link"]), row
            rows.append(row)
        # In one order, or two writers of the same two chains would wait for each other.
        _MOVED_HEAD[tx.dialect.name].run_for(tx, [moved[vault] for vault in sorted(moved)])
        _NEW_ENTRY.must_add(tx, rows, _goes_on)
        return [row["seq"] for row in rows]

    def _state(
        self,
        tx: Connection,
        vaults: Collection[VaultId],
        people: Collection[PersonId],
        at: int,
    ) -> tuple[dict[VaultId, _Head], dict[PersonId, ActorKey]]:
        heads, actors = {}, {}
        for key, seq, value, mac in tx.execute(
            _STATE, {"vaults": list(vaults), "people": list(people)}
        ):
            if seq == _ACTOR:
                person = PersonId(key)
                actors[person] = self._actors.opened(person, value, at)
            else:
                vault = VaultId(key)
                heads[vault] = genuine_head(self._keys, vault, seq, value, mac)
        return heads, actors

    def _new_actors(
        self, tx: Connection, new: Collection[PersonId], at: int
    ) -> dict[PersonId, ActorKey]:
        actors, rows = {}, []
        for person in sorted(new):
            sealed = self._keys.seal_actor_key(person, new_key(self._entropy))
            actors[person] = self._keys.open_actor_key(person, sealed)
            rows.append({"person_id": person, "key_ct": sealed, "created": at})
        tx.execute(_NEW_ACTOR[tx.dialect.name], rows)
        return actors


class _OpenedKeys:
    """Actors' keys as they were opened from their rows a moment ago: to open one and derive from it
    takes as long as all else that an entry needs. A key counts only while its row says the very
    same; none is kept much longer than a minute, so that what was erased is soon nowhere.
    """

    def __init__(self, keys: TrailKeys) -> None:
        self._keys = keys
        self._opened: dict[tuple[PersonId, bytes], ActorKey] = {}
        self._since = 0

    def opened(self, person: PersonId, sealed: bytes, at: int) -> ActorKey:
        """Raises Damaged."""
        if len(self._opened) >= _MOST_OPENED or not 0 <= at - self._since < _KEPT_US:
            self._opened, self._since = {}, at
        found = self._opened.get((person, sealed))
        if found is None:
            found = self._opened[person, sealed] = self._keys.open_actor_key(person, sealed)
        return found


_KEPT_US = timedelta(minutes=1) // timedelta(microseconds=1)
_MOST_OPENED = 256
_MOST_WRITTEN = 256


def link_of(keys: TrailKeys, row: Mapping[str, Any]) -> bytes:
    """What ties an entry to `prev`: over hashes, so that each part of it can be erased."""
    proof = entry_hash((row["at"], row["rows"], row["payload_hash"], row["actor_hash"]))
    return keys.link(row["prev"], row["vault_id"], row["seq"], proof)


def genuine_head(keys: TrailKeys, vault: VaultId, seq: int, link: bytes, mac: bytes) -> _Head:
    """Raises Damaged when the row was not written by us."""
    if not hmac.compare_digest(keys.head_mac(vault, seq, link), mac):
        raise Damaged("the head of a trail is not genuine: see `abri trail verify`")
    return seq, link


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
    """The same for one vault and one person, or nobody: always one row."""
    one = select(literal_column("1")).subquery("one")
    head, actor = trail_head.c, trail_actor.c
    either = one.outerjoin(trail_head, head.vault_id == bindparam("vault")).outerjoin(
        trail_actor, actor.person_id == bindparam("person")
    )
    return Prepared(select(actor.key_ct, head.seq, head.head, head.mac).select_from(either))


def _new_actor(insert: Any) -> Any:
    return insert(trail_actor).on_conflict_do_nothing(index_elements=["person_id"])


def _moved_head(insert: Any) -> Prepared:
    new = insert(trail_head)
    changed = {name: new.excluded[name] for name in ("seq", "head", "mac")}
    moved = new.on_conflict_do_update(index_elements=["vault_id"], set_=changed)
    return Prepared(moved, [column.name for column in trail_head.c])


def _head_and_entry() -> Prepared:
    """For PostgreSQL, which a message less spares more than the statement costs."""
    numbers = {column.name for column in trail.c if isinstance(column.type, Integer)}
    names = [column.name for column in trail.c]
    given = ", ".join(f"CAST(:{one} AS BIGINT)" if one in numbers else f":{one}" for one in names)
    return Prepared(
        text(
            f"""
        WITH moved AS (
            INSERT INTO trail_head (vault_id, seq, head, mac)
            VALUES (:vault_id, CAST(:seq AS BIGINT), :head, :mac)
            ON CONFLICT (vault_id) DO UPDATE
            SET seq = excluded.seq, head = excluded.head, mac = excluded.mac RETURNING 1)
        INSERT INTO trail ({", ".join(names)}) SELECT {given} FROM moved
        """  # noqa: S608 — our own words
        )
    )


# Built once: building a statement costs more than running it.
_STATE = _state()
_STATE_OF_ONE = _state_of_one()
_NEW_ENTRY = Prepared(trail.insert(), [column.name for column in trail.c])
_NEW_ACTOR = PerDialect(_new_actor)
_MOVED_HEAD = PerDialect(_moved_head)
_HEAD_AND_ENTRY = _head_and_entry()
