"""The keys of the trail: sealed payloads, actors that can be forgotten, MACed links
(FORMAT.md §9). A chain belongs to a vault; the instance's own chain has any fixed id.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from davserver.domain.ids import ID_BYTES, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.secret import Secret
from davserver.sealing.fields import UnfitRow, id16, u64
from davserver.sealing.keys import MAC_BYTES, MacKey, Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.values import Part, Value, encode_list, encode_row

FIRST_LINK = bytes(MAC_BYTES)
"""What stands for the link before a chain's first entry."""


@lean(frozen=True, slots=True)
class Unsealed:
    """An entry that has no number yet, as the bytes of docs/trail.md. `rows` None: it wrote none;
    `person` None: nobody in particular, and then nothing is kept of `part`.
    """

    vault: VaultId
    payload: bytes
    person: PersonId | None
    part: bytes
    rows: bytes | None


class ActorKey:
    """Seals one person's part of entries in any vault. Erase the key's wrap, and they are gone."""

    __slots__ = ("person", "sealer")

    def __init__(self, key: Secret, actor: PersonId) -> None:
        self.sealer = Sealer(key, Purpose.TRAIL_ACTOR, id16(actor))
        self.person = actor

    def seal(self, vault: VaultId, seq: int, plain: bytes) -> bytes:
        return self.sealer.seal(plain, _place(vault, seq))

    def open(self, vault: VaultId, seq: int, sealed: bytes) -> bytes:
        """Raises Damaged."""
        return self.sealer.open(sealed, _place(vault, seq))


class TrailKeys:
    """Shared between threads. Every `open_…` raises Damaged."""

    __slots__ = ("_actor_keys", "_head", "_journal", "_link", "_payload", "_row", "_window")

    def __init__(self, seal_key: Secret, mac_key: Secret) -> None:
        self._payload = Sealer(seal_key, Purpose.TRAIL_PAYLOAD)
        self._actor_keys = Sealer(seal_key, Purpose.TRAIL_ACTOR_KEY)
        self._window = Sealer(seal_key, Purpose.TRAIL_WINDOW)
        self._journal = Sealer(seal_key, Purpose.TRAIL_JOURNAL)
        self._link = MacKey(mac_key, Purpose.TRAIL_LINK)
        self._head = MacKey(mac_key, Purpose.TRAIL_HEAD)
        self._row = MacKey(mac_key, Purpose.TRAIL_ROW)

    def seal_payload(self, vault: VaultId, seq: int, payload: bytes) -> bytes:
        return self._payload.seal(payload, _place(vault, seq))

    def seal_entry(
        self, entry: Unsealed, actor: ActorKey | None, seq: int, before: bytes, at: int
    ) -> dict[str, Any]:
        """The columns of entry `seq` after the link `before`, and those of the head that it makes.
        `actor`: of the entry's person. `before`: of a head that is genuine.

        Every change makes one while all others wait: so `seal_payload`, `entry_hash`, `link` and
        `head_mac` stand here once more without their functions, for the columns of an entry alone.
        """
        place, rows = _place(entry.vault, seq), entry.rows
        payload = self._payload.seal(entry.payload, place)
        payload_hash = _sha256(_OF_PAYLOAD + len(payload).to_bytes(4, "big") + payload).digest()
        person, part, actor_hash = None, None, _OF_NOBODY
        if actor is not None:
            person, part = actor.person, actor.sealer.seal(entry.part, place)
            sized = person + b"Y" + len(part).to_bytes(4, "big")
            actor_hash = _sha256(_OF_ACTOR + sized + part).digest()
        told = b"N" if rows is None else b"Y" + len(rows).to_bytes(4, "big") + rows
        when = at.to_bytes(8, "big", signed=True)
        whole = b"".join((_OF_WHOLE, when, told, _HASH, payload_hash, _HASH, actor_hash))
        link = self._link.mac(place + before + _sha256(whole).digest())
        return {
            "vault_id": entry.vault,
            "seq": seq,
            "at": at,
            "prev": before,
            "payload_hash": payload_hash,
            "actor_hash": actor_hash,
            "rows": rows,
            "link": link,
            "payload_ct": payload,
            "actor_id": person,
            "actor_ct": part,
            "head": link,
            "mac": self._head.mac(place + link),
        }

    def open_payload(self, vault: VaultId, seq: int, sealed: bytes) -> bytes:
        return self._payload.open(sealed, _place(vault, seq))

    def seal_actor_key(self, actor: PersonId, key: Secret) -> bytes:
        """48 bytes for the actor's row. Deleting them erases that person from every trail."""
        return self._actor_keys.seal_key(key, id16(actor))

    def open_actor_key(self, actor: PersonId, sealed: bytes) -> ActorKey:
        return ActorKey(self._actor_keys.open_key(sealed, id16(actor)), actor)

    def seal_window(self, person: PersonId, etag: bytes, detail: bytes) -> bytes:
        """What an open window of repeated reads says, until it becomes an entry."""
        return self._window.seal(detail, id16(person) + id16(etag))

    def open_window(self, person: PersonId, etag: bytes, sealed: bytes) -> bytes:
        return self._window.open(sealed, id16(person) + id16(etag))

    def seal_reading(self, journal: bytes, number: int, reading: bytes) -> bytes:
        """What a journal says of one reading, until the database knows it."""
        return self._journal.seal(reading, id16(journal) + u64(number))

    def open_reading(self, journal: bytes, number: int, sealed: bytes) -> bytes:
        return self._journal.open(sealed, id16(journal) + u64(number))

    def link(self, before: bytes, vault: VaultId, seq: int, payload_hash: bytes) -> bytes:
        """32 bytes that tie entry `seq` to the link before it (FIRST_LINK for the first).

        Keyed: a plain hash could be computed again by whoever rewrites the chain.
        """
        if type(before) is not bytes or not len(before) == len(payload_hash) == MAC_BYTES:
            raise UnfitRow(_UNFIT)
        return self._link.mac(_place(vault, seq) + before + payload_hash)

    def head_mac(self, vault: VaultId, seq: int, head: bytes) -> bytes:
        """32 bytes for the vault's row: without them a chain could be cut at its end unseen."""
        if type(head) is not bytes or len(head) != MAC_BYTES:
            raise UnfitRow(_UNFIT)
        return self._head.mac(_place(vault, seq) + head)

    def row_hash(self, table: str, columns: Mapping[str, Value]) -> bytes:
        """32 bytes that an entry keeps of the row it wrote; keyed, so that nothing can be guessed
        from it.
        """
        return self._row.mac(encode_row(table, columns))


def entry_hash(parts: Iterable[Part]) -> bytes:
    """SHA-256 over an entry's stored (sealed) columns: the `payload_hash` of its link.

    It is over what is stored, so that the chain verifies after a payload was erased, by the hash
    that the skeleton keeps.
    """
    return hashlib.sha256(_ENTRY + encode_list(parts)).digest()


_ENTRY = Purpose.TRAIL_ENTRY.label + b"\0"
_sha256 = hashlib.sha256

# What lists of an entry's columns begin with, and what stands between them: `encode_list`.
_HASH = b"Y" + MAC_BYTES.to_bytes(4, "big")
_OF_PAYLOAD = _ENTRY + (1).to_bytes(4, "big") + b"Y"
_OF_ACTOR = _ENTRY + (2).to_bytes(4, "big") + b"Y" + ID_BYTES.to_bytes(4, "big")
_OF_WHOLE = _ENTRY + (4).to_bytes(4, "big") + b"I"
_OF_NOBODY = entry_hash((None, None))


def _place(vault: VaultId, seq: int) -> bytes:
    if type(vault) is not bytes or len(vault) != ID_BYTES:
        raise UnfitRow(f"the id of a chain has {ID_BYTES} bytes")
    if type(seq) is not int or not 0 <= seq < _TOO_MANY:
        raise UnfitRow("the number of an entry does not fit in 8 bytes")
    return vault + seq.to_bytes(8, "big")


_TOO_MANY = 1 << 64
_UNFIT = f"links and hashes have {MAC_BYTES} bytes"
