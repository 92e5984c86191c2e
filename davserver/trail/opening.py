"""That somebody opens a version of a document: as it is told before it is an entry of the trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from davserver.db.clock import from_us, to_us
from davserver.domain.errors import Damaged
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.trail.entry import Actor, packed, unpacked


@lean(frozen=True, slots=True)
class Opening:
    """`path` is the owner's."""

    person: PersonId
    actor: Actor
    vault: VaultId
    node: NodeId
    etag: bytes
    path: str
    grant: GrantId | None

    def detail(self, first: datetime) -> dict[str, Any]:
        """Everything that the entry will say, but for who it was."""
        return {
            "vault": self.vault.hex(),
            "node": self.node.hex(),
            "path": self.path,
            "grant": (self.grant or b"").hex(),
            "first": to_us(first),
            "actor": self.actor.fields(),
        }

    def encode(self, at: datetime) -> bytes:
        """What a journal says of it (docs/trail.md)."""
        return packed(
            {**self.detail(at), "person": self.person.hex(), "etag": self.etag.hex()},
        )


def decoded(raw: bytes) -> tuple[Opening, datetime]:
    """What `encode` gave. Raises Damaged."""
    fields = unpacked(raw)
    try:
        return _opening(fields), from_us(fields["first"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Damaged("a reading in a journal cannot be read") from None


def _opening(fields: dict[str, Any]) -> Opening:
    grant = bytes.fromhex(fields.get("grant", ""))
    return Opening(
        person=PersonId(bytes.fromhex(fields["person"])),
        actor=Actor(**fields["actor"]),
        vault=VaultId(bytes.fromhex(fields["vault"])),
        node=NodeId(bytes.fromhex(fields["node"])),
        etag=bytes.fromhex(fields["etag"]),
        path=fields.get("path", ""),
        grant=GrantId(grant) if grant else None,
    )


@dataclass(frozen=True, slots=True)
class Reads:
    """How often something was read, from `first` to `last` (both included, UTC)."""

    first: datetime
    last: datetime
    times: int = 1
