"""Key-encryption keys: the protocol of their providers, and what a wrap is bound to
(FORMAT.md §7.1).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Protocol

from davserver.domain.ids import Entropy, PersonId, SpaceId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.fields import id16, u32
from davserver.sealing.labels import Purpose


class GenerationState(StrEnum):
    """`decrypt-only`: replaced, or waiting to be used."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt-only"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Generation:
    """One key of a provider. `destroyed` says when its key was thrown away (UTC)."""

    kek_id: str
    state: GenerationState
    created: datetime
    destroyed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A sealed 32-byte key, and which generation opens it."""

    kek_id: str
    sealed: bytes


class KekProvider(Protocol):
    """Wraps keys so that a stolen database opens nothing. Shared between threads."""

    def wrap(self, key: Secret, context: bytes, kek_id: str | None = None) -> Wrapped:
        """Under that generation, which the database names; None: the active one. Raises Unavailable
        when the provider cannot be reached, does not have it, or has replaced it already.
        """

    def unwrap(self, wrapped: Wrapped, context: bytes) -> Secret:
        """Raises Damaged when the wrap is not genuine for this context or its generation was
        destroyed, Unavailable when the provider does not have or cannot reach the generation.
        """

    def generations(self) -> tuple[Generation, ...]:
        """As they are now, oldest first; exactly one is active. Those after it wait to be used."""

    def add_generation(self, entropy: Entropy, now: datetime) -> Generation:
        """One that waits: it opens, and wraps only what names it. The one that waits already, if
        there is one.
        """

    def use_generation(self, kek_id: str) -> None:
        """Makes one that waits active; the one before becomes decrypt-only. Does nothing for the
        active one. Raises ValueError for any other: there is no way back.
        """

    def destroy(self, kek_id: str, now: datetime) -> None:
        """Throws a decrypt-only generation's key away, for good. Raises ValueError for another."""


@unique
class KeyPurpose(StrEnum):
    """The instance's own keys. The caller stores each, wrapped, in a row of its own."""

    ROW_MAC = "row-mac"
    DIRECTORY = "directory"
    DIRECTORY_INDEX = "directory-index"
    CREDENTIAL = "credential"
    TRAIL_SEAL = "trail-seal"
    TRAIL_MAC = "trail-mac"
    ETAG = "etag"
    SCRATCH = "scratch"


PURPOSE_CODES = {
    KeyPurpose.ROW_MAC: 1,
    KeyPurpose.DIRECTORY: 2,
    KeyPurpose.DIRECTORY_INDEX: 3,
    KeyPurpose.CREDENTIAL: 4,
    KeyPurpose.TRAIL_SEAL: 5,
    KeyPurpose.TRAIL_MAC: 6,
    KeyPurpose.ETAG: 7,
    KeyPurpose.SCRATCH: 8,
}
"""How a purpose is written into the context of its wrap. Never renumbered."""


def space_key_context(vault: VaultId, space: SpaceId, epoch: int, owner: PersonId) -> bytes:
    """What a space key's wrap is bound to: with another owner in the row it does not open."""
    place = id16(vault) + id16(space) + u32(epoch) + id16(owner)
    return Purpose.KEK_SPACE_KEY.label + b"\0" + place


def instance_key_context(purpose: KeyPurpose, generation: int = 1) -> bytes:
    """What an instance key's wrap is bound to. `generation` counts replacements of that key."""
    key = bytes((PURPOSE_CODES[purpose],)) + u32(generation)
    return Purpose.KEK_INSTANCE_KEY.label + b"\0" + key
