"""The text of a keyring file: generations ↔ bytes, with a digest that finds damage
(FORMAT.md §7.4).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from davserver.domain.errors import Damaged
from davserver.domain.secret import Secret
from davserver.sealing.kek import Generation, GenerationState
from davserver.sealing.keys import KEY_BYTES

FIRST_LINE = "abri keyring 1"


@dataclass(frozen=True, slots=True)
class StoredGeneration:
    """A generation with its key; a destroyed one has none."""

    facts: Generation
    key: Secret | None

    def active(self) -> "StoredGeneration":
        return replace(self, facts=replace(self.facts, state=GenerationState.ACTIVE))

    def demoted(self) -> "StoredGeneration":
        if self.facts.state is not GenerationState.ACTIVE:
            return self
        return replace(self, facts=replace(self.facts, state=GenerationState.DECRYPT_ONLY))

    def destroyed(self, now: datetime) -> "StoredGeneration":
        gone = replace(self.facts, state=GenerationState.DESTROYED, destroyed=now)
        return StoredGeneration(gone, None)


def encode_keyring(stored: Sequence[StoredGeneration]) -> bytes:
    lines = [FIRST_LINE, *(_line(one) for one in stored)]
    text = "".join(line + "\n" for line in lines)
    return f"{text}sha256 {_digest(text)}\n".encode("ascii")


def decode_keyring(raw: bytes) -> tuple[StoredGeneration, ...]:
    """Raises Damaged unless `raw` is exactly what `encode_keyring` writes."""
    try:
        stored = tuple(_parsed(line) for line in _verified_lines(raw))
    except (ValueError, IndexError, KeyError, TypeError):
        raise Damaged("the keyring is damaged") from None
    active = [one for one in stored if one.facts.state is GenerationState.ACTIVE]
    if len(active) != 1 or len({one.facts.kek_id for one in stored}) != len(stored):
        raise Damaged("a keyring has one active generation, and each one once")
    return stored


def _verified_lines(raw: bytes) -> list[str]:
    *lines, seal, end = raw.decode("ascii").split("\n")
    text = "".join(line + "\n" for line in lines)
    if end or seal != f"sha256 {_digest(text)}" or lines[0] != FIRST_LINE:
        raise ValueError("digest")
    return lines[1:]


def _line(one: StoredGeneration) -> str:
    facts = one.facts
    return json.dumps(
        {
            "id": facts.kek_id,
            "state": facts.state.value,
            "created": _written(facts.created),
            "destroyed": facts.destroyed and _written(facts.destroyed),
            "key": one.key and one.key.reveal().hex(),
        }
    )


def _parsed(line: str) -> StoredGeneration:
    fields = cast("dict[str, str | None]", json.loads(line))
    state = GenerationState(str(fields["state"]))
    key = Secret(bytes.fromhex(fields["key"])) if fields["key"] else None
    if (len(key) if key else 0) != (0 if state is GenerationState.DESTROYED else KEY_BYTES):
        raise ValueError("key")
    destroyed = fields["destroyed"]
    facts = Generation(
        str(fields["id"]),
        state,
        datetime.fromisoformat(str(fields["created"])),
        datetime.fromisoformat(destroyed) if destroyed else None,
    )
    return StoredGeneration(facts, key)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()
