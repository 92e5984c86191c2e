"""Digests of what is stored: they find damage without any key (FORMAT.md §3.8)."""

import hashlib
from enum import StrEnum
from typing import Protocol, assert_never

from blake3 import blake3

from davserver.sealing.chunks import AnyBytes


class DigestAlg(StrEnum):
    """The word that stands beside a stored digest."""

    SHA_256 = "sha-256"
    BLAKE3 = "blake3"


NEW_DIGEST = DigestAlg.BLAKE3
"""What is stored from now on: a quarter of the processor time of SHA-256
(docs/decisions/2026-11-27-large-files.md). Any blob keeps the one it was stored with.
"""


class Digesting(Protocol):
    """`digest()` gives the 32 bytes for all that `update` was given so far."""

    def update(self, data: AnyBytes, /) -> object: ...
    def digest(self) -> bytes: ...


def digesting(alg: DigestAlg) -> Digesting:
    """A digest begun. Other threads run while it takes in 2 KiB or more; it has none of its own."""
    match alg:
        case DigestAlg.SHA_256:
            return hashlib.sha256()
        case DigestAlg.BLAKE3:
            return blake3()
        case _:
            assert_never(alg)


def digest_alg(word: object) -> DigestAlg | None:
    """What the word of a row names: None where this version of Abri knows no such algorithm."""
    return next((alg for alg in DigestAlg if alg == word), None)


def new_digest(stored: AnyBytes) -> Digesting:
    """Begun with the first bytes, or all, of what is about to be stored."""
    return blake3(stored)
