"""That somebody opens a version of a document: as it is told before it is an entry of the trail."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any

from davserver.db.clock import from_us, to_us
from davserver.domain.errors import Damaged
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.trail.entry import Actor, unpacked


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

    def detail(self, first: datetime) -> bytes:
        """Everything that the entry will say, but for who it was: what a window keeps sealed."""
        return self._written(first, "", "")

    def encode(self, at: datetime) -> bytes:
        """What a journal says of it (docs/trail.md)."""
        etag, person = self.etag.hex(), self.person.hex()
        return self._written(at, f'"etag":"{etag}",', f'"person":"{person}",')

    def _written(self, first: datetime, etag: str, person: str) -> bytes:
        """In the very bytes of `packed`: of each first reading twice."""
        actor = self.actor
        by = _actor(actor.address, actor.credential, actor.operator, actor.strength)
        grant = f'"grant":"{self.grant.hex()}",' if self.grant else ""
        path = f'"path":{_quoted(self.path)},' if self.path else ""
        return (
            f'{{"actor":{by},{etag}"first":{to_us(first)},{grant}"node":"{self.node.hex()}",'
            f'{path}{person}"vault":"{self.vault.hex()}"}}'
        ).encode(errors="backslashreplace")


@lru_cache(maxsize=256)
def _actor(address: str, credential: str, operator: str, strength: str) -> str:
    """The same for all that somebody reads by the same way."""
    return (
        f'{{"address":{_quoted(address)},"credential":{_quoted(credential)},'
        f'"operator":{_quoted(operator)},"strength":{_quoted(strength)}}}'
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
