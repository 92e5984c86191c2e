"""One blob's content key, its commitment, and the seal of each chunk (FORMAT.md §3)."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from davserver.domain.errors import Damaged, TooLarge
from davserver.domain.ids import ID_BYTES, BlobId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.format import (
    COMMITMENT_BYTES,
    MAX_CHUNKS,
    NONCE_BYTES,
    SALT_BYTES,
    Header,
    bound_bytes,
    nonce,
)
from davserver.sealing.keys import KEY_BYTES
from davserver.sealing.labels import Purpose

AnyBytes = bytes | bytearray | memoryview
_SHA256 = SHA256()


class ChunkCipher:
    """Seals or opens the chunks of one blob in place of buffers that the caller gives."""

    __slots__ = ("_gcm", "commitment")

    def __init__(self, file_key: Secret, vault: VaultId, blob: BlobId, salt: bytes) -> None:
        if len(file_key) != KEY_BYTES or len(vault) != ID_BYTES or len(salt) != SALT_BYTES:
            raise ValueError("file key, vault id or salt has a wrong length")
        info = Purpose.CONTENT.label + b"\0" + bound_bytes(blob) + vault
        derived = HKDF(_SHA256, KEY_BYTES + COMMITMENT_BYTES, salt, info).derive(file_key.reveal())
        self._gcm = AESGCM(derived[:KEY_BYTES])
        self.commitment = derived[KEY_BYTES:]

    @classmethod
    def of(cls, file_key: Secret, vault: VaultId, header: Header) -> "ChunkCipher":
        """For reading. Raises Damaged when the header was not made with this key and vault.

        GCM alone does not commit to its key: one ciphertext can be made to open under two
        (FORMAT.md §3.3).
        """
        cipher = cls(file_key, vault, header.blob, header.salt)
        if not hmac.compare_digest(cipher.commitment, header.commitment):
            raise Damaged("a blob does not belong to this key")
        return cipher

    def seal_into(self, index: int, plain: AnyBytes, out: memoryview, *, last: bool) -> None:
        """Fills `out`, which is 16 bytes longer than `plain`."""
        self._gcm.encrypt_into(_nonce(index, last=last), plain, None, out)

    def open_only(self, sealed: AnyBytes) -> bytes:
        """The plain bytes of a blob's only chunk. Raises Damaged when the tag does not hold: then
        nothing of it was given out.
        """
        try:
            return self._gcm.decrypt(_ONLY, sealed, None)
        except InvalidTag:
            raise Damaged(_CLOSED) from None

    def open_into(self, index: int, sealed: AnyBytes, out: memoryview, *, last: bool) -> None:
        """Fills `out`. Raises Damaged, with `out` zeroed, when the tag does not hold.

        `decrypt_into` leaves what it decrypted in the buffer even when the tag is wrong.
        """
        try:
            self._gcm.decrypt_into(_nonce(index, last=last), sealed, None, out)
        except InvalidTag:
            out[:] = bytes(len(out))
            raise Damaged(_CLOSED) from None


_CLOSED = "a chunk of a blob does not open"


class BlobCipher:
    """What opens one stored blob: its key, and from the first reading on what its header makes of
    it. It may be kept for further readings, as a blob never changes. Threads may share it: at worst
    two of them make the same.
    """

    __slots__ = ("_blob", "_file_key", "_vault", "made")

    def __init__(self, file_key: Secret, vault: VaultId, blob: BlobId) -> None:
        self._file_key = file_key
        self._vault = vault
        self._blob = blob
        self.made: ChunkCipher | None = None

    def unlock(self, header: AnyBytes) -> ChunkCipher:
        """Raises Damaged, as ChunkCipher.of does."""
        decoded = Header.decode(bytes(header), self._blob)
        self.made = ChunkCipher.of(self._file_key, self._vault, decoded)
        return self.made


def _nonce(index: int, *, last: bool) -> bytes:
    if index >= MAX_CHUNKS:
        raise TooLarge("a file is larger than the blob format allows")
    made = nonce(index, last=last)
    # AESGCM takes 8 to 128 bytes without a word; any other length would leave the format.
    if len(made) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    return made


_ONLY = _nonce(0, last=True)
