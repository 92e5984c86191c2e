"""Argon2id, one computation at a time per process (RFC 9106; OWASP's parameters).

A hash needs 19 MiB and some 20 ms of a core. Forty threads that compute one each would take the
machine away from everybody whose sign-in needs no hash at all.
"""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from davserver.domain.errors import Unavailable
from davserver.domain.ids import Entropy
from davserver.domain.secret import Secret

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
HASH_BYTES = 32
SALT_BYTES = 16

_CURRENT = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"


def hash_password(secret: Secret, entropy: Entropy) -> str:
    """A PHC string: it carries its own parameters, so that they can be raised later."""
    made = Argon2id(
        salt=entropy(SALT_BYTES),
        length=HASH_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )
    return made.derive_phc_encoded(secret.reveal())


def nobodys_hash(entropy: Entropy) -> str:
    """What no password fits, and what costs as much to try as any other hash. It is made up, not
    computed: every process needs one as it starts, each command too.
    """
    salt, made = (_base64(entropy(length)) for length in (SALT_BYTES, HASH_BYTES))
    return f"{_CURRENT}{salt}${made}"


def is_password(phc: str, secret: Secret) -> bool:
    """Compares in constant time. False too when `phc` is no Argon2id string."""
    try:
        Argon2id.verify_phc_encoded(secret.reveal(), phc)
    except InvalidKey:
        return False
    return True


def is_outdated(phc: str) -> bool:
    """Whether other parameters made it than those in use now: then hash again at sign-in."""
    return not phc.startswith(_CURRENT)


def _base64(raw: bytes) -> str:
    """Without padding, as PHC strings have it."""
    return b64encode(raw).rstrip(b"=").decode("ascii")


class HashingTurn:
    """Lets one thread at a time compute a hash; the others wait, but not for ever."""

    def __init__(self, patience: float = 5.0) -> None:
        self._turn = threading.Lock()
        self._patience = patience

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises Unavailable after `patience` seconds, because clients give up by themselves."""
        if not self._turn.acquire(timeout=self._patience):
            raise Unavailable("too many people are signing in at this moment", seconds=2)
        try:
            yield
        finally:
            self._turn.release()
