"""Key derivation, the sealing of small things, and message authentication (FORMAT.md §2)."""

import hmac
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from davserver.domain.errors import Damaged
from davserver.domain.ids import Entropy
from davserver.domain.secret import Secret
from davserver.sealing.labels import Purpose

KEY_BYTES = 32
SIV_KEY_BYTES = 64
MAC_BYTES = 32
INDEX_BYTES = 16
MAX_COMPONENTS = 126
PAD_TO = 32
LENGTH_BYTES = 4


def new_key(entropy: Entropy) -> Secret:
    """32 fresh random bytes: a file key, space key, index key, actor key or instance key."""
    return Secret(drawn(entropy, KEY_BYTES))


def drawn(entropy: Entropy, length: int) -> bytes:
    """Exactly `length` random bytes. Raises ValueError when the source gave another number."""
    raw = entropy(length)
    if len(raw) != length:
        raise ValueError(f"the entropy source gave {len(raw)} bytes, not {length}")
    return raw


def derive(key: Secret, purpose: Purpose, context: bytes, length: int) -> bytes:
    """HKDF-SHA256 with an empty salt and `info = label ‖ 00 ‖ context` (FORMAT.md §2.3)."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    info = purpose.label + b"\0" + context
    return HKDF(SHA256(), length, b"", info).derive(key.reveal())


def app_password_verifier(secret: Secret) -> bytes:
    """The 32 bytes stored for an app password (FORMAT.md §8.1).

    No slow hash: the secret is 160 random bits, so that nobody can guess it.
    """
    info = Purpose.APP_PASSWORD_VERIFY.label + b"\0"
    return HKDF(SHA256(), MAC_BYTES, b"", info).derive(secret.reveal())


class Siv:
    """AES-256-SIV (RFC 5297). Safe to share between threads; needs no nonce."""

    __slots__ = ("_siv", "decrypt", "encrypt")

    def __init__(self, key: bytes) -> None:
        # AESSIV takes 32 and 48 bytes as well, and would silently be AES-128 or AES-192.
        if len(key) != SIV_KEY_BYTES:
            raise ValueError(f"an AES-SIV key has {SIV_KEY_BYTES} bytes, not {len(key)}")
        self._siv = AESSIV(key)
        self.decrypt = self._siv.decrypt
        self.encrypt = self._siv.encrypt

    def seal(self, plain: bytes, components: Sequence[bytes]) -> bytes:
        if len(components) > MAX_COMPONENTS:
            raise _too_many()
        return self._siv.encrypt(plain, list(components))

    def open(self, sealed: bytes, components: Sequence[bytes]) -> bytes:
        """Raises Damaged when anything of `sealed` or `components` is not as it was sealed."""
        if len(components) > MAX_COMPONENTS:
            raise _too_many()
        try:
            return self._siv.decrypt(sealed, list(components))
        except (InvalidTag, ValueError, TypeError):
            raise Damaged("a sealed value does not open") from None


class Sealer:
    """Seals small things for one purpose under a key derived for it (FORMAT.md §2.4).

    `context` (bytes) is what the thing belongs to; it opens with the same context only.
    """

    __slots__ = ("_decrypt", "_encrypt", "_label", "_siv")

    def __init__(self, key: Secret, purpose: Purpose, derived_for: bytes = b"") -> None:
        self._siv = Siv(derive(key, purpose, derived_for, SIV_KEY_BYTES))
        # Thousands of names are opened for one listing, and a change seals four times: not through
        # `Siv`, as two components are never too many.
        self._decrypt, self._encrypt = self._siv.decrypt, self._siv.encrypt
        self._label = purpose.label

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """`plain` padded to a class of 32 bytes, so that lengths of names do not show: length
        (4 bytes) ‖ plain ‖ zeros up to a multiple of 32 (FORMAT.md §2.4).
        """
        framed = len(plain).to_bytes(LENGTH_BYTES, "big") + plain
        return self._encrypt(framed + bytes(-len(framed) % PAD_TO), [self._label, context])

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises Damaged."""
        try:
            framed = self._decrypt(sealed, [self._label, context])
        except (InvalidTag, ValueError, TypeError):
            raise Damaged("a sealed value does not open") from None
        return unpadded(framed)

    def seal_key(self, key: Secret, context: bytes) -> bytes:
        """48 bytes; keys have one length, hence no padding."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        return self._siv.seal(key.reveal(), (self._label, context))

    def open_key(self, sealed: bytes, context: bytes) -> Secret:
        """Raises Damaged."""
        raw = self._siv.open(sealed, (self._label, context))
        if len(raw) != KEY_BYTES:
            raise Damaged("a sealed key has a wrong length")
        return Secret(raw)


class MacKey:
    """HMAC-SHA256 for one purpose under a key derived for it (FORMAT.md §2.5)."""

    __slots__ = ("_keyed",)

    def __init__(self, key: Secret, purpose: Purpose, derived_for: bytes = b"") -> None:
        # A keyed object that is copied for each message: a third of what keying anew takes, and
        # half of what Python's own `hmac` takes to copy one.
        self._keyed = HMAC(derive(key, purpose, derived_for, KEY_BYTES), SHA256())

    def mac(self, message: bytes) -> bytes:
        """32 bytes."""
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.finalize()

    def index(self, message: bytes) -> bytes:
        """The first 16 bytes: enough for a look-up, where the row itself is authenticated."""
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.finalize()[:INDEX_BYTES]

    def matches(self, message: bytes, mac: bytes) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(self.mac(message), mac)


def unpadded(framed: bytes) -> bytes:
    """Raises Damaged unless `framed` is exactly what `Sealer.seal` makes of something."""
    try:
        end = LENGTH_BYTES + _LENGTH(framed)[0]
    except struct.error:
        raise Damaged("a sealed value is padded wrongly") from None
    if framed[end:] != _PADS[-end % PAD_TO] or end > len(framed):
        raise Damaged("a sealed value is padded wrongly")
    return framed[LENGTH_BYTES:end]


_LENGTH = struct.Struct(">I").unpack_from
_PADS = [bytes(length) for length in range(PAD_TO)]
"""By their length."""


def _too_many() -> ValueError:
    # RFC 5297 §2.6 allows 126; AESSIV takes more without a word.
    return ValueError(f"at most {MAX_COMPONENTS} components can be authenticated")
