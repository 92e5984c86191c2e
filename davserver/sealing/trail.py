"""The keys of the trail: sealed payloads, actors that can be forgotten, MACed links
(FORMAT.md §9). A chain belongs to a vault; the instance's own chain has any fixed id.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache

from davserver.domain.ids import ID_BYTES, PersonId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.fields import UnfitRow, id16, u64
from davserver.sealing.keys import MAC_BYTES, MacKey, Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.values import Part, Value, encode_list, encode_row

FIRST_LINK = bytes(MAC_BYTES)
"""What stands for the link before a chain's first entry."""


class ActorKey:
    """Seals one person's part of entries in any vault. Erase the key's wrap, and they are gone."""

    __slots__ = ("_sealer",)

    def __init__(self, key: Secret, actor: PersonId) -> None:
        self._sealer = Sealer(key, Purpose.TRAIL_ACTOR, id16(actor))

    def seal(self, vault: VaultId, seq: int, plain: bytes) -> bytes:
        return self._sealer.seal(plain, _place(vault, seq))

    def open(self, vault: VaultId, seq: int, sealed: bytes) -> bytes:
        """Raises Damaged."""
        return self._sealer.open(sealed, _place(vault, seq))


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


@lru_cache(maxsize=64)
def _place(vault: VaultId, seq: int) -> bytes:
    """Of one entry five times: for its parts, its link and the head."""
    if type(vault) is not bytes or len(vault) != ID_BYTES:
        raise UnfitRow(f"the id of a chain has {ID_BYTES} bytes")
    return vault + u64(seq)


_UNFIT = f"links and hashes have {MAC_BYTES} bytes"
