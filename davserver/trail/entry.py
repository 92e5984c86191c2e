"""What an entry says, as the bytes that are sealed: its payload, its actor's part, its rows."""

import json
import struct
from collections.abc import Iterable
from dataclasses import field
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any

from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.people import Principal
from davserver.sealing.trail import Unsealed
from davserver.trail.words import INSTANCE, Event, RowStamp, Stamped

_STAMP = struct.Struct(">BBQB")


@lean(frozen=True, slots=True)
class Payload:
    """Everything but the actor. Ids in hexadecimal; `first` and `last` in microseconds, only where
    `count` repeated reads are one entry.
    """

    what: str
    node: str = ""
    path: str = ""
    grant: str = ""
    rule: str = ""
    reason: str = ""
    details: dict[str, str] = field(default_factory=dict)
    count: int = 1
    first: int | None = None
    last: int | None = None

    def encode(self) -> bytes:
        fields: dict[str, Any] = {
            "what": self.what,
            "node": self.node,
            "path": self.path,
            "grant": self.grant,
            "rule": self.rule,
            "reason": self.reason,
            "details": self.details,
        }
        if self.count != 1 or self.first is not None or self.last is not None:
            many = self.count if self.count != 1 else None
            fields |= {"count": many, "first": self.first, "last": self.last}
        return packed(fields)

    @classmethod
    def decode(cls, raw: bytes) -> "Payload":
        """Raises Damaged."""
        try:
            return cls(**unpacked(raw))
        except TypeError:
            raise Damaged("an entry of the trail has unknown fields") from None


@lean(frozen=True, slots=True)
class Actor:
    """How somebody came: sealed under their own key, so that it can be forgotten with them.
    `operator` is set where a command acted on their behalf.
    """

    strength: str = ""
    credential: str = ""
    address: str = ""
    operator: str = ""

    @classmethod
    def of(cls, who: Principal) -> "Actor":
        return cls(
            strength=who.strength._value_,
            credential=who.credential.hex() if who.credential else "",
            address=who.address or "",
            operator=who.operator or "",
        )

    def fields(self) -> dict[str, Any]:
        return {
            "strength": self.strength,
            "credential": self.credential,
            "address": self.address,
            "operator": self.operator,
        }

    def encode(self) -> bytes:
        return _packed_actor(self.strength, self.credential, self.address, self.operator)

    @classmethod
    def decode(cls, raw: bytes) -> "Actor":
        """Raises Damaged."""
        try:
            return cls(**unpacked(raw))
        except TypeError:
            raise Damaged("an actor of the trail has unknown fields") from None


@lean(frozen=True, slots=True)
class Draft:
    """An entry that has no number yet. `person` None: nobody in particular."""

    vault: VaultId
    payload: Payload
    person: PersonId | None
    actor: Actor

    def unsealed(self) -> Unsealed:
        payload, part = self.payload.encode(), self.actor.encode()
        return Unsealed(self.vault, payload, self.person, part, None)


def unsealed(event: Event) -> Unsealed:
    """The entry that says what happened."""
    vault = INSTANCE if event.vault is None else event.vault
    payload, rows, who = _packed_event(event), packed_rows(event.rows), event.who
    if who is None:
        return Unsealed(vault, payload, None, b"", rows)
    credential = who.credential.hex() if who.credential else ""
    part = _packed_actor(who.strength._value_, credential, who.address or "", who.operator or "")
    return Unsealed(vault, payload, who.id, part, rows)


def _packed_event(event: Event) -> bytes:
    """What `Payload.encode` makes of it: written out, as each change needs one and has but four or
    five fields, whose order is known. Ids need no quoting.
    """
    said, details = [], event.details
    if details:
        told = [_quoted(key) + ":" + _quoted(details[key]) for key in sorted(details)]
        said.append('"details":{' + ",".join(told) + "}")
    if event.grant:
        said.append(f'"grant":"{event.grant.hex()}"')
    if event.node:
        said.append(f'"node":"{event.node.hex()}"')
    if event.path:
        said.append('"path":' + _quoted(event.path))
    if event.reason:
        said.append('"reason":' + _quoted(event.reason._value_))
    if event.rule:
        said.append('"rule":' + _quoted(event.rule))
    said.append('"what":' + _quoted(event.what._value_))
    return ("{" + ",".join(said) + "}").encode(errors="backslashreplace")


@lru_cache(maxsize=256)
def _packed_actor(*values: str) -> bytes:
    """Once for all that somebody does by the same way: nothing else of an entry stays the same. By
    its texts, which are hashed without a function of Python.
    """
    return packed(Actor(*values).fields())


def packed(fields: dict[str, Any]) -> bytes:
    """JSON without spaces, keys in order, what is empty left out: equal fields, equal bytes."""
    kept = {name: value for name, value in fields.items() if value or value == 0}
    return _encoded(kept).encode(errors="backslashreplace")


# Made once: `json.dumps` makes one for each call that asks for anything but its own ways.
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def unpacked(raw: bytes) -> dict[str, Any]:
    """Raises Damaged."""
    try:
        fields = json.loads(raw)
    except ValueError:
        raise Damaged("an entry of the trail cannot be read") from None
    if not isinstance(fields, dict):
        raise Damaged("an entry of the trail cannot be read")
    return fields


def packed_rows(stamps: Iterable[Stamped]) -> bytes | None:
    """Row after row: lengths and version, then table, id and hash (docs/trail.md)."""
    packed = []
    for stamp in stamps:
        table, key, digest = stamp.table.encode("ascii"), stamp.id, stamp.hash
        lengths = _STAMP.pack(len(table), len(key), stamp.version, len(digest))
        packed.append(lengths + table + key + digest)
    return b"".join(packed) or None


def unpacked_rows(raw: bytes | None) -> list[RowStamp]:
    """Raises Damaged."""
    stamps, at, raw = [], 0, raw or b""
    while at < len(raw):
        try:
            name, key, version, digest = _STAMP.unpack_from(raw, at)
            table = raw[at + _STAMP.size : at + _STAMP.size + name].decode("ascii")
        except (struct.error, UnicodeDecodeError, TypeError):
            raise Damaged("the rows of an entry of the trail cannot be read") from None
        id_at = at + _STAMP.size + name
        hash_at = id_at + key
        at = hash_at + digest
        stamps.append(RowStamp(table, raw[id_at:hash_at], version, raw[hash_at:at]))
    if at != len(raw):
        raise Damaged("the rows of an entry of the trail cannot be read")
    return stamps
