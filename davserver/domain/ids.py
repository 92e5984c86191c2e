"""Identifiers: 16 random bytes each, of distinct types, so that no id is mistaken for another."""

from collections.abc import Callable
from typing import NewType

Entropy = Callable[[int], bytes]
"""Gives that many random bytes; `os.urandom` outside of tests."""

PersonId = NewType("PersonId", bytes)
StructureId = NewType("StructureId", bytes)
MembershipId = NewType("MembershipId", bytes)
CredentialId = NewType("CredentialId", bytes)
VaultId = NewType("VaultId", bytes)
SpaceId = NewType("SpaceId", bytes)
NodeId = NewType("NodeId", bytes)
BlobId = NewType("BlobId", bytes)
GrantId = NewType("GrantId", bytes)
LockId = NewType("LockId", bytes)
AffiliationId = NewType("AffiliationId", bytes)
RequestId = NewType("RequestId", bytes)
OfferId = NewType("OfferId", bytes)
SharingCodeId = NewType("SharingCodeId", bytes)
NoticeId = NewType("NoticeId", bytes)
GenerationId = NewType("GenerationId", bytes)
ProposalId = NewType("ProposalId", bytes)
SuspensionId = NewType("SuspensionId", bytes)

ID_BYTES = 16


def id_from_text(text: str) -> bytes:
    """The 16 bytes behind an id as printed by a command (32 hexadecimal digits).

    Raises ValueError when the text is anything else.
    """
    raw = bytes.fromhex(text)
    if len(raw) != ID_BYTES:
        message = f"an id has {2 * ID_BYTES} hexadecimal digits"
        raise ValueError(message)
    return raw
